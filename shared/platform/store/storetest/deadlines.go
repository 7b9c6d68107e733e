package storetest

import (
	"slices"
	"testing"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

func timelineHasAll(t *testing.T, s Store) {
	v := create(t, s)
	v.Version++
	saved := video.Entry{Version: v.Version, At: created.Add(2500 * time.Millisecond), State: video.Failed, What: "encode.failed.v1", Nudges: 2, Problem: &errs.Problem{Code: "x", Message: "No."}}
	must(t, s.Save(t.Context(), v, saved))
	for _, n := range []int{3, 1, 1} {
		_, err := s.Finish(t.Context(), v.Tenant, v.ID, finished(result(n)))
		must(t, err)
	}
	got, err := s.Timeline(t.Context(), v.Tenant, v.ID)
	must(t, err)
	same(t, got, []video.Entry{
		{Version: 1, At: created, State: video.Waiting, What: "created"},
		video.TaskEntry(finished(result(1))), saved, video.TaskEntry(finished(result(3))),
	})
	for _, nobodys := range []string{unique(), ""} {
		got, err = s.Timeline(t.Context(), nobodys, v.ID)
		must(t, err)
		same(t, got, []video.Entry{})
	}
}

// The end of a task changes no row: its line has the state that the video was in.
func timelineFollowsState(t *testing.T, s Store) {
	v := create(t, s)
	v.Version++
	must(t, s.Save(t.Context(), v, video.Entry{Version: v.Version, At: created.Add(2500 * time.Millisecond), State: video.Playable, What: "encode.done.v1"}))
	for _, n := range []int{2, 3} { // after 2 s and 3 s
		_, err := s.Finish(t.Context(), v.Tenant, v.ID, finished(result(n)))
		must(t, err)
	}
	entries, err := s.Timeline(t.Context(), v.Tenant, v.ID)
	must(t, err)
	var got []video.State
	for _, e := range entries {
		got = append(got, e.State)
	}
	same(t, got, []video.State{video.Waiting, video.Processing, video.Playable, video.Playable})
}

// long ago, so that videos of other tests are not due: those that Any draws are from 1970 on.
var long = time.Date(1965, 1, 1, 0, 0, 0, 0, time.UTC)

// watched makes a video with a deadline that no other test has.
func watched(t *testing.T, s Store, deadline time.Time) video.Video {
	t.Helper()
	v, u := sample(unique())
	v.Watch.Deadline = deadline
	must(t, s.Create(t.Context(), v, u))
	return v
}

// due reports whether v is among what is due.
func due(t *testing.T, s Store, v video.Video, now time.Time) bool {
	t.Helper()
	refs, err := s.Due(t.Context(), now, 1000)
	must(t, err)
	return slices.Contains(refs, video.Ref{Tenant: v.Tenant, ID: v.ID})
}

func dueIsFound(t *testing.T, s Store) {
	v := watched(t, s, long)
	same(t, due(t, s, v, long.Add(-1)), false)
	same(t, due(t, s, v, long), true)
	v.Watch.Deadline, v.Version = long.Add(time.Hour), v.Version+1
	must(t, s.Save(t.Context(), v, change))
	same(t, due(t, s, v, long), false)
	same(t, due(t, s, v, long.Add(time.Hour)), true)
	v.Watch, v.State, v.Version = video.Watch{}, video.Failed, v.Version+1
	must(t, s.Save(t.Context(), v, change))
	same(t, due(t, s, v, long.Add(1000*time.Hour)), false)
}

func dueIsInOrder(t *testing.T, s Store) {
	early := long.Add(-365 * 24 * time.Hour)
	var want []video.Ref
	for n := range 9 {
		v := watched(t, s, early.Add(time.Duration(n)*time.Second))
		want = append(want, video.Ref{Tenant: v.Tenant, ID: v.ID})
	}
	got, err := s.Due(t.Context(), early.Add(time.Minute), 5)
	must(t, err)
	same(t, got, want[:5])
	for _, ref := range want { // for a store that is used again
		v, err := s.Video(t.Context(), ref.Tenant, ref.ID)
		must(t, err)
		v.Watch, v.Version = video.Watch{}, v.Version+1
		must(t, s.Save(t.Context(), v, change))
	}
}

func tasksAreForgotten(t *testing.T, s Store) {
	v := create(t, s)
	for n := range 60 { // more than one call deletes
		_, err := s.Finish(t.Context(), v.Tenant, v.ID, finished(result(n*10)))
		must(t, err)
	}
	for range 2 {
		must(t, s.Forget(t.Context(), v.Tenant, v.ID))
	}
	results, err := s.Results(t.Context(), v.Tenant, v.ID)
	must(t, err)
	same(t, results, []video.Result{})
	v.Done = nil
	stored(t, s, v)
	entries, err := s.Timeline(t.Context(), v.Tenant, v.ID)
	must(t, err)
	same(t, len(entries), 1)
	want(t, s.Forget(t.Context(), v.Tenant, "#"), errs.Invalid, "")
}
