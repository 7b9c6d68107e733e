package media_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/media"
	"sluice/shared/domain/video"
)

// tinyResults returns the result of every task of tinyPlan. Segments have different sizes.
func tinyResults() []video.Result {
	var out []video.Result
	for _, task := range tinyPlan.Tasks() {
		r := video.Result{Task: task}
		if task.Kind == video.AudioTask {
			r.Tracks = []video.Track{{
				Name: media.AudioRendition, Codec: "mp4a.40.2", InitHash: "i3", Timescale: 48000,
				Segments: []video.Segment{{Bytes: 3000, Ticks: 20480}, {Bytes: 3000, Ticks: 21760}},
			}}
			out = append(out, r)
			continue
		}
		r.Frames = task.To - task.From
		large, small := newChunkTrack("360p", "i1", task, 1000), newChunkTrack("240p", "i2", task, 500)
		r.Tracks = []video.Track{large, small}
		out = append(out, r)
	}
	return out
}

func newChunkTrack(name, init string, task video.Task, bytes int64) video.Track {
	t := video.Track{Name: name, Codec: "avc1.64001e", InitHash: init, Timescale: 12800}
	for from := task.From; from < task.To; from += tinyPlan.SegmentFrames {
		n := min(tinyPlan.SegmentFrames, task.To-from)
		t.Segments = append(t.Segments, video.Segment{Bytes: bytes + int64(from), Ticks: int64(n * frameTicks)})
	}
	return t
}

// Results in any order, some of them repeated, give the same tracks.
func TestAssembleTracksIgnoresOrder(t *testing.T) {
	t.Parallel()
	want, err := media.AssembleTracks(tinyPlan, tinyResults(), tinyPlan.FrameCount())
	if err != nil {
		t.Fatal(err)
	}
	if got := want["360p"].Segments; len(want) != 3 || len(got) != 6 ||
		got[5] != (video.Segment{Bytes: 1020, Ticks: 2 * frameTicks}) || got[4].Bytes != 1016 {
		t.Fatalf("got %+v", want)
	}
	rapid.Check(t, func(t *rapid.T) {
		rs := slices.Concat(tinyResults(), tinyResults()[:rapid.IntRange(0, 4).Draw(t, "twice")])
		got, err := media.AssembleTracks(tinyPlan, rapid.Permutation(rs).Draw(t, "order"), tinyPlan.FrameCount())
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("%v\n%s", err, cmp.Diff(want, got))
		}
	})
}

// Audio that the chunks have is assembled like a rendition, as far as the video.
func TestAssembleTracksJoinsAudioOfChunks(t *testing.T) {
	t.Parallel()
	p := tinyPlan
	p.AudioInChunks = true
	var results []video.Result
	for i, task := range p.Tasks() {
		r := tinyResults()[i+1]
		sound := newChunkTrack("audio", "i3", task, 100)
		r.Task, r.Tracks = task, append(r.Tracks, sound)
		results = append(results, r)
	}
	for frames, segments := range map[int]int{16: 4, 22: 6} {
		tracks, err := media.AssembleTracks(p, results, frames)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(tracks[media.AudioRendition].Segments); len(tracks) != 3 || n != segments {
			t.Errorf("%d frames: %d tracks, %d segments of audio", frames, len(tracks), n)
		}
	}
	results[1].Tracks = results[1].Tracks[:2]
	if _, err := media.AssembleTracks(p, results, 22); codeOf(t, err) != "task_missing" {
		t.Errorf("without the audio of a chunk: %v", err)
	}
}

func TestAssembleTracksRejectsMismatch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(rs []video.Result) []video.Result
		want   string
		kind   errs.Kind
	}{
		{"no result", func([]video.Result) []video.Result { return nil }, "task_missing", errs.Internal},
		{"a missing task", func(rs []video.Result) []video.Result {
			return slices.Delete(rs, 2, 3)
		}, "task_missing", errs.Internal},
		{"a missing rendition", func(rs []video.Result) []video.Result {
			rs[2].Tracks = rs[2].Tracks[:1]
			return rs
		}, "task_missing", errs.Internal},
		{"a rendition without segments", func(rs []video.Result) []video.Result {
			rs[3].Tracks[0].Segments = nil
			return rs
		}, "task_missing", errs.Internal},
		{"another init segment", func(rs []video.Result) []video.Result {
			rs[2].Tracks[1].InitHash = "other"
			return rs
		}, "renditions_differ", errs.Invalid},
		{"another codec", func(rs []video.Result) []video.Result {
			rs[2].Tracks[1].Codec = "avc1.4d401f"
			return rs
		}, "renditions_differ", errs.Invalid},
		{"another timescale", func(rs []video.Result) []video.Result {
			rs[2].Tracks[1].Timescale = 90000
			return rs
		}, "renditions_differ", errs.Invalid},
		{"a missing segment", func(rs []video.Result) []video.Result {
			rs[1].Tracks[0].Segments = rs[1].Tracks[0].Segments[:1]
			return rs
		}, "renditions_differ", errs.Invalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := media.AssembleTracks(tinyPlan, tt.change(tinyResults()), tinyPlan.FrameCount())
			if got := codeOf(t, err); got != tt.want || errs.KindOf(err) != tt.kind {
				t.Errorf("got %v, want %s, %s", err, tt.kind, tt.want)
			}
		})
	}
}
