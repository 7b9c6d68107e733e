package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/tests/client"
	"sluice/tests/terminal"
)

var update = flag.Bool("update", false, "write the golden files of testdata anew")

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func after(s float64) *time.Time {
	t := noon.Add(seconds(s))
	return &t
}

// moment is a board and when it is looked at.
type moment struct {
	board
	now time.Time
}

// document is a video whose stages before the named one are done and which is in that one.
func document(state, at string, tasks, of int, list ...client.Stage) *client.Video {
	v := &client.Video{ID: "vid_1", State: state, Stages: list}
	v.Progress = client.Progress{Stage: at, TasksDone: tasks, TasksTotal: of}
	if state == "processing" || state == "playable" || state == "ready" {
		v.Media = &client.Media{Width: 1280, Height: 720, Duration: 5.312, FrameRate: 25}
		v.Renditions = []string{"720p", "540p", "360p"}
	}
	if state == "ready" {
		v.CreatedAt, v.PlayableAt = noon, *after(3.4)
		v.Playback = client.Playback{ID: "p", HLS: "http://h/p/public/p/master.m3u8", Watch: "http://h/watch/p"}
	}
	return v
}

func ended(name string, s float64) client.Stage {
	return client.Stage{Name: name, State: done, Seconds: s}
}

func begun(name string, at float64) client.Stage {
	return client.Stage{Name: name, State: running, Started: after(at)}
}

func broken(name string, s float64) client.Stage {
	return client.Stage{Name: name, State: failed, Seconds: s}
}

// films are the ways a video can go, moment by moment.
func films() map[string][]moment {
	sending := func(sent int64, s float64) moment {
		return moment{board{Sent: sent, Total: 5_300_000, Began: noon}, *after(s)}
	}
	seen := func(v *client.Video, s float64) moment {
		return moment{board{Sent: 5_300_000, Total: 5_300_000, Began: noon, Ended: *after(0.9), Video: v}, *after(s)}
	}
	beginning := []moment{sending(0, 0), sending(2_600_000, 0.4), sending(5_300_000, 0.85), seen(nil, 0.9),
		seen(document("waiting", "upload", 0, 0, begun("upload", 0)), 0.95),
		seen(document("uploaded", "inspect", 0, 0, ended("upload", 0.8), begun("inspect", 0.8)), 1.2)}
	with := func(rest ...moment) []moment { return append(beginning[:len(beginning):len(beginning)], rest...) }
	up, in := ended("upload", 0.8), ended("inspect", 0.3)
	refused := document("failed", "inspect", 0, 0, up, broken("inspect", 0.3))
	return map[string][]moment{
		"ready": with(
			seen(document("processing", "encode", 0, 11, up, in, begun("encode", 1.1)), 1.4),
			seen(document("processing", "encode", 5, 11, up, in, begun("encode", 1.1)), 3.2),
			seen(document("playable", "encode", 8, 11, up, in, begun("encode", 1.1)), 4.1),
			seen(document("processing", "publish", 11, 11, up, in, ended("encode", 4.1), begun("publish", 5.2)), 5.25),
			seen(document("ready", "done", 11, 11, up, in, ended("encode", 4.1), ended("publish", 0.1)), 5.5)),
		"quick":   with(seen(document("ready", "done", 2, 2, up, in, ended("encode", 0.6), ended("publish", 0)), 2)),
		"refused": with(seen(refused, 1.5)),
		"broken":  with(seen(document("failed", "encode", 3, 4, up, in, broken("encode", 2)), 3.2)),
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update accepts it):\n%s", path, diff)
	}
}

func TestLinesOnATerminal(t *testing.T) {
	t.Parallel()
	for _, look := range []struct {
		name string
		style
	}{{"wide", style{terminal.Style{Width: 79}}}, {"narrow", style{terminal.Style{Width: 59}}}, {"color", style{terminal.Style{Width: 99, Color: true}}}} {
		for film, moments := range films() {
			t.Run(film+" "+look.name, func(t *testing.T) {
				t.Parallel()
				var out strings.Builder
				for _, m := range moments {
					fmt.Fprintf(&out, "at %.2f s\n%s\n", m.now.Sub(noon).Seconds(), strings.Join(look.lines(m.rows(m.now)), "\n"))
				}
				golden(t, film+"."+look.name, strings.ReplaceAll(out.String(), "\x1b", "ESC"))
			})
		}
	}
}

func TestLinesElsewhere(t *testing.T) {
	t.Parallel()
	for film, moments := range films() {
		t.Run(film, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			var now time.Time
			p := newPlain(&out, func() time.Time { return now })
			for _, m := range moments {
				now = m.now
				p.show(m.board)
				p.show(m.board) // nothing new, nothing to say
			}
			golden(t, film+".plain", out.String())
		})
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	moments := films()["ready"]
	want := []string{
		"watch http://h/p/public/p/master.m3u8", "page http://h/watch/p", "studio http://h/studio", "state ready",
		"upload 0.8 s", "inspect 0.3 s", "encode 4.1 s", "publish 0.1 s", "playable after 3.4 s", "total 5.3 s",
	}
	if diff := cmp.Diff(want, summary(*moments[len(moments)-1].Video)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLinesFitAnyTerminal(t *testing.T) {
	t.Parallel()
	states := rapid.SampledFrom([]string{waiting, running, done, failed})
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(besideBar+shortestBar, 300).Draw(t, "width")
		r := row{
			name:  rapid.SampledFrom(stages).Draw(t, "name"),
			state: states.Draw(t, "state"),
			share: rapid.Float64Range(-1, 1).Draw(t, "share"),
			took:  time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "took")),
			note:  "3840×2160, 59.94 fps, 59999.9 s",
		}
		for _, line := range (style{terminal.Style{Width: width}}).lines([]row{r}) {
			if n := len([]rune(line)); n > width {
				t.Fatalf("%d columns on a terminal of %d: %q", n, width, line)
			}
			if strokes := strings.Count(line, "━") + strings.Count(line, "─"); strokes < shortestBar || strokes > longestBar {
				t.Fatalf("a bar of %d: %q", strokes, line)
			}
		}
	})
}

func TestBytesText(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 5_300_000: "5.3 MB", 8 << 30: "8.59 GB",
	} {
		if got := bytesText(n); got != want {
			t.Errorf("bytesText(%d) = %q, want %q", n, got, want)
		}
	}
}
