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

var updateGolden = flag.Bool("update", false, "write the golden files of testdata anew")

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func secondsAfterNoon(s float64) *time.Time {
	t := noon.Add(toDuration(s))
	return &t
}

// timedView is a progress and the time at which it is drawn.
type timedView struct {
	progressView
	now time.Time
}

// makeVideo returns a video in a state whose progress is at the given stage.
func makeVideo(state, at string, tasks, of int, list ...client.Stage) *client.Video {
	v := &client.Video{ID: "vid_1", State: state, Stages: list}
	v.Progress = client.Progress{Stage: at, TasksDone: tasks, TasksTotal: of}
	if state == "processing" || state == "playable" || state == "ready" {
		v.Media = &client.Media{Width: 1280, Height: 720, Duration: 5.312, FrameRate: 25}
		v.Renditions = []string{"720p", "540p", "360p"}
	}
	if state == "ready" {
		v.CreatedAt, v.PlayableAt = noon, *secondsAfterNoon(3.4)
		v.Playback = client.Playback{ID: "p", HLS: "http://h/p/public/p/master.m3u8", WatchPage: "http://h/watch/p"}
	}
	return v
}

func doneStage(name string, s float64) client.Stage {
	return client.Stage{Name: name, State: stateDone, Seconds: s}
}

func runningStage(name string, at float64) client.Stage {
	return client.Stage{Name: name, State: stateRunning, Started: secondsAfterNoon(at)}
}

func failedStage(name string, s float64) client.Stage {
	return client.Stage{Name: name, State: stateFailed, Seconds: s}
}

// scenarios returns the possible courses of a video, step by step.
func scenarios() map[string][]timedView {
	sending := func(sent int64, s float64) timedView {
		return timedView{progressView{Sent: sent, Total: 5_300_000, Began: noon}, *secondsAfterNoon(s)}
	}
	seen := func(v *client.Video, s float64) timedView {
		return timedView{
			progressView{Sent: 5_300_000, Total: 5_300_000, Began: noon, Ended: *secondsAfterNoon(0.9), Video: v},
			*secondsAfterNoon(s),
		}
	}
	beginning := []timedView{sending(0, 0), sending(2_600_000, 0.4), sending(5_300_000, 0.85), seen(nil, 0.9),
		seen(makeVideo("waiting", "upload", 0, 0, runningStage("upload", 0)), 0.95),
		seen(makeVideo("uploaded", "inspect", 0, 0, doneStage("upload", 0.8), runningStage("inspect", 0.8)), 1.2)}
	with := func(rest ...timedView) []timedView { return append(beginning[:len(beginning):len(beginning)], rest...) }
	up, in := doneStage("upload", 0.8), doneStage("inspect", 0.3)
	refused := makeVideo("failed", "inspect", 0, 0, up, failedStage("inspect", 0.3))
	return map[string][]timedView{
		"ready": with(
			seen(makeVideo("processing", "encode", 0, 11, up, in, runningStage("encode", 1.1)), 1.4),
			seen(makeVideo("processing", "encode", 5, 11, up, in, runningStage("encode", 1.1)), 3.2),
			seen(makeVideo("playable", "encode", 8, 11, up, in, runningStage("encode", 1.1)), 4.1),
			seen(
				makeVideo(
					"processing", "publish", 11, 11, up, in, doneStage("encode", 4.1), runningStage("publish", 5.2),
				),
				5.25,
			),
			seen(makeVideo("ready", "done", 11, 11, up, in, doneStage("encode", 4.1), doneStage("publish", 0.1)), 5.5)),
		"quick": with(seen(
			makeVideo("ready", "done", 2, 2, up, in, doneStage("encode", 0.6), doneStage("publish", 0)), 2,
		)),
		"refused": with(seen(refused, 1.5)),
		"broken":  with(seen(makeVideo("failed", "encode", 3, 4, up, in, failedStage("encode", 2)), 3.2)),
	}
}

func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *updateGolden {
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

func TestTerminalLinesMatchGoldenFiles(t *testing.T) {
	t.Parallel()
	for _, look := range []struct {
		name string
		rowStyle
	}{
		{"wide", rowStyle{terminal.Style{Width: 79}}}, {"narrow", rowStyle{terminal.Style{Width: 59}}},
		{"color", rowStyle{terminal.Style{Width: 99, Color: true}}},
	} {
		for scenario, moments := range scenarios() {
			t.Run(scenario+" "+look.name, func(t *testing.T) {
				t.Parallel()
				var out strings.Builder
				for _, v := range moments {
					fmt.Fprintf(
						&out, "at %.2f s\n%s\n", v.now.Sub(noon).Seconds(),
						strings.Join(look.renderRows(v.buildRows(v.now)), "\n"),
					)
				}
				compareGolden(t, scenario+"."+look.name, strings.ReplaceAll(out.String(), "\x1b", "ESC"))
			})
		}
	}
}

func TestPlainLinesMatchGoldenFiles(t *testing.T) {
	t.Parallel()
	for scenario, moments := range scenarios() {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			var now time.Time
			p := newPlainDisplay(&out, func() time.Time { return now })
			for _, v := range moments {
				now = v.now
				p.showProgress(v.progressView)
				p.showProgress(v.progressView) // no change, no line
			}
			compareGolden(t, scenario+".plain", out.String())
		})
	}
}

func TestSummaryListsLinksAndStageTimes(t *testing.T) {
	t.Parallel()
	moments := scenarios()["ready"]
	want := []string{
		"watch http://h/p/public/p/master.m3u8", "page http://h/watch/p", "studio http://h/studio", "state ready",
		"upload 0.8 s", "inspect 0.3 s", "encode 4.1 s", "publish 0.1 s", "playable after 3.4 s", "total 5.3 s",
	}
	if diff := cmp.Diff(want, renderSummary(*moments[len(moments)-1].Video)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLinesFitTerminalWidth(t *testing.T) {
	t.Parallel()
	states := rapid.SampledFrom([]string{stateWaiting, stateRunning, stateDone, stateFailed})
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(fixedWidth+minBarWidth, 300).Draw(t, "width")
		s := stageProgress{
			name:    rapid.SampledFrom(stageNames).Draw(t, "name"),
			state:   states.Draw(t, "state"),
			share:   rapid.Float64Range(-1, 1).Draw(t, "share"),
			elapsed: time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "took")),
			note:    "3840×2160, 59.94 fps, 59999.9 s",
		}
		for _, line := range (rowStyle{terminal.Style{Width: width}}).renderRows([]stageProgress{s}) {
			if n := len([]rune(line)); n > width {
				t.Fatalf("%d columns on a terminal of %d: %q", n, width, line)
			}
			if strokes := strings.Count(line, "━") + strings.Count(line, "─"); strokes < minBarWidth ||
				strokes > maxBarWidth {
				t.Fatalf("a bar of %d: %q", strokes, line)
			}
		}
	})
}

func TestFormatBytesUsesDecimalUnits(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 5_300_000: "5.3 MB", 8 << 30: "8.59 GB",
	} {
		if got := formatBytes(n); got != want {
			t.Errorf("bytesText(%d) = %q, want %q", n, got, want)
		}
	}
}
