package sampletable

import (
	"cmp"
	"errors"
	"slices"

	"sluice/shared/domain/sampletable/sample"
)

// Window is what a task decodes, in presentation times of the track: from the last key frame that is shown before
// KeyBefore, to the last frame that is shown before End, and one more.
type Window struct {
	KeyBefore, End int64
}

// Range is the bytes From to To-1 of an object.
type Range = sample.Range

var errHidden = errors.New("a frame behind the end of the edit list would be shown")

// SelectSamples returns those of consecutive samples that a decoder needs for a window. A decoder takes them in this
// order, so there is no gap. It fails if the window has a frame that the edit list hides.
func (h Head) SelectSamples(all []Sample, w Window) ([]Sample, error) {
	first, last := 0, -1
	for i, s := range all {
		if s.Key && s.PTS() < w.KeyBefore {
			first = i
		}
		if s.PTS() < w.End {
			last = i
		}
	}
	last = max(last+1, first) // the frame at which the one before it ends
	used := all[first:min(last+1, len(all))]
	for len(used) > 0 && used[len(used)-1].PTS() >= h.End {
		used = used[:len(used)-1]
	}
	if len(used) == 0 || slices.ContainsFunc(used, func(s Sample) bool { return s.PTS() >= h.End }) {
		return nil, errHidden
	}
	return used, nil
}

// placement says where bytes of the source are in a file that holds only some ranges of it, one behind the other.
type placement struct {
	ranges []Range // sorted and disjoint
	starts []int64 // where each begins
	size   int64
}

func newPlacement(ranges []Range, at int64) placement {
	p := placement{ranges: ranges}
	for _, r := range ranges {
		p.starts = append(p.starts, at+p.size)
		p.size += r.Len()
	}
	return p
}

// find returns the position of a byte of the source. ok is false if no range has it.
func (p placement) find(offset int64) (at int64, ok bool) {
	i, found := slices.BinarySearchFunc(p.ranges, offset, func(r Range, n int64) int { return cmp.Compare(r.From, n) })
	if !found {
		i--
	}
	if i < 0 || offset > p.ranges[i].To {
		return 0, false
	}
	return p.starts[i] + offset - p.ranges[i].From, true
}
