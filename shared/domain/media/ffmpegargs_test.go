package media_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"sluice/shared/domain/fileformat"
	"sluice/shared/domain/media"
	"sluice/shared/domain/sampletable"
	"sluice/shared/domain/video"
)

func outputPath(name string) string { return "/job/" + name + ".mp4" }

// The golden file has one argument a line.
func TestArgsGolden(t *testing.T) {
	t.Parallel()
	hd := video.Media{
		Container: fileformat.Mov, Width: 1280, Height: 720, Rate: rate25, Frames: 500,
		TimeBase: video.Rate{Num: 1, Den: 12800}, AudioCodec: "aac",
	}
	late := video.Media{
		Container: fileformat.Matroska, Width: 640, Height: 360, Rate: rate2997, Frames: 720, Start: 1500,
		TimeBase: video.Rate{Num: 1, Den: 1000}, Interlaced: true,
	}
	early := late
	early.Start = -1500
	p, q := media.NewPlan(hd), media.NewPlan(late)
	chunk := func(p video.Plan, m video.Media, n int, preroll float64) []string {
		return media.VideoArgs(p, m, p.Tasks()[n], preroll, outputPath).CommandLine("/job/source")
	}
	audioChunk := func(p video.Plan, m video.Media, n int, in media.AudioInput) []string {
		return media.AudioChunkArgs(p, m, p.Tasks()[n], in, outputPath).CommandLine("/job/source")
	}
	var got []txtar.File
	for _, tt := range []struct {
		name string
		args []string
	}{
		{"first chunk", chunk(p, hd, 1, 0.5)},
		{"second chunk", chunk(p, hd, 2, 0.5)},
		{"last chunk, long preroll", chunk(p, hd, 3, 5)},
		{"last chunk, from the start", chunk(p, hd, 3, media.FromStart)},
		{"late and interlaced", chunk(q, late, 1, 0.5)},
		{"early", chunk(q, early, 1, 0.5)},
		{"sound", media.AudioArgs(p, hd, outputPath).CommandLine("/job/source")},
		{"sound of late video", media.AudioArgs(q, late, outputPath).CommandLine("/job/source")},
		{"sound of a chunk", audioChunk(p, hd, 2, media.AudioInput{Part: sampletable.AudioPart{
			Rate: 44100, First: 344_064, Audible: -1024,
		}})},
		{"sound that begins in a chunk", audioChunk(p, hd, 1, media.AudioInput{Part: sampletable.AudioPart{
			Rate: 48000, First: 95_000, Audible: 96_000,
		}})},
		{"chunk without sound", audioChunk(p, hd, 3, media.AudioInput{})},
		{"sound of a chunk from the whole file", audioChunk(p, hd, 2, media.AudioInput{Whole: true})},
		{"one run", media.SinglePassArgs(p, hd, 0, outputPath).CommandLine("/job/source")},
	} {
		got = append(got, txtar.File{Name: tt.name, Data: []byte(strings.Join(tt.args, "\n") + "\n")})
	}
	compareGolden(t, "args.txtar", got)
}

// Whatever the source is, an argument is one line, the input and the outputs are file: URLs, and no other argument has
// text from outside.
func TestArgsHoldNoClientText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawSource(t)
		m.VideoCodec, m.AudioCodec, m.Container = "\n-evil", "\n-evil", "\n-evil"
		p := media.NewPlan(m)
		task := rapid.SampledFrom(p.Tasks()).Draw(t, "task")
		for _, a := range []media.Args{
			media.VideoArgs(p, m, task, rapid.Float64Range(0, 10).Draw(t, "preroll"), outputPath),
			media.AudioArgs(p, m, outputPath),
			media.AudioChunkArgs(p, m, task, media.AudioInput{Whole: true}, outputPath),
			media.AudioChunkArgs(p, m, task, media.AudioInput{}, outputPath),
			media.SinglePassArgs(p, m, 0, outputPath),
		} {
			args := a.CommandLine("/in")
			if strings.ContainsAny(strings.Join(args, ""), "\n\r\x00") ||
				strings.Contains(strings.Join(args, ""), "evil") {
				t.Errorf("%q", args)
			}
			if i := slices.Index(args, "-i"); i < 0 || args[i+1] != "file:/in" ||
				!strings.HasPrefix(args[len(args)-1], "file:/job/") {
				t.Errorf("%q: input or output is no file: URL", args)
			}
		}
	})
}

func TestPrerollsEndWithFromStart(t *testing.T) {
	t.Parallel()
	for rate, tries := range map[video.Rate]int{rate25: 3, rate5: 1} {
		got := media.Prerolls(video.Media{Rate: rate})
		if got[len(got)-1] != media.FromStart || !slices.IsSorted(got) || len(got) != tries {
			t.Errorf("%v: %v", rate, got)
		}
	}
}
