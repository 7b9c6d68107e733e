package traceview

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func atOffset(d time.Duration) time.Time { return noon.Add(d) }

func TestBuildSearchRanges(t *testing.T) {
	t.Parallel()
	const half, day = 30 * time.Minute, 24 * time.Hour
	for _, row := range []struct {
		name    string
		moments []time.Time
		now     time.Time
		want    []TimeRange
	}{
		{"nothing", nil, noon, nil},
		{"once, long ago", []time.Time{noon}, atOffset(day), []TimeRange{{atOffset(-half), atOffset(half)}}},
		{"just now", []time.Time{noon}, noon, []TimeRange{{atOffset(-half), noon}}},
		{
			"a minute of work", []time.Time{noon, atOffset(time.Minute)}, atOffset(day),
			[]TimeRange{{atOffset(-half), atOffset(time.Minute + half)}},
		},
		{
			"in no order", []time.Time{atOffset(time.Minute), noon}, atOffset(day),
			[]TimeRange{{atOffset(-half), atOffset(time.Minute + half)}},
		},
		{
			"an upload of two days", []time.Time{noon, atOffset(2 * day)}, atOffset(3 * day),
			[]TimeRange{{atOffset(-half), atOffset(half)}, {atOffset(2*day - half), atOffset(2*day + half)}},
		},
		{
			"before X-Ray's memory", []time.Time{noon, atOffset(31 * day)}, atOffset(31*day + half),
			[]TimeRange{{atOffset(31*day - half), atOffset(31*day + half)}},
		},
		{"at its edge", []time.Time{noon}, atOffset(30 * day), []TimeRange{{noon, atOffset(half)}}},
		{"in the future", []time.Time{atOffset(day)}, noon, nil},
		{"now and later", []time.Time{noon, atOffset(time.Minute)}, noon, []TimeRange{{atOffset(-half), noon}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(row.want, BuildSearchRanges(row.moments, row.now)); d != "" {
				t.Errorf("windows (-want +got):\n%s", d)
			}
		})
	}
}

// The ranges satisfy the limit of X-Ray, do not overlap, and cover every moment.
func TestSearchRangesCoverAllMoments(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := atOffset(29 * 24 * time.Hour)
		var moments []time.Time
		for _, minutes := range rapid.SliceOf(rapid.IntRange(0, 29*24*60)).Draw(t, "minutes") {
			moments = append(moments, atOffset(time.Duration(minutes)*time.Minute))
		}
		all := BuildSearchRanges(moments, now)
		for i, r := range all {
			if !r.From.Before(r.To) || r.To.Sub(r.From) > maxRange || r.To.After(now) ||
				i > 0 && r.From.Before(all[i-1].To) {
				t.Fatalf("windows %v", all)
			}
		}
		for _, at := range moments {
			in := false
			for _, r := range all {
				in = in || !at.Before(r.From) && !at.After(r.To)
			}
			if !in {
				t.Fatalf("%v is in none of %v", at, all)
			}
		}
	})
}
