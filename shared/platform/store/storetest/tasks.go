package storetest

import (
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// result returns what a task of that number left behind.
func result(n int) video.Result {
	return video.Result{
		Task: video.Task{Number: n, Kind: video.VideoTask, From: n * 50, To: n*50 + 50, Segment: n + 1}, Frames: 50,
		Tracks: []video.Track{{Name: "720p", Codec: "avc1.64001f", Timescale: 12800, Segments: []video.Segment{{Bytes: 9, Ticks: 25600}}}},
	}
}

func set(numbers ...int) map[int]bool {
	s := map[int]bool{}
	for _, n := range numbers {
		s[n] = true
	}
	return s
}

func saveFollowsVersion(t *testing.T, s Store) {
	ctx, v := t.Context(), create(t, s)
	next := v
	next.Version, next.State = v.Version+1, video.Uploaded
	must(t, s.Save(ctx, next, change))
	stored(t, s, next)

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
		want(t, s.Save(ctx, stale, change), errs.Conflict, "version_stale")
	}
	stored(t, s, next)

	absent, _ := sample(v.Tenant)
	want(t, s.Save(ctx, absent, change), errs.Conflict, "")
}

func saveKeepsDone(t *testing.T, s Store) {
	v := create(t, s)
	_, err := s.Finish(t.Context(), v.Tenant, v.ID, finished(result(3)))
	must(t, err)
	v.Version, v.Done = v.Version+1, set(9)
	must(t, s.Save(t.Context(), v, change))
	v.Done = set(3)
	stored(t, s, v)
}

// at runs f for 0 … n-1, all at once.
func at(n int, f func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { f(i) })
	}
	all.Wait()
}

func oneSaverWins(t *testing.T, s Store) {
	v := create(t, s)
	failures := make([]error, 8)
	at(len(failures), func(i int) {
		next := v
		next.Version, next.Trace = v.Version+1, strings.Repeat("x", i)
		failures[i] = s.Save(t.Context(), next, change)
		for errs.KindOf(failures[i]) == errs.Transient { // the rows were in each other's way: nobody has won yet
			failures[i] = s.Save(t.Context(), next, change)
		}
	})
	winner := -1
	for i, err := range failures {
		switch {
		case err != nil:
			want(t, err, errs.Conflict, "")
		case winner >= 0:
			t.Fatalf("both %d and %d have saved", winner, i)
		default:
			winner = i
		}
	}
	v.Version, v.Trace = v.Version+1, strings.Repeat("x", max(winner, 0))
	stored(t, s, v)
}

// finishGrowsSet crosses the borders of pages.
func finishGrowsSet(t *testing.T, s Store) {
	v := create(t, s)
	seen := set()
	for _, n := range []int{1, 255, 256, 0, 511, 512, 99999} {
		seen[n] = true
		got, err := s.Finish(t.Context(), v.Tenant, v.ID, finished(result(n)))
		must(t, err)
		same(t, got, seen)
	}
	v.Done = seen
	stored(t, s, v)

	for _, n := range []int{-1, 100000} {
		_, err := s.Finish(t.Context(), v.Tenant, v.ID, finished(result(n)))
		want(t, err, errs.Invalid, "")
	}
	stored(t, s, v)
}

func finishIsIdempotent(t *testing.T, s Store) {
	v := create(t, s)
	for range 3 {
		got, err := s.Finish(t.Context(), v.Tenant, v.ID, finished(result(4)))
		must(t, err)
		same(t, got, set(4))
	}
	results, err := s.Results(t.Context(), v.Tenant, v.ID)
	must(t, err)
	same(t, results, []video.Result{result(4)})
}

func someFinisherSeesAll(t *testing.T, s Store) {
	v := create(t, s)
	const n = 8
	sizes := make([]int, n)
	failures := make([]error, n)
	at(n, func(i int) {
		done, err := s.Finish(t.Context(), v.Tenant, v.ID, finished(result(252+i)))
		sizes[i], failures[i] = len(done), err
	})
	most := 0
	for i, err := range failures {
		must(t, err)
		most = max(most, sizes[i])
	}
	same(t, most, n)
}

func resultsAreInOrder(t *testing.T, s Store) {
	v := create(t, s)
	for _, n := range []int{1000, 2, 10, 0} {
		_, err := s.Finish(t.Context(), v.Tenant, v.ID, finished(result(n)))
		must(t, err)
	}
	got, err := s.Results(t.Context(), v.Tenant, v.ID)
	must(t, err)
	same(t, got, []video.Result{result(0), result(2), result(10), result(1000)})
}

// largeResults is more than the 1 MB that DynamoDB returns at once.
func largeResults(t *testing.T, s Store) {
	v := create(t, s)
	var all []video.Result
	for n := range 12 {
		r := result(n)
		r.Tracks[0].Init = strings.Repeat("0", 100_000)
		all = append(all, r)
		_, err := s.Finish(t.Context(), v.Tenant, v.ID, finished(r))
		must(t, err)
	}
	got, err := s.Results(t.Context(), v.Tenant, v.ID)
	must(t, err)
	same(t, got, all)
}

// stepsFollowModel holds the store to a version and a set.
func stepsFollowModel(t *testing.T, s Store) {
	ctx := t.Context()
	rapid.Check(t, func(rt *rapid.T) {
		v := create(rt, s)
		v.Done = set()
		rt.Repeat(map[string]func(*rapid.T){
			"save": func(rt *rapid.T) {
				next := v
				next.Version += int64(rapid.IntRange(-1, 2).Draw(rt, "step"))
				next.Trace = rapid.String().Draw(rt, "trace")
				switch err := s.Save(ctx, next, change); {
				case next.Version == v.Version+1:
					must(rt, err)
					v = next
				default:
					want(rt, err, errs.Conflict, "version_stale")
				}
			},
			"finish": func(rt *rapid.T) {
				n := rapid.IntRange(0, 600).Draw(rt, "task")
				v.Done = maps.Clone(v.Done)
				v.Done[n] = true
				got, err := s.Finish(ctx, v.Tenant, v.ID, finished(result(n)))
				must(rt, err)
				same(rt, got, v.Done)
			},
			"": func(rt *rapid.T) { stored(rt, s, v) },
		})
	})
}

// finished returns what is told of a task that left r behind.
func finished(r video.Result) video.TaskDone {
	return video.TaskDone{At: created.Add(time.Duration(r.Task.Number) * time.Second), Result: r}
}
