package video_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/video"
)

// The time that a video waits in the queue does not count as encoding time.
func TestQueueTimeDoesNotLowerEncodeRate(t *testing.T) {
	t.Parallel()
	p := planOfSeconds(60, false)
	v, _ := video.Apply(videoInState(video.Uploaded), video.MediaInspected{At: noon, ETag: "e1", Plan: p})
	started := noon.Add(time.Hour)
	for n, task := range p.Tasks()[:2] {
		v, _ = video.Apply(
			v,
			video.EncodeDone{
				Started: started, At: started.Add(time.Duration(n+1) * 5 * time.Second),
				Result: video.Result{Task: task},
			},
		)
	}
	if v.State != video.Playable || !v.Times.EncodeStarted.Equal(started) {
		t.Errorf("%s, encoding started at %s", v.State, v.Times.EncodeStarted)
	}
}

// planOfSeconds returns a plan of a number of seconds, at 25 frames a second, in chunks of 8 s.
func planOfSeconds(seconds int, audio bool) video.Plan {
	p := video.Plan{Rate: video.Rate{Num: 25, Den: 1}, SegmentFrames: 50, Audio: audio}
	for at := 0; at < 25*seconds; at += 200 {
		p.Borders = append(p.Borders, at)
	}
	p.Borders = append(p.Borders, 25*seconds)
	return p
}

func TestStartFramesAndEarlyPlayback(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		plan  video.Plan
		start int
		grows bool
	}{
		{"two seconds a segment", planOfSeconds(60, true), 300, true},
		{
			"long segments", video.Plan{Rate: video.Rate{Num: 1, Den: 1}, SegmentFrames: 5, Borders: []int{0, 15, 60}},
			15, true,
		},
		{
			"a rate that is no whole number",
			video.Plan{Rate: video.Rate{Num: 30000, Den: 1001}, SegmentFrames: 60, Borders: []int{0, 240, 480, 900}},
			360, true,
		},
		{"short", planOfSeconds(10, true), 300, false},
		{
			"one chunk", video.Plan{Rate: video.Rate{Num: 25, Den: 1}, SegmentFrames: 50, Borders: []int{0, 500}}, 300,
			false,
		},
		{"the first chunk is not enough, and then it is whole", planOfSeconds(14, true), 300, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.plan.StartFrames(); got != tt.start || tt.plan.AllowsEarlyPlayback() != tt.grows {
				t.Errorf("starts at %d, grows: %t", got, tt.plan.AllowsEarlyPlayback())
			}
		})
	}
}

func TestContiguousFramesStopAtFirstGap(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		sound bool
		done  []int
		want  int
	}{
		{true, nil, 0}, {true, []int{1, 2}, 0}, {true, []int{0}, 0}, {true, []int{0, 1, 2}, 400},
		{true, []int{0, 1, 3}, 200},
		{true, []int{0, 2, 3}, 0}, {true, []int{0, 1, 2, 3}, 510}, {false, []int{0, 1}, 400}, {false, []int{1, 2}, 0},
	} {
		p := testPlan
		p.Audio = tt.sound
		v := video.Video{Plan: &p, Done: map[int]bool{}}
		for _, n := range tt.done {
			v.Done[n] = true
		}
		if got := v.ContiguousFrames(); got != tt.want {
			t.Errorf("sound %t, done %v: %d, want %d", tt.sound, tt.done, got, tt.want)
		}
	}
}

// The number of playlist updates hardly depends on the length of the video.
func TestPlaylistUpdatesAreFew(t *testing.T) {
	t.Parallel()
	for _, seconds := range []int{20, 60, 600, 7200} {
		p, steps := planOfSeconds(seconds, true), 1
		for shown := p.StartFrames(); shown < p.FrameCount(); steps++ {
			next := p.NextListedFrames(shown)
			if next <= shown {
				t.Fatalf("after %d comes %d", shown, next)
			}
			shown = next
		}
		if steps > 17 {
			t.Errorf("%d s in %d steps", seconds, steps)
		}
	}
}

