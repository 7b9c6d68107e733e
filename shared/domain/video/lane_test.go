package video_test

import (
	"testing"

	"sluice/shared/domain/video"
)

// planOfChunks returns a plan of n chunks of two frames.
func planOfChunks(n int, audio bool) video.Plan {
	p := video.Plan{Rate: video.Rate{Num: 1, Den: 1}, SegmentFrames: 1, Borders: []int{0}, Audio: audio}
	for k := range n {
		p.Borders = append(p.Borders, 2*k+2)
	}
	return p
}

func TestLaneOfTask(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		plan        video.Plan
		interactive int // how many tasks, from the first, are interactive
	}{
		{"a single chunk", planOfChunks(1, false), 1},
		{"a short video with sound", planOfChunks(15, true), 16},
		{"a short video without", planOfChunks(16, false), 16},
		{"one chunk more than short", planOfChunks(17, false), 4},
		{"one task more than short, as it has sound", planOfChunks(16, true), 5},
		{"a long video", planOfChunks(900, true), 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for i, task := range tt.plan.Tasks() {
				want := video.Bulk
				if i < tt.interactive {
					want = video.Interactive
				}
				if got := tt.plan.LaneOf(task); got != want {
					t.Errorf("task %d of %d is %s, not %s", i, tt.plan.TaskCount(), got, want)
				}
			}
		})
	}
}

func TestEncodeRequestNamesLane(t *testing.T) {
	t.Parallel()
	plan := planOfChunks(20, true)
	v := videoInState(video.Uploaded)
	_, out := video.Apply(v, video.MediaInspected{At: noon, UploadedAt: noon, ETag: "e", Plan: plan})
	asked := 0
	for _, e := range out {
		if e, ok := e.(video.EncodeRequested); ok {
			asked++
			if want := plan.LaneOf(e.Task); e.Lane != want {
				t.Errorf("task %d is asked for in %q, not %s", e.Task.Number, e.Lane, want)
			}
		}
	}
	if asked != plan.TaskCount() {
		t.Errorf("%d of %d tasks are asked for", asked, plan.TaskCount())
	}
}
