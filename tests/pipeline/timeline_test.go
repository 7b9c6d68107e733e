package pipeline_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// Whatever happens to a video, in whatever order and however often: its timeline has a line for each version of the row,
// with the state that it came to, and one for each task that was finished.
func TestPromise11_EveryChangeIsInTheTimeline(t *testing.T) {
	why := errs.Problem{Code: "x", Message: "No."}
	happens := append(all(),
		video.UploadCancelled{At: noon}, video.DeleteRequested{At: noon}, video.SweepDone{At: noon, Round: 1}, video.SweepDone{At: noon, Round: 2},
		video.MediaRefused{UploadedAt: noon, At: noon, Problem: why}, video.TaskFailed{At: noon, Task: plan.Tasks()[1], Problem: why},
		video.FetchFailed{At: noon, Problem: why},
	)
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		states := []video.State{video.Waiting}
		for range rapid.IntRange(1, 20).Draw(t, "events") {
			before := w.row(t)
			e := rapid.SampledFrom(append(happens, passed(before))).Draw(t, "event")
			w.deliver(t, e)
			if after := w.row(t); after.Version > before.Version {
				states = append(states, after.State)
			}
		}
		timelineIs(t, w, states)
	})
}

// passed says that the video's deadline has.
func passed(v video.Video) video.Event {
	return video.DeadlinePassed{At: v.Watch.Deadline.Add(time.Second), State: v.State, Deadline: v.Watch.Deadline}
}

func timelineIs(t *rapid.T, w *world, want []video.State) {
	entries, err := w.rows.Timeline(t.Context(), "acme", "vid_1")
	if err != nil {
		t.Fatal(err)
	}
	var states []video.State
	var tasks []int
	slices.SortFunc(entries, func(a, b video.Entry) int { return int(a.Version - b.Version) })
	for _, e := range entries {
		if e.Task != nil {
			tasks = append(tasks, e.Task.Number)
			continue
		}
		if states = append(states, e.State); e.Version != int64(len(states)) || e.At.IsZero() || e.What == "" {
			t.Fatalf("line %d is %+v", len(states), e)
		}
	}
	if !slices.Equal(states, want) {
		t.Fatalf("states %v, want %v", states, want)
	}
	v := w.row(t)
	if done := slices.Sorted(maps.Keys(v.Done)); !slices.Equal(slices.Sorted(slices.Values(tasks)), done) {
		t.Fatalf("tasks %v, of which the row has %v", tasks, done)
	}
	if last := entries[len(entries)-1]; v.State == video.Failed && (last.Problem == nil || last.Problem.Code != v.Problem.Code) {
		t.Fatalf("the last line is %+v of a video that failed with %v", last, v.Problem)
	}
}
