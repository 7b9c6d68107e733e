package media_test

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"sluice/shared/domain/fileformat"
	"sluice/shared/domain/media"
)

// TestInspectFiles inspects the output of ffprobe for real files.
func TestInspectFiles(t *testing.T) {
	t.Parallel()
	containers := map[string]string{".mkv": fileformat.Matroska, ".avi": fileformat.AVI, ".ts": fileformat.MPEGTS}
	var got []txtar.File
	for _, f := range readArchive(t, "inspect.txtar").Files {
		if strings.HasSuffix(f.Name, ".want") {
			continue
		}
		p, err := media.ParseProbe(f.Data)
		if err != nil {
			t.Fatal(err)
		}
		container := containers[path.Ext(f.Name)]
		if container == "" {
			container = fileformat.Mov
		}
		m, err := media.Inspect(p, nil, container)
		want, _ := json.Marshal(m)
		if err != nil {
			want = []byte(err.Error())
		}
		got = append(got, f, txtar.File{Name: f.Name + ".want", Data: append(want, '\n')})
	}
	compareGolden(t, "inspect.txtar", got)
}

// newProbe returns the probe of a plain file of ten seconds with audio.
func newProbe() media.Probe {
	return media.Probe{
		Streams: []media.Stream{
			{
				Type: "video", Codec: "h264", Width: 1280, Height: 720, RealRate: "25/1", AverageRate: "25/1",
				TimeBase: "1/12800", Duration: "10.0",
			},
			{Type: "audio", Codec: "aac", TimeBase: "1/48000", Duration: "10.0"},
		},
		Format: media.Format{Start: "0.0", Duration: "10.0"},
	}
}

