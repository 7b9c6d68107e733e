package api

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
)

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func secondsAfterStart(seconds float64) time.Time {
	return start.Add(time.Duration(seconds * float64(time.Second)))
}

// videoInState returns a video with four tasks whose stages ended after 1, 2, 3 and 4 seconds, cut off at its state.
func videoInState(state video.State, done int) video.Video {
	v := video.Video{State: state, Times: video.Times{Created: start}, Done: map[int]bool{}}
	for n := range done {
		v.Done[n] = true
	}
	switch state {
	case video.Ready:
		v.Times.Encoded, v.Times.Ready = secondsAfterStart(3), secondsAfterStart(4)
		fallthrough
	case video.Processing, video.Playable:
		v.Times.Inspected = secondsAfterStart(2)
		v.Plan = &video.Plan{Borders: []int{0, 10, 20, 30}, SegmentFrames: 10, Audio: true}
		fallthrough
	case video.Uploaded:
		v.Times.Uploaded = secondsAfterStart(1)
	}
	return v
}

func failedVideo(v video.Video, seconds float64) video.Video {
	v.State, v.Times.Failed = video.Failed, secondsAfterStart(seconds)
	return v
}

func TestStagesAndProgressByState(t *testing.T) {
	t.Parallel()
	now := secondsAfterStart(10)
	ended := func(i int) stage {
		return stage{
			stageNames[i], stageDone, httpapi.Timestamp{Time: secondsAfterStart(float64(i))},
			httpapi.Timestamp{Time: secondsAfterStart(float64(i + 1))}, 1,
		}
	}
	waiting := func(i int) stage { return stage{Name: stageNames[i], State: stageWaiting} }
	for _, c := range []struct {
		name   string
		video  video.Video
		want   videoProgress
		stages []stage
	}{
		{"waiting", videoInState(video.Waiting, 0), videoProgress{"upload", 0, 0, 0},
			[]stage{
				{stageNames[0], stageRunning, httpapi.Timestamp{Time: start}, httpapi.Timestamp{}, 10}, waiting(1),
				waiting(2), waiting(3),
			}},
		{"uploaded", videoInState(video.Uploaded, 0), videoProgress{"inspect", 5, 0, 0},
			[]stage{
				ended(0),
				{stageNames[1], stageRunning, httpapi.Timestamp{Time: secondsAfterStart(1)}, httpapi.Timestamp{}, 9},
				waiting(2), waiting(3),
			}},
		{"planned", videoInState(video.Processing, 0), videoProgress{"encode", 10, 0, 4},
			[]stage{
				ended(0), ended(1),
				{stageNames[2], stageRunning, httpapi.Timestamp{Time: secondsAfterStart(2)}, httpapi.Timestamp{}, 8},
				waiting(3),
			}},
		{"half", videoInState(video.Processing, 2), videoProgress{"encode", 52, 2, 4},
			[]stage{
				ended(0), ended(1),
				{stageNames[2], stageRunning, httpapi.Timestamp{Time: secondsAfterStart(2)}, httpapi.Timestamp{}, 8},
				waiting(3),
			}},
		{"playable", videoInState(video.Playable, 3), videoProgress{"encode", 73, 3, 4},
			[]stage{
				ended(0), ended(1),
				{stageNames[2], stageRunning, httpapi.Timestamp{Time: secondsAfterStart(2)}, httpapi.Timestamp{}, 8},
				waiting(3),
			}},
		{"all tasks done", videoInState(video.Processing, 4), videoProgress{"publish", 95, 4, 4},
			[]stage{
				ended(0), ended(1),
				{stageNames[2], stageDone, httpapi.Timestamp{Time: secondsAfterStart(2)}, httpapi.Timestamp{}, 0},
				{stageNames[3], stageRunning, httpapi.Timestamp{}, httpapi.Timestamp{}, 0},
			}},
		{"ready", videoInState(video.Ready, 4), videoProgress{"done", 100, 4, 4},
			[]stage{ended(0), ended(1), ended(2), ended(3)}},
		{"refused", failedVideo(videoInState(video.Uploaded, 0), 1.5), videoProgress{"inspect", 5, 0, 0},
			[]stage{
				ended(0),
				{
					stageNames[1], stageFailed, httpapi.Timestamp{Time: secondsAfterStart(1)},
					httpapi.Timestamp{Time: secondsAfterStart(1.5)}, 0.5,
				},
				waiting(2), waiting(3),
			}},
		{"failed while encoding", failedVideo(videoInState(video.Processing, 1), 7), videoProgress{"encode", 31, 1, 4},
			[]stage{
				ended(0), ended(1),
				{
					stageNames[2], stageFailed, httpapi.Timestamp{Time: secondsAfterStart(2)},
					httpapi.Timestamp{Time: secondsAfterStart(7)}, 5,
				},
				waiting(3),
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, stages := computeStages(c.video, now)
			if d := cmp.Diff(c.want, p); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(c.stages, stages); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestProgressNeverDecreases also checks that the percent is 100 exactly when the video is ready.
func TestProgressNeverDecreases(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tasks := rapid.IntRange(1, 400).Draw(t, "tasks")
		plan := video.Plan{Rate: video.Rate{Num: 25, Den: 1}, Borders: make([]int, tasks+1), SegmentFrames: 1}
		history := []video.Event{
			video.UploadCompleted{At: secondsAfterStart(1)},
			video.MediaInspected{UploadedAt: secondsAfterStart(1), At: secondsAfterStart(2), ETag: "e", Plan: plan},
		}
		for _, n := range rapid.Permutation(plan.Tasks()).Draw(t, "order") {
			history = append(history, video.EncodeDone{At: secondsAfterStart(3), Result: video.Result{Task: n}})
		}
		v, last := videoInState(video.Waiting, 0), 0
		for _, e := range history {
			v, _ = video.Apply(v, e)
			p, _ := computeStages(v, secondsAfterStart(rapid.Float64Range(-5, 50).Draw(t, "now")))
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

func TestStageSecondsAreNeverNegative(t *testing.T) {
	t.Parallel()
	if _, stages := computeStages(videoInState(video.Uploaded, 0), secondsAfterStart(-3)); stages[1].Seconds != 0 {
		t.Errorf("%v seconds", stages[1].Seconds)
	}
}
