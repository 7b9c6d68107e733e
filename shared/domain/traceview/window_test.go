package traceview

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func after(d time.Duration) time.Time { return noon.Add(d) }

func TestWindows(t *testing.T) {
	t.Parallel()
	const half, day = 30 * time.Minute, 24 * time.Hour
	for _, row := range []struct {
		name    string
		moments []time.Time
		now     time.Time
		want    []Window
	}{
		{"nothing", nil, noon, nil},
		{"once, long ago", []time.Time{noon}, after(day), []Window{{after(-half), after(half)}}},
		{"just now", []time.Time{noon}, noon, []Window{{after(-half), noon}}},
		{"a minute of work", []time.Time{noon, after(time.Minute)}, after(day), []Window{{after(-half), after(time.Minute + half)}}},
		{"in no order", []time.Time{after(time.Minute), noon}, after(day), []Window{{after(-half), after(time.Minute + half)}}},
		{"an upload of two days", []time.Time{noon, after(2 * day)}, after(3 * day), []Window{{after(-half), after(half)}, {after(2*day - half), after(2*day + half)}}},
		{"before X-Ray's memory", []time.Time{noon, after(31 * day)}, after(31*day + half), []Window{{after(31*day - half), after(31*day + half)}}},
		{"at its edge", []time.Time{noon}, after(30 * day), []Window{{noon, after(half)}}},
		{"in the future", []time.Time{after(day)}, noon, nil},
		{"now and later", []time.Time{noon, after(time.Minute)}, noon, []Window{{after(-half), noon}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(row.want, Windows(row.moments, row.now)); d != "" {
				t.Errorf("windows (-want +got):\n%s", d)
			}
		})
	}
}

// Whatever happened when: X-Ray takes each window, none is looked at twice, and every moment is in one.
func TestWindowsHoldAllMoments(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := after(29 * 24 * time.Hour)
		var moments []time.Time
		for _, minutes := range rapid.SliceOf(rapid.IntRange(0, 29*24*60)).Draw(t, "minutes") {
			moments = append(moments, after(time.Duration(minutes)*time.Minute))
		}
		all := Windows(moments, now)
		for i, w := range all {
			if !w.From.Before(w.To) || w.To.Sub(w.From) > widest || w.To.After(now) || i > 0 && w.From.Before(all[i-1].To) {
				t.Fatalf("windows %v", all)
			}
		}
		for _, at := range moments {
			in := false
			for _, w := range all {
				in = in || !at.Before(w.From) && !at.After(w.To)
			}
			if !in {
				t.Fatalf("%v is in none of %v", at, all)
			}
		}
	})
}
