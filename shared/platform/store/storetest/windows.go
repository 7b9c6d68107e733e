package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

func windowIsKept(t *testing.T, s Store) {
	tenant := unique()
	got, err := s.Window(t.Context(), tenant, video.Bulk)
	must(t, err)
	same(t, got, video.Window{Tenant: tenant, Lane: video.Bulk})
	want := video.Window{Tenant: tenant, Lane: video.Bulk, Version: 1, More: true, Moved: created, Shares: []video.Share{
		{Turn: turn(1), Next: 3, End: 9, Since: created, Flight: map[int]string{0: "a", 2: "b"}},
		{Turn: turn(2), Next: 0, End: 1, Since: created},
	}}
	must(t, s.SaveWindow(t.Context(), want))
	windowIs(t, s, want)
	want = video.Window{Tenant: tenant, Lane: video.Bulk, Version: 2}
	must(t, s.SaveWindow(t.Context(), want))
	windowIs(t, s, want)
	got, err = s.Window(t.Context(), tenant, video.Interactive)
	must(t, err)
	same(t, got.Version, int64(0))
}

func windowIs(t tester, s Store, want video.Window) {
	t.Helper()
	got, err := s.Window(t.Context(), want.Tenant, want.Lane)
	must(t, err)
	same(t, got, want)
}

// turn returns a place in a line.
func turn(n int) video.Turn {
	return video.Turn{Planned: created.Add(time.Duration(n) * time.Nanosecond), Video: fmt.Sprint("vid_", n)}
}

func windowFollowsVersion(t *testing.T, s Store) {
	w := video.Window{Tenant: unique(), Version: 2}
	want(t, s.SaveWindow(t.Context(), w), errs.Conflict, "window_stale")
	w.Version = 1
	must(t, s.SaveWindow(t.Context(), w))
	want(t, s.SaveWindow(t.Context(), w), errs.Conflict, "window_stale")
	w.Version, w.More = 2, true
	must(t, s.SaveWindow(t.Context(), w))
	want(t, s.SaveWindow(t.Context(), video.Window{Tenant: w.Tenant, Version: 1}), errs.Conflict, "window_stale")
	windowIs(t, s, w)
	want(t, s.SaveWindow(t.Context(), video.Window{Tenant: "a#b", Version: 1}), errs.Invalid, "")
}

func oneWindowWins(t *testing.T, s Store) {
	w := video.Window{Tenant: unique(), Version: 1}
	const n = 8
	failures := make([]error, n)
	at(n, func(i int) { failures[i] = s.SaveWindow(t.Context(), w) })
	won := 0
	for _, err := range failures {
		if err == nil {
			won++
		} else if k := errs.KindOf(err); k != errs.Conflict && k != errs.Transient {
			t.Errorf("lost with %v", err)
		}
	}
	same(t, won, 1)
}

func lineIsInOrder(t *testing.T, s Store) {
	tenant, other := unique(), unique()
	for _, n := range []int{3, 1, 30, 2, 2, 200} {
		must(t, s.Wait(t.Context(), tenant, video.Bulk, turn(n)))
	}
	must(t, s.Wait(t.Context(), other, video.Bulk, turn(5)))
	must(t, s.Wait(t.Context(), tenant, video.Interactive, turn(4)))
	must(t, s.SaveWindow(t.Context(), video.Window{Tenant: tenant, Lane: video.Bulk, Version: 1}))
	lineIs(t, s, tenant, video.Turn{}, 9, 1, 2, 3, 30, 200)
	lineIs(t, s, tenant, video.Turn{}, 2, 1, 2)
	lineIs(t, s, tenant, turn(2), 2, 3, 30)
	lineIs(t, s, tenant, turn(29), 2, 30, 200)
	lineIs(t, s, tenant, turn(200), 2)
	for range 2 {
		must(t, s.Leave(t.Context(), tenant, video.Bulk, turn(1), turn(30), turn(77), turn(1)))
	}
	must(t, s.Leave(t.Context(), tenant, video.Bulk))
	lineIs(t, s, tenant, video.Turn{}, 9, 2, 3, 200)
	lineIs(t, s, other, video.Turn{}, 9, 5)
	lineIs(t, s, "a#b", video.Turn{}, 9)
	got, err := s.Waiting(t.Context(), tenant, video.Interactive, video.Turn{}, 9)
	must(t, err)
	same(t, got, []video.Turn{turn(4)})
}

func lineIs(t tester, s Store, tenant string, after video.Turn, limit int, turns ...int) {
	t.Helper()
	var want []video.Turn
	for _, n := range turns {
		want = append(want, turn(n))
	}
	got, err := s.Waiting(t.Context(), tenant, video.Bulk, after, limit)
	must(t, err)
	same(t, got, want)
}

// A line is long, and much of it leaves at once.
func longLine(t *testing.T, s Store) {
	tenant := unique()
	var all []video.Turn
	for n := range 60 {
		all = append(all, turn(1000+n))
		must(t, s.Wait(t.Context(), tenant, video.Bulk, all[n]))
	}
	must(t, s.Leave(t.Context(), tenant, video.Bulk, all[:58]...))
	lineIs(t, s, tenant, video.Turn{}, 9, 1058, 1059)
}

func turnsAreChecked(t *testing.T, s Store) {
	for _, bad := range []video.Turn{{}, {Planned: created}, {Video: "vid_1"}, {Planned: created, Video: "a#b"}} {
		want(t, s.Wait(t.Context(), unique(), video.Bulk, bad), errs.Invalid, "")
		want(t, s.Leave(t.Context(), unique(), video.Bulk, bad), errs.Invalid, "")
	}
	want(t, s.Wait(t.Context(), "a#b", video.Bulk, turn(1)), errs.Invalid, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Window(ctx, unique(), video.Bulk)
	want(t, err, errs.Transient, "")
	_, err = s.Waiting(ctx, unique(), video.Bulk, video.Turn{}, 1)
	want(t, err, errs.Transient, "")
	for _, err := range []error{s.SaveWindow(ctx, video.Window{Tenant: unique(), Version: 1}), s.Wait(ctx, unique(), video.Bulk, turn(1)), s.Leave(ctx, unique(), video.Bulk, turn(1))} {
		want(t, err, errs.Transient, "")
	}
}

func anyWindowIsKept(t *testing.T, s Store) {
	windows := Any[video.Window]()
	rapid.Check(t, func(rt *rapid.T) {
		w := windows.Draw(rt, "window")
		w.Tenant, w.Lane, w.Version = unique(), video.Interactive, 1
		must(rt, s.SaveWindow(rt.Context(), w))
		windowIs(rt, s, w)
	})
}
