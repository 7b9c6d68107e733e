package storetest

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/holding"
	"sluice/shared/domain/video"
	"sluice/shared/platform/require"
	"sluice/shared/platform/store"
)

// newTaskResult returns the result of task n.
func newTaskResult(n int) video.Result {
	return video.Result{
		Task: video.Task{Number: n, Kind: video.VideoTask, From: n * 50, To: n*50 + 50, Segment: n + 1}, Frames: 50,
		Tracks: []video.Track{{
			Name: "720p", Codec: "avc1.64001f", Timescale: 12800, Segments: []video.Segment{{Bytes: 9, Ticks: 25600}},
		}},
	}
}

func newTaskSet(numbers ...int) map[int]bool {
	s := map[int]bool{}
	for _, n := range numbers {
		s[n] = true
	}
	return s
}

func testSaveVideoChecksVersion(t *testing.T, s store.Store) {
	ctx, v := t.Context(), createVideo(t, s)
	next := v
	next.Version, next.State = v.Version+1, video.Uploaded
	require.NoError(t, s.SaveVideo(ctx, next, testEntry))
	requireVideo(t, s, next)

	for _, tt := range []struct {
		name    string
		version int64
	}{
		{"the same again", next.Version},
		{"older", next.Version - 1},
		{"one left out", next.Version + 2},
	} {
		stale := next
		stale.Version, stale.Trace = tt.version, tt.name
		require.Error(t, s.SaveVideo(ctx, stale, testEntry), errs.Conflict, "version_stale")
	}
	requireVideo(t, s, next)

	absent, _ := newVideoAndUpload(v.Tenant)
	require.Error(t, s.SaveVideo(ctx, absent, testEntry), errs.Conflict, "")
}

func testSaveVideoKeepsFinishedTasks(t *testing.T, s store.Store) {
	v := createVideo(t, s)
	require.Succeeds(t)(s.FinishTasks(t.Context(), v.Tenant, v.ID, manyTasks, newEncodeDone(newTaskResult(3))))
	v.Version, v.Done = v.Version+1, newTaskSet(9)
	require.NoError(t, s.SaveVideo(t.Context(), v, testEntry))
	v.Done = newTaskSet(3)
	requireVideo(t, s, v)
}

func testOneConcurrentSaveWins(t *testing.T, s store.Store) {
	v := createVideo(t, s)
	failures := require.RunConcurrently(8, func(i int) error {
		next := v
		next.Version, next.Trace = v.Version+1, strings.Repeat("x", i)
		err := s.SaveVideo(t.Context(), next, testEntry)
		for errs.KindOf(err) == errs.Transient { // the transactions conflicted: none has won yet
			err = s.SaveVideo(t.Context(), next, testEntry)
		}
		return err
	})
	winner := -1
	for i, err := range failures {
		switch {
		case err != nil:
			require.Error(t, err, errs.Conflict, "")
		case winner >= 0:
			t.Fatalf("both %d and %d have saved", winner, i)
		default:
			winner = i
		}
	}
	v.Version, v.Trace = v.Version+1, strings.Repeat("x", max(winner, 0))
	requireVideo(t, s, v)
}

// testFinishTaskGrowsSet has task numbers on both sides of page borders.
func testFinishTaskGrowsSet(t *testing.T, s store.Store) {
	v := createVideo(t, s)
	seen := newTaskSet()
	for _, n := range []int{1, 255, 256, 0, 511, 512, 99999} {
		require.Returns(t, seen)(s.FinishTasks(t.Context(), v.Tenant, v.ID, manyTasks, newEncodeDone(newTaskResult(n))))
		seen[n] = true
		require.Returns(t, seen)(s.LoadFinishedTasks(t.Context(), v.Tenant, v.ID))
	}
	v.Done = seen
	requireVideo(t, s, v)

	for _, n := range []int{-1, 100000} {
		done := newEncodeDone(newTaskResult(n))
		require.Fails(t, errs.Invalid, "")(s.FinishTasks(t.Context(), v.Tenant, v.ID, manyTasks, done))
	}
	requireVideo(t, s, v)
}