func TestWouldStall(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		seconds, shown int
		speed, pause   float64 // speed in seconds of video a second; pause in seconds
		want           bool
	}{
		{60, 16, math.Inf(1), 0, false}, {60, 16, 2, 0, false}, {60, 16, 2, 7, true}, {60, 16, 1, 0, false},
		{60, 16, 0.5, 0, true},
		{60, 24, 0.5, 0, true}, {60, 40, 0.5, 0, false}, {60, 60, 0, 9, false}, {7200, 16, 2, 0, false},
		{7200, 16, 1, 0, true},
		{7200, 4000, 1, 0, false},
	} {
		if got := planOfSeconds(tt.seconds, true).WouldStall(
			25*tt.shown, video.EncodeRate{FramesPerSecond: 25 * tt.speed, PauseSeconds: tt.pause},
		); got != tt.want {
			t.Errorf(
				"%d s, %d shown, at speed %v with pauses of %v: stalls %t", tt.seconds, tt.shown, tt.speed, tt.pause,
				got,
			)
		}
	}
}

// The row has the number of listed frames, which grows in steps; a duplicate gives the same events again.
func TestListedFramesGrowAsTasksFinish(t *testing.T) {
	t.Parallel()
	p := planOfSeconds(60, true)
	v, _ := video.Apply(videoInState(video.Uploaded), video.MediaInspected{At: noon, ETag: "e1", Plan: p})
	var got []string
	for i, n := range []int{1, 0, 3, 2, 5, 4, 6, 7, 8} {
		e := video.EncodeDone{At: noon.Add(time.Duration(i+1) * time.Second), Result: video.Result{Task: p.Tasks()[n]}}
		before := v
		var out []video.Event
		v, out = video.Apply(v, e)
		again, twice := video.Apply(v, e)
		if diff := cmp.Diff(v, again) + cmp.Diff(out, twice); diff != "" {
			t.Errorf("task %d: a duplicate is something else: %s", n, diff)
		}
		if moved := v.State != before.State ||
			v.ListedFrames != before.ListedFrames; moved != (v.Version == before.Version+1) {
			t.Errorf("task %d: version %d after %d", n, v.Version, before.Version)
		}
		got = append(got, fmt.Sprintf("%s %d %s", v.State, v.ListedFrames/25, describeEvents(out)))
	}
	want := []string{
		"processing 0 ", "processing 0 ", "processing 0 ", "playable 24 video.VideoPlayable×1", "playable 24 ",
		"playable 40 ",
		"playable 48 ", "playable 56 ", "ready 0 video.VideoReady×1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if at := noon.Add(4 * time.Second); !v.Times.Playable.Equal(at) {
		t.Errorf("playable at %s, want %s", v.Times.Playable, at)
	}
}

// A video of any length is encoded at a constant rate by any number of workers that start together. A player that
// starts when the video is playable, and gets each playlist update some seconds late, never stalls.
func TestPlayerNeverStalls(t *testing.T) {
	t.Parallel()
	const late = 5.9 // seconds
	rapid.Check(t, func(t *rapid.T) {
		p := planOfSeconds(rapid.IntRange(13, 3000).Draw(t, "seconds"), false)
		workers := rapid.IntRange(1, 50).Draw(t, "workers")
		frame := time.Duration(rapid.IntRange(1, 300).Draw(t, "milliseconds a frame")) * time.Millisecond
		v, _ := video.Apply(videoInState(video.Uploaded), video.MediaInspected{At: noon, ETag: "e1", Plan: p})
		free := make([]time.Time, workers)
		for n, task := range p.Tasks() {
			began := free[n%workers]
			if began.IsZero() {
				began = noon
			}
			at := began.Add(frame * time.Duration(task.To-task.From))
			free[n%workers] = at
			before := v
			v, _ = video.Apply(v, video.EncodeDone{Started: began, At: at, Result: video.Result{Task: task}})
			seen := at.Sub(before.Times.Playable).Seconds() + late // when the player has the update
			if has := p.Rate.Seconds(
				before.ListedFrames,
			); before.ListedFrames > 0 && (v.ListedFrames > before.ListedFrames || v.State == video.Ready) &&
				seen > has {
				t.Fatalf("stalls at %.1f s until %.1f s", has, seen)
			}
		}
		if v.State != video.Ready {
			t.Fatalf("%s in the end", v.State)
		}
	})
}
