package media_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/Eyevinn/hls-m3u8/m3u8"
	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"sluice/shared/domain/media"
	"sluice/shared/domain/video"
)

// planWithResults returns a plan of a number of seconds, and the results of its tasks: video segments of 2 s, and
// audio segments a little longer.
func planWithResults(seconds int) (video.Plan, []video.Result) {
	p := video.Plan{
		Rate: video.Rate{Num: 25, Den: 1}, SegmentFrames: 50, Audio: true,
		Renditions: []video.Rendition{
			{Name: "360p", Width: 640, Height: 360, Bitrate: 864_000},
			{Name: "240p", Width: 426, Height: 240, Bitrate: 400_000},
		},
	}
	for at := 0; at < 25*seconds; at += 200 {
		p.Borders = append(p.Borders, at)
	}
	p.Borders = append(p.Borders, 25*seconds)
	var out []video.Result
	for _, task := range p.Tasks() {
		if task.Kind == video.AudioTask {
			out = append(out, video.Result{Task: task, Tracks: []video.Track{newSoundTrack(48000 * int64(seconds))}})
			continue
		}
		r := video.Result{Task: task}
		for _, rendition := range p.Renditions {
			r.Tracks = append(r.Tracks, newVideoTrack(rendition.Name, task))
		}
		out = append(out, r)
	}
	return p, out
}

func newVideoTrack(name string, task video.Task) video.Track {
	t := video.Track{Name: name, Codec: "avc1.64001e", InitHash: name, Timescale: 12800}
	for from := task.From; from < task.To; from += 50 {
		t.Segments = append(t.Segments, video.Segment{Bytes: 100_000, Ticks: 512 * int64(min(50, task.To-from))})
	}
	return t
}

func newSoundTrack(samples int64) video.Track {
	t := video.Track{Name: media.AudioRendition, Codec: "mp4a.40.2", InitHash: "audio", Timescale: 48000}
	for ; samples > 0; samples -= 96256 {
		t.Segments = append(t.Segments, video.Segment{Bytes: 32_000, Ticks: min(96256, samples)})
	}
	return t
}

// Each version of a playlist begins with the previous one, for any borders; and the audio reaches as far as the video.
func TestPromise05_PlaylistsOnlyGrow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, results := planWithResults(rapid.IntRange(17, 200).Draw(t, "seconds"))
		before := map[string]string{}
		for k, frames := range p.Borders[1:] {
			if frames < p.FrameCount() && rapid.Bool().Draw(t, "skipped") {
				continue
			}
			tracks, err := media.AssembleTracks(p, results[:k+2], frames)
			if err != nil {
				t.Fatal(err)
			}
			for name, track := range tracks {
				text := media.BuildMediaPlaylist(p, track, frames)
				if !strings.HasPrefix(text, before[name]) {
					t.Fatalf("%s: after\n%s\ncomes\n%s", name, before[name], text)
				}
				before[name] = text
				if whole := frames == p.FrameCount(); strings.HasSuffix(text, media.EndTag) != whole {
					t.Fatalf("%s: %d of %d frames, and ended: %t", name, frames, p.FrameCount(), !whole)
				}
				checkPlaylistEnd(t, p, text, frames)
			}
		}
	})
}

// checkPlaylistEnd checks that a playlist lists exactly the segments that begin within a number of frames.
func checkPlaylistEnd(t *rapid.T, p video.Plan, text string, frames int) {
	list, _, err := m3u8.DecodeFrom(strings.NewReader(text), true)
	if err != nil {
		t.Fatal(err)
	}
	got, at, last := list.(*m3u8.MediaPlaylist), 0.0, 0.0
	for _, s := range got.Segments[:got.Count()] {
		last, at = at, at+s.Duration
	}
	if end := p.Rate.Seconds(frames); at < end-0.001 || last >= end {
		t.Fatalf("ends at %f of %f s, and its last segment begins at %f", at, end, last)
	}
	if got.MediaType != m3u8.EVENT || !strings.Contains(text, "\n#EXT-X-START:TIME-OFFSET=0\n") {
		t.Fatalf("no EVENT playlist:\n%s", text)
	}
}

func TestGrowingPlaylistsGolden(t *testing.T) {
	t.Parallel()
	p, results := planWithResults(20)
	tracks, err := media.AssembleTracks(p, results[:3], 400)
	if err != nil {
		t.Fatal(err)
	}
	compareGolden(t, "growing.txtar", []txtar.File{
		{Name: "master.m3u8", Data: []byte(media.BuildMasterPlaylist(p, tracks, false))},
		{Name: "360p/index.m3u8", Data: []byte(media.BuildMediaPlaylist(p, tracks["360p"], 400))},
		{Name: "audio/index.m3u8", Data: []byte(media.BuildMediaPlaylist(p, tracks[media.AudioRendition], 400))},
	})
}

// The bandwidth that is stated before all is encoded is not less than the final one, if the encoder keeps its cap and
// its buffer.
func TestEarlyBandwidthIsUpperBound(t *testing.T) {
	t.Parallel()
	const rate, seconds = 864_000, 20
	p, results := planWithResults(seconds)
	for i := range results[1:] {
		for k := range results[i+1].Tracks[0].Segments { // the first one empties the buffer
			s := &results[i+1].Tracks[0].Segments[k]
			s.Bytes = 50*16 + rate*2/8/4
			if k == 0 {
				s.Bytes = 50*16 + rate*4/8
			}
		}
	}
	early, err := media.AssembleTracks(p, results[:3], 400)
	if err != nil {
		t.Fatal(err)
	}
	late, err := media.AssembleTracks(p, results, p.FrameCount())
	if err != nil {
		t.Fatal(err)
	}
	before, after := readBandwidth(
		t, media.BuildMasterPlaylist(p, early, false),
	), readBandwidth(t, media.BuildMasterPlaylist(p, late, true))
	if before[0] < after[0] || before[1] < after[1] {
		t.Errorf("%v is stated early, %v in the end", before, after)
	}
	if before[0] > 3*rate || before[1] > 2*rate {
		t.Errorf("%v is far from the cap of %d", before, rate)
	}
}

// readBandwidth returns the bandwidth and the average bandwidth of the first rendition.
func readBandwidth(t *testing.T, master string) (out [2]int) {
	t.Helper()
	_, line, _ := strings.Cut(master, "#EXT-X-STREAM-INF:")
	if n, err := fmt.Sscanf(line, "BANDWIDTH=%d,AVERAGE-BANDWIDTH=%d", &out[0], &out[1]); n != 2 {
		t.Fatal(err)
	}
	return out
}