func testFinishTaskIsIdempotent(t *testing.T, s store.Store) {
	v := createVideo(t, s)
	before := newTaskSet()
	for range 3 {
		for _, tasks := range []int{manyTasks, 5} {
			done := newEncodeDone(newTaskResult(4))
			require.Returns(t, before)(s.FinishTasks(t.Context(), v.Tenant, v.ID, tasks, done))
			before = newTaskSet(4)
		}
	}
	require.Returns(t, []video.Result{newTaskResult(4)})(s.ListTaskResults(t.Context(), v.Tenant, v.ID))
}

func testOneFinishTaskSeesFullSet(t *testing.T, s store.Store) {
	v := createVideo(t, s)
	const n = 8
	sizes := make([]int, n)
	failures := require.RunConcurrently(n, func(i int) error {
		before, err := s.FinishTasks(t.Context(), v.Tenant, v.ID, manyTasks, newEncodeDone(newTaskResult(252+i)))
		sizes[i] = len(before) + 1
		return err
	})
	require.NoError(t, errors.Join(failures...))
	require.Equal(t, slices.Max(sizes), n)
}

// testTasksOfOnePageAreFinishedTogether finishes tasks of a video that has so few that its set is one row.
func testTasksOfOnePageAreFinishedTogether(t *testing.T, s store.Store) {
	v := createVideo(t, s)
	first, second := newEncodeDone(newTaskResult(2)), newEncodeDone(newTaskResult(0))
	require.Returns(t, newTaskSet())(s.FinishTasks(t.Context(), v.Tenant, v.ID, 4, first, second, first))
	require.Returns(t, newTaskSet(0, 2))(s.FinishTasks(t.Context(), v.Tenant, v.ID, 4, newEncodeDone(newTaskResult(3))))
	v.Done = newTaskSet(0, 2, 3)
	requireVideo(t, s, v)
	require.Returns(t, []video.Result{newTaskResult(0), newTaskResult(2), newTaskResult(3)})(
		s.ListTaskResults(t.Context(), v.Tenant, v.ID))
}

// testVideosAreLoadedTogether reads several rows in one call, of which one does not exist and one has an invalid id.
func testVideosAreLoadedTogether(t *testing.T, s store.Store) {
	first, second := createVideo(t, s), createVideo(t, s)
	require.Succeeds(t)(s.FinishTasks(t.Context(), first.Tenant, first.ID, 4, newEncodeDone(newTaskResult(2))))
	firstRef := video.Ref{Tenant: first.Tenant, ID: first.ID}
	secondRef := video.Ref{Tenant: second.Tenant, ID: second.ID}
	got, err := s.LoadVideos(t.Context(), firstRef, secondRef, video.Ref{Tenant: first.Tenant, ID: "vid_none"},
		video.Ref{Tenant: "a#b", ID: "c"})
	require.NoError(t, err)
	first.Done, second.Done = nil, nil
	first.Reserved, second.Reserved = holding.Of(first), holding.Of(second)
	require.Equal(t, got, map[video.Ref]video.Video{firstRef: first, secondRef: second})
	require.Returns(t, map[video.Ref]video.Video{})(s.LoadVideos(t.Context()))
}

// testSaveVideoSkipsVersions saves a video with two entries of its timeline at once.
func testSaveVideoSkipsVersions(t *testing.T, s store.Store) {
	v := createVideo(t, s)
	v.Version += 2
	entries := []video.TimelineEntry{
		{Version: v.Version - 1, At: created, State: v.State, Cause: "first"},
		{Version: v.Version, At: created, State: v.State, Cause: "second"},
	}
	require.NoError(t, s.SaveVideo(t.Context(), v, entries...))
	requireVideo(t, s, v)
	require.Error(t, s.SaveVideo(t.Context(), v, entries...), errs.Conflict, "version_stale")
	got, err := s.LoadTimeline(t.Context(), v.Tenant, v.ID)
	require.NoError(t, err)
	require.Equal(t, got[len(got)-2:], entries)
}

