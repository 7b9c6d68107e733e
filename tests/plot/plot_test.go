package plot_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/tests/plot"
)

var updateGolden = flag.Bool("update", false, "write the golden files anew")

// burstFigure has a queue depth that rises, stays and falls, and the number of workers that follows it.
func burstFigure() plot.Figure {
	var depth, workers, limit []plot.Point
	for i := range 100 {
		t := float64(i)
		n := min(3*t, 90, 3*max(0, 90-t))
		depth = append(depth, plot.Point{At: t, Value: n})
		workers = append(workers, plot.Point{At: t, Value: min(n, 2+float64(i/50))})
		limit = append(limit, plot.Point{At: t, Value: 2 + float64(i/50)})
	}
	return plot.Figure{
		Title: "A burst & what follows", Note: "of a test", TimeLabel: "since it began", Seconds: 100,
		Panels: []plot.Panel{
			{Title: "messages waiting", Lines: []plot.Line{{Name: "encode", Hue: plot.Blue, Points: depth}}},
			{Title: "workers", Lines: []plot.Line{
				{Name: "at work", Hue: plot.Blue, Points: workers},
				{Name: "at most", Hue: plot.Blue, Dashed: true, Points: limit},
			}},
			{Title: "% of videos ready", AxisTop: 100, Lines: []plot.Line{
				{
					Name: "late", Hue: plot.Orange,
					Points: []plot.Point{{At: 50, Value: 25}, {At: 70, Value: 100}},
				},
				{Name: "never", Hue: plot.Green},
				{Hue: plot.Grey, Points: []plot.Point{{At: 5, Value: 5}, {At: 80, Value: 5}}},
			}},
		},
	}
}

// exampleDotPlot compares two series in two cases.
func exampleDotPlot() plot.DotPlot {
	return plot.DotPlot{
		Title: "Who waits", Note: "of a test", AxisLabel: "seconds", HollowLabel: "as it was", FullLabel: "as it is",
		Groups: []plot.DotGroup{
			{
				Name: "calm",
				Rows: []plot.DotRow{
					{Name: "ours", Hue: plot.Blue, Hollow: 2, Full: 0.5},
					{Name: "theirs", Hue: plot.Orange, Hollow: 20, Full: 30},
				},
			},
			{
				Name: "busy",
				Rows: []plot.DotRow{
					{Name: "ours", Hue: plot.Blue, Hollow: 7, Full: 7},
					{Name: "theirs", Hue: plot.Orange, Hollow: 1200, Full: 45},
				},
			},
		},
	}
}

func TestRenderingMatchesGoldenFiles(t *testing.T) {
	t.Parallel()
	for name, render := range map[string]func() ([]byte, error){
		"burst.svg": burstFigure().RenderSVG,
		"dots.svg":  exampleDotPlot().RenderSVG,
		"burst.txt": func() ([]byte, error) { return []byte(burstFigure().RenderText(60, 4, false)), nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden := filepath.Join("testdata", name)
			got, err := render()
			if err != nil {
				t.Fatal(err)
			}
			if *updateGolden {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestAnyFigureIsDrawn checks, for random figures, that the SVG is valid XML and that no graph is wider than asked for.
func TestAnyFigureIsDrawn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := drawFigure(t)
		width := rapid.IntRange(20, 200).Draw(t, "width")
		for line := range strings.Lines(f.RenderText(width, 3, false)) {
			n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n"))
			if n > width && strings.ContainsAny(line, "┤┼") {
				t.Fatalf("%d columns of %d: %q", n, width, line)
			}
		}
		checkDrawing(t, f.RenderSVG)
	})
}

func TestAnyDotPlotIsDrawn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := exampleDotPlot()
		for range rapid.IntRange(0, 4).Draw(t, "groups") {
			value := func() float64 { return rapid.Float64Range(1e-3, 1e6).Draw(t, "value") }
			d.Groups = append(d.Groups, plot.DotGroup{
				Name: drawName(t, "name"), Rows: []plot.DotRow{{Hollow: value(), Full: value()}},
			})
		}
		checkDrawing(t, d.RenderSVG)
	})
	checkDrawing(t, plot.DotPlot{}.RenderSVG)
}

// drawName draws a name or a title of printable characters.
func drawName(t *rapid.T, label string) string {
	return rapid.StringMatching(`[ -~éß—]{0,30}`).Draw(t, label)
}

func drawFigure(t *rapid.T) plot.Figure {
	f := plot.Figure{Title: drawName(t, "title"), Seconds: rapid.Float64Range(0, 1e5).Draw(t, "span")}
	for range rapid.IntRange(0, 3).Draw(t, "panels") {
		p := plot.Panel{Title: "messages waiting", AxisTop: rapid.Float64Range(0, 1e6).Draw(t, "most")}
		for range rapid.IntRange(0, 9).Draw(t, "lines") {
			p.Lines = append(p.Lines, drawLine(t, f.Seconds))
		}
		f.Panels = append(f.Panels, p)
	}
	return f
}

func drawLine(t *rapid.T, span float64) plot.Line {
	l := plot.Line{
		Name: drawName(t, "name"), Hue: plot.Hue(rapid.IntRange(0, int(plot.Grey)).Draw(t, "hue")),
		Dashed: rapid.Bool().Draw(t, "dashed"),
	}
	at := 0.0
	for range rapid.IntRange(0, 50).Draw(t, "points") {
		at += rapid.Float64Range(0, span/20).Draw(t, "later")
		l.Points = append(l.Points, plot.Point{At: at, Value: rapid.Float64Range(0, 1e6).Draw(t, "value")})
	}
	return l
}

// checkDrawing fails if a drawing is not valid XML.
func checkDrawing(t interface{ Fatal(...any) }, render func() ([]byte, error)) {
	svg, err := render()
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		switch _, err := d.Token(); {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			t.Fatal(err)
		}
	}
}
