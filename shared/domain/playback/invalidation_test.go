package playback_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/playback"
)

// newWaitingEntry returns an entry of a removed id whose copy was written some time before noon.
func newWaitingEntry(id string, ago time.Duration) playback.DenyEntry {
	return playback.DenyEntry{
		DenyRule: playback.DenyRule{Playback: id, Status: playback.Removed, Version: 3}, Revision: 2,
		Step: playback.InvalidateStep, StepSince: denyNoon.Add(-ago),
	}
}

func TestInvalidationWaitsForOthers(t *testing.T) {
	t.Parallel()
	old, young, fresh := newWaitingEntry("pa", time.Hour), newWaitingEntry("pb", 10*time.Minute),
		newWaitingEntry("pc", 10*time.Minute-1)
	other := old
	other.Step = playback.AwaitStep
	for name, tt := range map[string]struct {
		waiting []playback.DenyEntry
		want    []playback.DenyEntry
		paths   []string
	}{
		"none":            {},
		"not for an hour": {waiting: []playback.DenyEntry{newWaitingEntry("pa", time.Hour-1), young}},
		"another step":    {waiting: []playback.DenyEntry{other}},
		"those that are in force, too": {
			[]playback.DenyEntry{fresh, young, old}, []playback.DenyEntry{old, young},
			[]string{"/v/pa/*", "/p/public/pa/*", "/v/pb/*", "/p/public/pb/*"},
		},
	} {
		got, ok := playback.PlanInvalidation(tt.waiting, denyNoon)
		if d := cmp.Diff(tt.want, got.Entries) + cmp.Diff(tt.paths, got.Paths); d != "" || ok != (tt.want != nil) {
			t.Errorf("%s: %t (-want +got)\n%s", name, ok, d)
		}
	}
}

func TestInvalidationFitsLimitOfPaths(t *testing.T) {
	t.Parallel()
	var all []playback.DenyEntry
	for n := range 8 {
		all = append(all, newWaitingEntry(fmt.Sprint("p", n), time.Hour))
	}
	if seven, _ := playback.PlanInvalidation(all[:7], denyNoon); len(seven.Paths) != 14 {
		t.Errorf("seven ids have the paths %q", seven.Paths)
	}
	if eight, _ := playback.PlanInvalidation(all, denyNoon); !slices.Equal(eight.Paths, []string{"/*"}) ||
		len(eight.Entries) != 8 {
		t.Errorf("eight ids have the paths %q", eight.Paths)
	}
}

func TestInvalidationReferenceDependsOnEntries(t *testing.T) {
	t.Parallel()
	a, b := newWaitingEntry("pa", time.Hour), newWaitingEntry("pb", 2*time.Hour)
	later := a
	later.Revision++
	seen := map[string]string{}
	for name, waiting := range map[string][]playback.DenyEntry{
		"a and b": {a, b}, "a": {a}, "b": {b}, "a, later": {later}, "a, later, and b": {later, b},
	} {
		i, _ := playback.PlanInvalidation(waiting, denyNoon)
		slices.Reverse(waiting)
		again, _ := playback.PlanInvalidation(waiting, denyNoon.Add(time.Minute))
		if i.Reference == "" || i.Reference != again.Reference || seen[i.Reference] != "" {
			t.Errorf("%s: %q, then %q; it is that of %q", name, i.Reference, again.Reference, seen[i.Reference])
		}
		seen[i.Reference] = name
	}
}