func testTaskResultsAreInOrder(t *testing.T, s store.Store) {
	v := createVideo(t, s)
	for _, n := range []int{1000, 2, 10, 0} {
		require.Succeeds(t)(s.FinishTasks(t.Context(), v.Tenant, v.ID, manyTasks, newEncodeDone(newTaskResult(n))))
	}
	require.Returns(
		t, []video.Result{newTaskResult(0), newTaskResult(2), newTaskResult(10), newTaskResult(1000)},
	)(s.ListTaskResults(t.Context(), v.Tenant, v.ID))
}

// testLargeTaskResultsAreAllRead reads more than the megabyte that DynamoDB returns in one call.
func testLargeTaskResultsAreAllRead(t *testing.T, s store.Store) {
	v := createVideo(t, s)
	var all []video.Result
	for n := range 12 {
		r := newTaskResult(n)
		r.Tracks[0].InitHash = strings.Repeat("0", 100_000)
		all = append(all, r)
		require.Succeeds(t)(s.FinishTasks(t.Context(), v.Tenant, v.ID, manyTasks, newEncodeDone(r)))
	}
	require.Returns(t, all)(s.ListTaskResults(t.Context(), v.Tenant, v.ID))
}

func testAnyTaskResultRoundTrips(t *testing.T, s store.Store) {
	tasks := AnyValue[video.EncodeDone]()
	rapid.Check(t, func(rt *rapid.T) {
		id, done := uniqueID(), tasks.Draw(rt, "task")
		done.Result.Task.Number = rapid.IntRange(0, 99_999).Draw(rt, "number")
		require.Succeeds(rt)(s.FinishTasks(t.Context(), id, id, manyTasks, done))
		require.Returns(rt, []video.Result{done.Result})(s.ListTaskResults(t.Context(), id, id))
		entries, err := s.LoadTimeline(t.Context(), id, id)
		require.NoError(rt, err)
		want := video.NewTaskEntry(done)
		want.State = video.Processing
		require.Equal(rt, entries, []video.TimelineEntry{want})
	})
}

// testRandomStepsFollowModel compares the store with a model: a version and a set.
func testRandomStepsFollowModel(t *testing.T, s store.Store) {
	ctx := t.Context()
	rapid.Check(t, func(rt *rapid.T) {
		v := createVideo(rt, s)
		v.Done = newTaskSet()
		rt.Repeat(map[string]func(*rapid.T){
			"save": func(rt *rapid.T) {
				next := v
				next.Version += int64(rapid.IntRange(-1, 2).Draw(rt, "step"))
				next.Trace = rapid.String().Draw(rt, "trace")
				switch err := s.SaveVideo(ctx, next, testEntry); {
				case next.Version == v.Version+1:
					require.NoError(rt, err)
					v = next
				default:
					require.Error(rt, err, errs.Conflict, "version_stale")
				}
			},
			"finish": func(rt *rapid.T) {
				var results []video.EncodeDone
				before := v.Done
				v.Done = maps.Clone(v.Done)
				for _, n := range rapid.SliceOfN(rapid.IntRange(0, 600), 1, 5).Draw(rt, "tasks") {
					v.Done[n], results = true, append(results, newEncodeDone(newTaskResult(n)))
				}
				require.Returns(rt, before)(s.FinishTasks(ctx, v.Tenant, v.ID, manyTasks, results...))
			},
			"": func(rt *rapid.T) { requireVideo(rt, s, v) },
		})
	})
}

// manyTasks is a number of tasks for which the set of finished ones has many rows.
const manyTasks = 100_000

// newEncodeDone returns the event data of a finished task with the result r.
func newEncodeDone(r video.Result) video.EncodeDone {
	return video.EncodeDone{At: created.Add(time.Duration(r.Task.Number) * time.Second), Result: r}
}
