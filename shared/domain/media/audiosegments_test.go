package media_test

import (
	"testing"

	"sluice/shared/domain/media"
	"sluice/shared/domain/media/fragment"
	"sluice/shared/domain/video"
)

// The segments of a chunk's audio have the AAC frames that begin in their time, and follow those of the chunk before.
func TestCutAudioSegments(t *testing.T) {
	t.Parallel()
	p := tinyPlan // a chunk of 8 frames lasts 15 AAC frames, the last one of 6 frames begins with the 30th
	p.AudioInChunks = true
	tasks := p.Tasks()
	for _, tt := range []struct {
		name    string
		task    video.Task
		at, n   int // first sample and number of the AAC frames
		seconds []int64
		code    string
	}{
		{"first", tasks[0], 0, 15, []int64{7, 8}, ""},
		{"second", tasks[1], 15 * 1024, 15, []int64{7, 8}, ""},
		{"last", tasks[2], 30 * 1024, 12, []int64{7, 5}, ""},
		{"too few", tasks[1], 15 * 1024, 14, nil, "frames_missing"},
		{"too many", tasks[1], 15 * 1024, 16, nil, "frames_missing"},
		{"too early", tasks[1], 14 * 1024, 15, nil, "segments_wrong"},
		{"within a frame", tasks[1], 15*1024 + 1, 15, nil, "segments_wrong"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			init := initSegment(t, media.SampleRate)
			out, err := media.CutAudioSegments(p, tt.task, append(init, newFragment(t, 1, tt.at, tt.n, 1024)...))
			if codeOf(t, err) != tt.code {
				t.Fatalf("%v, want %q", err, tt.code)
			}
			at := int64(tt.at)
			for i, frames := range tt.seconds {
				_, frags, err := fragment.Split(append(initSegment(t, media.SampleRate), out.Segments[i]...))
				if err != nil || len(frags) != 1 {
					t.Fatalf("%d fragments: %v", len(frags), err)
				}
				f := frags[0]
				if f.Sequence != tt.task.Segment+i || f.Time != at || int64(f.Samples) != frames || !f.StartsWithSync ||
					f.Ticks != frames*1024 || out.Track.Segments[i].Ticks != f.Ticks {
					t.Errorf("segment %d: %+v", i, f)
				}
				at += f.Ticks
			}
		})
	}
}

// The AAC frames of a plan's segments are those of the whole video, each once, and no segment is without one.
func TestAudioWindowsCoverVideo(t *testing.T) {
	t.Parallel()
	p := media.NewIndexedPlan(video.Media{
		Width: 640, Height: 360, Rate: rate2997, Frames: 3000, AudioCodec: "mp3",
	}, media.Indexed{Audio: true})
	end := int64(0)
	for _, task := range p.Tasks() {
		w := media.FindAudioWindow(p, video.Media{AudioCodec: "mp3"}, task, 44100)
		if w.From > end || w.To < w.From || w.Packets < 9 || w.From < end-44100/4 {
			t.Errorf("task %d: %+v behind %d", task.Number, w, end)
		}
		end = w.To - 44100/10
	}
	if seconds := float64(end) / 44100; seconds < p.Rate.Seconds(3000)-0.2 {
		t.Errorf("ends at %.3f s", seconds)
	}
}
