package sample

import (
	"cmp"
	"slices"
)

// JoinRanges returns the ranges in ascending order, those with at most gap bytes between them as one. They are
// disjoint and cover all bytes of the given ranges.
func JoinRanges(all []Range, gap int64) (joined []Range) {
	sorted := slices.SortedFunc(slices.Values(all), func(a, b Range) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	for _, r := range sorted {
		if r.Len() <= 0 {
			continue
		}
		if n := len(joined) - 1; n >= 0 && r.From <= joined[n].To+gap {
			joined[n].To = max(joined[n].To, r.To)
			continue
		}
		joined = append(joined, r)
	}
	return joined
}

// ListRanges returns the bytes of samples.
func ListRanges(samples []Sample) (all []Range) {
	for _, s := range samples {
		all = append(all, Range{From: s.Offset, To: s.Offset + int64(s.Size)})
	}
	return all
}
