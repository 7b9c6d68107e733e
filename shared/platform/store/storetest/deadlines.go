package storetest

import (
	"slices"
	"testing"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/require"
	"sluice/shared/platform/store"
)

func testTimelineHasChangesAndTasks(t *testing.T, s store.Store) {
	v := createVideo(t, s)
	v.Version++
	saved := video.TimelineEntry{
		Version: v.Version, At: created.Add(2500 * time.Millisecond), State: video.Failed, Cause: "encode.failed.v1",
		Retries: 2, Problem: &errs.Problem{Code: "x", Message: "No."},
	}
	require.NoError(t, s.SaveVideo(t.Context(), v, saved))
	for _, n := range []int{3, 1, 1} {
		require.Succeeds(t)(s.FinishTasks(t.Context(), v.Tenant, v.ID, manyTasks, newEncodeDone(newTaskResult(n))))
	}
	require.Returns(t, []video.TimelineEntry{
		{Version: 1, At: created, State: video.Waiting, Cause: "created"},
		video.NewTaskEntry(newEncodeDone(newTaskResult(1))), saved, video.NewTaskEntry(newEncodeDone(newTaskResult(3))),
	})(s.LoadTimeline(t.Context(), v.Tenant, v.ID))
	for _, nobodys := range []string{uniqueID(), ""} {
		require.Returns(t, []video.TimelineEntry{})(s.LoadTimeline(t.Context(), nobodys, v.ID))
	}
}

// testTaskEntryHasStateOfItsTime: the end of a task does not change the video's row, so its entry has the state of
// the last change before it.
func testTaskEntryHasStateOfItsTime(t *testing.T, s store.Store) {
	v := createVideo(t, s)
	v.Version++
	require.NoError(
		t,
		s.SaveVideo(t.Context(), v, video.TimelineEntry{
			Version: v.Version, At: created.Add(2500 * time.Millisecond), State: video.Playable,
			Cause: "encode.done.v1",
		}),
	)
	for _, n := range []int{2, 3} { // after 2 s and 3 s
		require.Succeeds(t)(s.FinishTasks(t.Context(), v.Tenant, v.ID, manyTasks, newEncodeDone(newTaskResult(n))))
	}
	entries, err := s.LoadTimeline(t.Context(), v.Tenant, v.ID)
	require.NoError(t, err)
	var got []video.State
	for _, e := range entries {
		got = append(got, e.State)
	}
	require.Equal(t, got, []video.State{video.Waiting, video.Processing, video.Playable, video.Playable})
}

// longAgo is before the deadlines of other tests: AnyValue draws times from 1970 on.
var longAgo = time.Date(1965, 1, 1, 0, 0, 0, 0, time.UTC)

// createVideoWithDeadline creates a video with a deadline. No other test uses its id.
func createVideoWithDeadline(t *testing.T, s store.Store, deadline time.Time) video.Video {
	t.Helper()
	v, u := newVideoAndUpload(uniqueID())
	v.Deadline.At = deadline
	require.NoError(t, s.CreateVideo(t.Context(), v, u))
	return v
}

// isOverdue reports whether v is listed as overdue at now.
func isOverdue(t *testing.T, s store.Store, v video.Video, now time.Time) bool {
	t.Helper()
	refs, err := s.ListOverdueVideos(t.Context(), now, 1000)
	require.NoError(t, err)
	return slices.Contains(refs, video.Ref{Tenant: v.Tenant, ID: v.ID})
}

func testOverdueVideosAreListed(t *testing.T, s store.Store) {
	v := createVideoWithDeadline(t, s, longAgo)
	require.Equal(t, isOverdue(t, s, v, longAgo.Add(-1)), false)
	require.Equal(t, isOverdue(t, s, v, longAgo), true)
	v.Deadline.At, v.Version = longAgo.Add(time.Hour), v.Version+1
	require.NoError(t, s.SaveVideo(t.Context(), v, testEntry))
	require.Equal(t, isOverdue(t, s, v, longAgo), false)
	require.Equal(t, isOverdue(t, s, v, longAgo.Add(time.Hour)), true)
	v.Deadline, v.State, v.Version = video.Deadline{}, video.Failed, v.Version+1
	require.NoError(t, s.SaveVideo(t.Context(), v, testEntry))
	require.Equal(t, isOverdue(t, s, v, longAgo.Add(1000*time.Hour)), false)
}

func testLongestOverdueComesFirst(t *testing.T, s store.Store) {
	early := longAgo.Add(-365 * 24 * time.Hour)
	var want []video.Ref
	for n := range 9 {
		v := createVideoWithDeadline(t, s, early.Add(time.Duration(n)*time.Second))
		want = append(want, video.Ref{Tenant: v.Tenant, ID: v.ID})
	}
	require.Returns(t, want[:5])(s.ListOverdueVideos(t.Context(), early.Add(time.Minute), 5))
	for _, ref := range want { // so that another run on the same store finds none
		v, err := s.LoadVideo(t.Context(), ref.Tenant, ref.ID)
		require.NoError(t, err)
		v.Deadline, v.Version = video.Deadline{}, v.Version+1
		require.NoError(t, s.SaveVideo(t.Context(), v, testEntry))
	}
}

func testTaskResultsAreDeleted(t *testing.T, s store.Store) {
	v := createVideo(t, s)
	for n := range 60 { // more than one call deletes
		require.Succeeds(t)(s.FinishTasks(t.Context(), v.Tenant, v.ID, manyTasks, newEncodeDone(newTaskResult(n*10))))
	}
	for range 2 {
		require.NoError(t, s.DeleteTaskResults(t.Context(), v.Tenant, v.ID))
	}
	require.Returns(t, []video.Result{})(s.ListTaskResults(t.Context(), v.Tenant, v.ID))
	v.Done = nil
	requireVideo(t, s, v)
	entries, err := s.LoadTimeline(t.Context(), v.Tenant, v.ID)
	require.NoError(t, err)
	require.Equal(t, len(entries), 1)
	require.Error(t, s.DeleteTaskResults(t.Context(), v.Tenant, "#"), errs.Invalid, "")
}
