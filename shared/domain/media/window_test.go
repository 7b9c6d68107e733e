package media_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sluice/shared/domain/media"
	"sluice/shared/domain/sampletable"
	"sluice/shared/domain/video"
)

// A decoder of a chunk begins with the last key frame whose number is at most that of the chunk's first frame: a key
// frame is in the window of the chunk that begins with it, and not in that of a chunk that begins one frame before.
func TestWindowBeginsAtKeyFrame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawSource(t)
		m.VideoCodec, m.Interlaced = "h264", false
		start := rapid.Int64Range(-1<<20, 1<<33).Draw(t, "start of the track")
		key := sampletable.Sample{DTS: start + rapid.Int64Range(0, 1<<32).Draw(t, "key"), Key: true}
		track := sampletable.Track{Samples: []sampletable.Sample{key}}
		keys := media.ListKeyFrames(m, track, start)
		if len(keys) != 1 {
			t.Fatalf("%d key frames", len(keys))
		}
		p := media.NewPlan(m)
		task := video.Task{From: keys[0], To: keys[0] + 1}
		if w := media.FindWindow(p, m, task, start); key.PTS() >= w.KeyBefore {
			t.Errorf("frame %d at %d is not before %d", keys[0], key.PTS(), w.KeyBefore)
		}
		task.From--
		if w := media.FindWindow(p, m, task, start); key.PTS() < w.KeyBefore {
			t.Errorf("frame %d at %d is before %d", keys[0], key.PTS(), w.KeyBefore)
		}
	})
}

// The window ends with the tail behind the chunk, which is shorter than a second, and the last one does not end.
func TestWindowEndsBehindChunk(t *testing.T) {
	t.Parallel()
	m := video.Media{
		Rate: video.Rate{Num: 25, Den: 1}, TimeBase: video.Rate{Num: 1, Den: 12800}, Frames: 1000, VideoCodec: "h264",
		Width: 640, Height: 360,
	}
	p := media.NewPlan(m)
	const frame = 512 // ticks
	for _, tt := range []struct {
		name string
		task video.Task
		edit func(m *video.Media)
		want sampletable.Window
	}{
		{
			"within", video.Task{From: 200, To: 400}, func(*video.Media) {},
			sampletable.Window{KeyBefore: 7 + 200*frame + frame/2, End: 7 + 411*frame + frame/2},
		},
		{
			"deinterlaced", video.Task{From: 200, To: 400}, func(m *video.Media) { m.Interlaced = true },
			sampletable.Window{KeyBefore: 7 + 187*frame + frame/2, End: 7 + 411*frame + frame/2},
		},
		{
			"another codec", video.Task{From: 200, To: 400}, func(m *video.Media) { m.VideoCodec = "hevc" },
			sampletable.Window{KeyBefore: 7 + 187*frame + frame/2, End: 7 + 411*frame + frame/2},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := m
			tt.edit(&m)
			if got := media.FindWindow(p, m, tt.task, 7); got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
			tt.task.Last = true
			if got := media.FindWindow(p, m, tt.task, 7); got.End < 1<<62 {
				t.Errorf("the last one ends at %d", got.End)
			}
		})
	}
	if !slices.Equal(p.Borders, []int{0, 200, 400, 600, 800, 1000}) {
		t.Errorf("borders %v", p.Borders)
	}
}
