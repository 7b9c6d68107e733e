package publish_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// Whatever events a video gets, in any order and any number of times, its timeline has an entry for each version of the
// row, with the state of that version, and one for each finished task.
func TestPromise11_EveryChangeIsInTheTimeline(t *testing.T) {
	why := errs.Problem{Code: "x", Message: "No."}
	happens := append(allEvents(),
		video.UploadCancelled{At: noon}, video.DeleteRequested{At: noon}, video.PurgeDone{At: noon, Round: 1},
		video.PurgeDone{At: noon, Round: 2},
		video.MediaRefused{UploadedAt: noon, At: noon, Problem: why},
		video.EncodeFailed{At: noon, Task: testPlan.Tasks()[1], Problem: why},
		video.FetchFailed{At: noon, Problem: why},
	)
	rapid.Check(t, func(t *rapid.T) {
		env := newPublishEnv(t)
		states := []video.State{video.Waiting}
		for range rapid.IntRange(1, 20).Draw(t, "events") {
			before := env.readVideo(t)
			e := rapid.SampledFrom(append(happens, newDeadlinePassed(before))).Draw(t, "event")
			env.deliverEvent(t, e)
			if after := env.readVideo(t); after.Version > before.Version {
				states = append(states, after.State)
			}
		}
		checkTimeline(t, env, states)
	})
}

// newDeadlinePassed returns the event that the video's deadline has passed.
func newDeadlinePassed(v video.Video) video.Event {
	return video.DeadlinePassed{At: v.Deadline.At.Add(time.Second), State: v.State, Deadline: v.Deadline.At}
}

func checkTimeline(t *rapid.T, env *publishEnv, want []video.State) {
	entries, err := env.table.LoadTimeline(t.Context(), "acme", "vid_1")
	if err != nil {
		t.Fatal(err)
	}
	var states []video.State
	var tasks []int
	slices.SortFunc(entries, func(a, b video.TimelineEntry) int { return int(a.Version - b.Version) })
	for _, e := range entries {
		if e.Task != nil {
			tasks = append(tasks, e.Task.Number)
			continue
		}
		if states = append(states, e.State); e.Version != int64(len(states)) || e.At.IsZero() || e.Cause == "" {
			t.Fatalf("entry %d is %+v", len(states), e)
		}
	}
	if !slices.Equal(states, want) {
		t.Fatalf("states %v, want %v", states, want)
	}
	v := env.readVideo(t)
	if done := slices.Sorted(maps.Keys(v.Done)); !slices.Equal(slices.Sorted(slices.Values(tasks)), done) {
		t.Fatalf("entries of tasks %v, want %v", tasks, done)
	}
	if last := entries[len(entries)-1]; v.State == video.Failed &&
		(last.Problem == nil || last.Problem.Code != v.Problem.Code) {
		t.Fatalf("the last entry is %+v of a video that failed with %v", last, v.Problem)
	}
}
