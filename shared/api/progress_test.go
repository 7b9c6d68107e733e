package api

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/video"
)

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }

// row returns a video with four tasks whose stages ended after 1, 2, 3 and 4 seconds, cut off at its state.
func row(state video.State, done int) video.Video {
	v := video.Video{State: state, Times: video.Times{Created: start}, Done: map[int]bool{}}
	for n := range done {
		v.Done[n] = true
	}
	switch state {
	case video.Ready:
		v.Times.Encoded, v.Times.Ready = at(3), at(4)
		fallthrough
	case video.Processing, video.Playable:
		v.Times.Inspected = at(2)
		v.Plan = &video.Plan{Borders: []int{0, 10, 20, 30}, SegmentFrames: 10, Audio: true}
		fallthrough
	case video.Uploaded:
		v.Times.Uploaded = at(1)
	}
	return v
}

func failed(v video.Video, seconds float64) video.Video {
	v.State, v.Times.Failed = video.Failed, at(seconds)
	return v
}

func TestFollow(t *testing.T) {
	t.Parallel()
	now := at(10)
	ended := func(i int) stage {
		return stage{names[i], stageDone, moment{at(float64(i))}, moment{at(float64(i + 1))}, 1}
	}
	waits := func(i int) stage { return stage{Name: names[i], State: stageWaiting} }
	for _, c := range []struct {
		name   string
		video  video.Video
		want   progress
		stages []stage
	}{
		{"waiting", row(video.Waiting, 0), progress{"upload", 0, 0, 0},
			[]stage{{names[0], stageRunning, moment{start}, moment{}, 10}, waits(1), waits(2), waits(3)}},
		{"uploaded", row(video.Uploaded, 0), progress{"inspect", 5, 0, 0},
			[]stage{ended(0), {names[1], stageRunning, moment{at(1)}, moment{}, 9}, waits(2), waits(3)}},
		{"planned", row(video.Processing, 0), progress{"encode", 10, 0, 4},
			[]stage{ended(0), ended(1), {names[2], stageRunning, moment{at(2)}, moment{}, 8}, waits(3)}},
		{"half", row(video.Processing, 2), progress{"encode", 52, 2, 4},
			[]stage{ended(0), ended(1), {names[2], stageRunning, moment{at(2)}, moment{}, 8}, waits(3)}},
		{"playable", row(video.Playable, 3), progress{"encode", 73, 3, 4},
			[]stage{ended(0), ended(1), {names[2], stageRunning, moment{at(2)}, moment{}, 8}, waits(3)}},
		{"last result is in", row(video.Processing, 4), progress{"publish", 95, 4, 4},
			[]stage{ended(0), ended(1), {names[2], stageDone, moment{at(2)}, moment{}, 0}, {names[3], stageRunning, moment{}, moment{}, 0}}},
		{"ready", row(video.Ready, 4), progress{"done", 100, 4, 4},
			[]stage{ended(0), ended(1), ended(2), ended(3)}},
		{"refused", failed(row(video.Uploaded, 0), 1.5), progress{"inspect", 5, 0, 0},
			[]stage{ended(0), {names[1], stageFailed, moment{at(1)}, moment{at(1.5)}, 0.5}, waits(2), waits(3)}},
		{"failed while encoding", failed(row(video.Processing, 1), 7), progress{"encode", 31, 1, 4},
			[]stage{ended(0), ended(1), {names[2], stageFailed, moment{at(2)}, moment{at(7)}, 5}, waits(3)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, stages := follow(c.video, now)
			if d := cmp.Diff(c.want, p); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(c.stages, stages); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestProgressNeverGoesBack: along any way that a video takes, percent only grows, and is 100 at the end only.
func TestProgressNeverGoesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tasks := rapid.IntRange(1, 400).Draw(t, "tasks")
		plan := video.Plan{Rate: video.Rate{Num: 25, Den: 1}, Borders: make([]int, tasks+1), SegmentFrames: 1}
		way := []video.Event{
			video.UploadCompleted{At: at(1)},
			video.MediaInspected{UploadedAt: at(1), At: at(2), ETag: "e", Plan: plan},
		}
		for _, n := range rapid.Permutation(plan.Tasks()).Draw(t, "order") {
			way = append(way, video.TaskDone{At: at(3), Result: video.Result{Task: n}})
		}
		v, last := row(video.Waiting, 0), 0
		for _, e := range way {
			v, _ = video.Apply(v, e)
			p, _ := follow(v, at(rapid.Float64Range(-5, 50).Draw(t, "now")))
			if p.Percent < last || p.Percent == 100 != (v.State == video.Ready) {
				t.Fatalf("after %T: %+v, was %d", e, p, last)
			}
			last = p.Percent
		}
		if last != 100 {
			t.Fatalf("%d at the end", last)
		}
	})
}

func TestClocksThatDisagree(t *testing.T) {
	t.Parallel()
	if _, stages := follow(row(video.Uploaded, 0), at(-3)); stages[1].Seconds != 0 {
		t.Errorf("%v seconds", stages[1].Seconds)
	}
}
