package media_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"sluice/shared/domain/media"
	"sluice/shared/domain/video"
)

func out(name string) string { return "/job/" + name + ".mp4" }

// The argument lists, one argument a line.
func TestArgs(t *testing.T) {
	t.Parallel()
	hd := video.Media{Container: media.Mov, Width: 1280, Height: 720, Rate: pal, Frames: 500, TimeBase: video.Rate{Num: 1, Den: 12800}, AudioCodec: "aac"}
	late := video.Media{Container: media.Matroska, Width: 640, Height: 360, Rate: ntsc, Frames: 720, Start: 1500, TimeBase: video.Rate{Num: 1, Den: 1000}, Interlaced: true}
	early := late
	early.Start = -1500
	p, q := media.NewPlan(hd), media.NewPlan(late)
	chunk := func(p video.Plan, m video.Media, n int, preroll float64) []string {
		return media.VideoArgs(p, m, p.Tasks()[n], preroll, out).List("/job/source")
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
		{"sound", media.AudioArgs(p, hd, out).List("/job/source")},
		{"sound of late video", media.AudioArgs(q, late, out).List("/job/source")},
		{"one run", media.OneRunArgs(p, hd, 0, out).List("/job/source")},
	} {
		got = append(got, txtar.File{Name: tt.name, Data: []byte(strings.Join(tt.args, "\n") + "\n")})
	}
	golden(t, "args.txtar", got)
}

// Whatever the source is, an argument is one line, the input and the outputs are file: URLs, and nothing but those
// comes from outside.
func TestArgsAreOurs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := source(t)
		m.VideoCodec, m.AudioCodec, m.Container = "\n-evil", "\n-evil", "\n-evil"
		p := media.NewPlan(m)
		task := rapid.SampledFrom(p.Tasks()).Draw(t, "task")
		for _, a := range []media.Args{
			media.VideoArgs(p, m, task, rapid.Float64Range(0, 10).Draw(t, "preroll"), out),
			media.AudioArgs(p, m, out),
			media.OneRunArgs(p, m, 0, out),
		} {
			args := a.List("/in")
			if strings.ContainsAny(strings.Join(args, ""), "\n\r\x00") || strings.Contains(strings.Join(args, ""), "evil") {
				t.Errorf("%q", args)
			}
			if i := slices.Index(args, "-i"); i < 0 || args[i+1] != "file:/in" || !strings.HasPrefix(args[len(args)-1], "file:/job/") {
				t.Errorf("%q: input or output is no file: URL", args)
			}
		}
	})
}

func TestPrerolls(t *testing.T) {
	t.Parallel()
	for rate, tries := range map[video.Rate]int{pal: 3, slow: 1} {
		got := media.Prerolls(video.Media{Rate: rate})
		if got[len(got)-1] != media.FromStart || !slices.IsSorted(got) || len(got) != tries {
			t.Errorf("%v: %v", rate, got)
		}
	}
}
