package media_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/Eyevinn/hls-m3u8/m3u8"
	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"sluice/shared/domain/media"
	"sluice/shared/domain/video"
)

func TestPlaylistsGolden(t *testing.T) {
	t.Parallel()
	tracks, err := media.AssembleTracks(tinyPlan, tinyResults(), tinyPlan.FrameCount())
	if err != nil {
		t.Fatal(err)
	}
	silent := maps.Clone(tracks)
	delete(silent, media.AudioRendition)
	compareGolden(t, "playlists.txtar", []txtar.File{
		{Name: "master.m3u8", Data: []byte(media.BuildMasterPlaylist(tinyPlan, tracks, true))},
		{Name: "master.m3u8 without sound", Data: []byte(media.BuildMasterPlaylist(tinyPlan, silent, true))},
		{
			Name: "360p/index.m3u8",
			Data: []byte(media.BuildMediaPlaylist(tinyPlan, tracks["360p"], tinyPlan.FrameCount())),
		},
		{
			Name: "audio/index.m3u8",
			Data: []byte(media.BuildMediaPlaylist(tinyPlan, tracks[media.AudioRendition], tinyPlan.FrameCount())),
		},
	})
}

// A strict HLS parser reads from the master playlist what was put in.
func TestMasterPlaylistIsHLS(t *testing.T) {
	t.Parallel()
	tracks, err := media.AssembleTracks(tinyPlan, tinyResults(), tinyPlan.FrameCount())
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := m3u8.DecodeFrom(strings.NewReader(media.BuildMasterPlaylist(tinyPlan, tracks, true)), true)
	if err != nil {
		t.Fatal(err)
	}
	master := list.(*m3u8.MasterPlaylist)
	if !master.IndependentSegments() || master.Version() != 7 || len(master.Variants) != 2 {
		t.Fatalf("got %+v", master)
	}
	for i, v := range master.Variants {
		r := tinyPlan.Renditions[i]
		if v.URI != r.Name+"/index.m3u8" || v.Codecs != "avc1.64001e,mp4a.40.2" || v.FrameRate != 25 ||
			v.Audio != "audio" || v.AverageBandwidth > v.Bandwidth {
			t.Errorf("%+v", v.VariantParams)
		}
		if len(v.Alternatives) != 1 || v.Alternatives[0].URI != "audio/index.m3u8" || !v.Alternatives[0].Default {
			t.Errorf("%s: sound %+v", r.Name, v.Alternatives)
		}
	}
}

func TestMediaPlaylistIsHLS(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		track := drawTrack(t)
		text, longest := media.BuildMediaPlaylist(tinyPlan, track, tinyPlan.FrameCount()), int64(0)
		list, _, err := m3u8.DecodeFrom(strings.NewReader(text), true)
		if err != nil {
			t.Fatal(err)
		}
		got := list.(*m3u8.MediaPlaylist)
		if !got.Closed || got.MediaType != m3u8.VOD || got.Version() != 7 || got.Map == nil ||
			got.Map.URI != "init.mp4" || int(got.Count()) != len(track.Segments) {
			t.Fatalf("got %+v", got)
		}
		for i, s := range track.Segments {
			seg, want := got.Segments[i], float64(s.Ticks)/float64(track.Timescale)
			if seg.URI != media.SegmentName(i+1) || seg.Duration < want-1e-6 || seg.Duration > want+1e-6 {
				t.Errorf("segment %d: %+v, want %f s", i, seg, want)
			}
			longest = max(longest, s.Ticks)
		}
		target := max(1, (2*longest+30000)/60000) // the parser computes its own
		if want := fmt.Sprintf("\n#EXT-X-TARGETDURATION:%d\n", target); !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	})
}

func drawTrack(t *rapid.T) video.Track {
	segment := rapid.Custom(func(t *rapid.T) video.Segment {
		return video.Segment{
			Bytes: rapid.Int64Range(1, 1<<22).Draw(t, "bytes"), Ticks: rapid.Int64Range(1, 200_000).Draw(t, "ticks"),
		}
	})
	return video.Track{
		Name: "360p", Codec: "avc1.64001e", Timescale: 30000,
		Segments: rapid.SliceOfN(segment, 1, 50).Draw(t, "segments"),
	}
}

// The bandwidth is that of the busiest part of about a target duration. A very short last segment is not measured
// alone.
func TestBandwidthIsPeakOfTargetDuration(t *testing.T) {
	t.Parallel()
	const second = 30000
	for _, tt := range []struct {
		name          string
		segments      []video.Segment
		peak, average string
	}{
		{"even", []video.Segment{{Bytes: 1000, Ticks: 2 * second}, {Bytes: 1000, Ticks: 2 * second}}, "4000", "4000"},
		{
			"one busy", []video.Segment{{Bytes: 1000, Ticks: 2 * second}, {Bytes: 3000, Ticks: 2 * second}}, "12000",
			"8000",
		},
		{
			"stub at the end", []video.Segment{{Bytes: 1000, Ticks: 2 * second}, {Bytes: 1000, Ticks: second / 10}},
			"7620", "7620",
		},
		{"only a stub", []video.Segment{{Bytes: 1000, Ticks: second / 10}}, "80000", "80000"},
		{
			"short ones together",
			[]video.Segment{{Bytes: 500, Ticks: second}, {Bytes: 1500, Ticks: second}, {Bytes: 500, Ticks: 2 * second}},
			"12000", "5000",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := video.Plan{Rate: rate2997, Renditions: []video.Rendition{{Name: "360p", Width: 640, Height: 360}}}
			got := media.BuildMasterPlaylist(
				p,
				map[string]video.Track{
					"360p": {Name: "360p", Codec: "avc1.64001e", Timescale: second, Segments: tt.segments},
				},
				true,
			)
			if want := "BANDWIDTH=" + tt.peak + ",AVERAGE-BANDWIDTH=" + tt.average + ","; !strings.Contains(got, want) {
				t.Errorf("want %s in\n%s", want, got)
			}
		})
	}
}