func TestInspectRejects(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(p *media.Probe, v *media.Stream)
		want   string
	}{
		{"nothing", func(*media.Probe, *media.Stream) {}, ""},
		{"no stream", func(p *media.Probe, _ *media.Stream) { p.Streams = nil }, "no_video"},
		{"sound only", func(p *media.Probe, _ *media.Stream) { p.Streams = p.Streams[1:] }, "no_video"},
		{"sound with a cover", func(_ *media.Probe, v *media.Stream) { v.Disposition.AttachedPicture = 1 }, "no_video"},
		{"many streams", func(p *media.Probe, _ *media.Stream) {
			p.Streams = slices.Repeat(p.Streams, 17)
		}, "streams_too_many"},
		{"AV1", func(_ *media.Probe, v *media.Stream) { v.Codec = "av1" }, "codec_unsupported"},
		{"still pictures", func(_ *media.Probe, v *media.Stream) { v.Codec = "png" }, "codec_unsupported"},
		{"unsupported audio", func(p *media.Probe, _ *media.Stream) {
			p.Streams[1].Codec = "wmapro"
		}, "audio_codec_unsupported"},
		{"no size", func(_ *media.Probe, v *media.Stream) { v.Width = 0 }, "dimensions_unknown"},
		{"too large", func(_ *media.Probe, v *media.Stream) { v.Width, v.Height = 8192, 4321 }, "pixels_too_many"},
		{"as large as allowed", func(_ *media.Probe, v *media.Stream) { v.Width, v.Height = 8192, 4320 }, ""},
		{"too large by its pixel aspect ratio", func(_ *media.Probe, v *media.Stream) {
			v.SampleAspect = "100000:1"
		}, "pixels_too_many"},
		{"a very flat picture", func(_ *media.Probe, v *media.Stream) {
			v.SampleAspect = "1:1000"
		}, "dimensions_unsupported"},
		{"a very wide picture", func(_ *media.Probe, v *media.Stream) {
			v.Width, v.Height = 20000, 100
		}, "dimensions_unsupported"},
		{"no rate", func(_ *media.Probe, v *media.Stream) {
			v.RealRate, v.AverageRate = "0/0", "0/0"
		}, "frame_rate_unsupported"},
		{"no time base", func(_ *media.Probe, v *media.Stream) { v.TimeBase = "1/0" }, "malformed"},
		{"too short", func(_ *media.Probe, v *media.Stream) { v.Duration = "0.09" }, "duration_too_short"},
		{"no frame", func(_ *media.Probe, v *media.Stream) {
			v.Duration, v.RealRate, v.AverageRate = "0.2", "1/1", "1/1"
		}, "duration_too_short"},
		{"no length", func(p *media.Probe, v *media.Stream) {
			v.Duration, p.Format.Duration = "N/A", ""
		}, "duration_too_short"},
		{"too long", func(_ *media.Probe, v *media.Stream) { v.Duration = "43200.5" }, "duration_too_long"},
		{"duration that is no number", func(p *media.Probe, v *media.Stream) {
			v.Duration, p.Format.Duration = "NaN", "+Inf"
		}, "duration_too_short"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProbe()
			tt.change(&p, &p.Streams[0])
			_, err := media.Inspect(p, nil, fileformat.Mov)
			if got := codeOf(t, err); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestInspectCountsFrames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		change  func(p *media.Probe, v *media.Stream)
		packets string
		want    int
	}{
		{"by the stream's duration", func(*media.Probe, *media.Stream) {}, "", 250},
		{"by its number of frames", func(_ *media.Probe, v *media.Stream) {
			v.Duration, v.Frames = "", "123"
		}, "", 123},
		{"by the file's end", func(p *media.Probe, v *media.Stream) { v.Duration, v.StartPTS = "", 12800 }, "", 225},
		{"by the file's end, with a late start", func(p *media.Probe, v *media.Stream) {
			v.Duration, v.StartPTS, p.Format.Start = "", 12800, "1.0"
		}, "", 250},
		{
			"by the last frame shown", func(*media.Probe, *media.Stream) {},
			"126976,125000,512,48,___\n127488,125500,512,48,___\n126464,126000,512,48,___\n", 250,
		},
		{
			"by the last frame, beyond the stated duration", func(*media.Probe, *media.Stream) {},
			"255488,126000,512,48,___\n", 500,
		},
		{"by the last frame, with a late start", func(_ *media.Probe, v *media.Stream) {
			v.StartPTS = 12800
		}, "127488,126000,512,48,___\n", 225},
		{
			"without a hidden frame", func(*media.Probe, *media.Stream) {},
			"126976,125000,512,48,___\n127488,125500,512,48,_D_\n", 249,
		},
		{
			"by decoding times if there are no others", func(*media.Probe, *media.Stream) {},
			"N/A,127488,512,___\nN/A,N/A,N/A,___\n,\n", 250,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProbe()
			tt.change(&p, &p.Streams[0])
			m, err := media.Inspect(p, []byte(tt.packets), fileformat.Mov)
			if err != nil || m.Frames != tt.want || m.Duration != float64(tt.want)/25 {
				t.Errorf("%d frames, %f s, %v; want %d", m.Frames, m.Duration, err, tt.want)
			}
		})
	}
}

// A file that ends well before the duration of its index was truncated.
func TestInspectRejectsTruncatedFile(t *testing.T) {
	t.Parallel()
	for packets, want := range map[string]string{
		"64000,63000,512,48,___\n": "truncated", "115200,115200,512,48,___\n": "",
	} {
		if _, err := media.Inspect(newProbe(), []byte(packets), fileformat.AVI); codeOf(t, err) != want {
			t.Errorf("%q: %v, want %q", packets, err, want)
		}
	}
}

func TestParseProbeRejectsOtherText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "[]", `{"streams":[{"width":1e99}]}`} {
		if _, err := media.ParseProbe([]byte(text)); codeOf(t, err) != "malformed" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestUndecodableCodecsAreNotListed(t *testing.T) {
	t.Parallel()
	for _, c := range []string{"av1", "vvc", "png", ""} {
		if slices.Contains(media.VideoCodecs(), c) {
			t.Errorf("%q is listed", c)
		}
	}
}
