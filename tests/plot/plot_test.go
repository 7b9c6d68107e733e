package plot_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
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
			{Title: "workers", HalfHeight: true, Lines: []plot.Line{
				{Name: "at work", Hue: plot.Blue, Points: workers},
				{Name: "at most", Hue: plot.Blue, Dashed: true, Points: limit},
			}},
			{Title: "videos ready", Unit: "%", AxisTop: 100, Lines: []plot.Line{
				{
					Name: "late", Hue: plot.Orange, Unfilled: true,
					Points: []plot.Point{{At: 50, Value: 25}, {At: 70, Value: 100}},
				},
				{Name: "never", Hue: plot.Green},
				{Hue: plot.Grey, Unfilled: true, Points: []plot.Point{{At: 5, Value: 5}, {At: 80, Value: 5}}},
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
	for name, got := range map[string]string{
		"burst.svg": burstFigure().RenderSVG(),
		"dots.svg":  exampleDotPlot().RenderSVG(),
		"burst.txt": burstFigure().RenderText(60, 3, false),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden := filepath.Join("testdata", name)
			if *updateGolden {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestAnyFigureStaysWithinPage checks, for random figures, that the SVG is valid XML, that its text lies on the page,
// and that no line of text is too wide.
func TestAnyFigureStaysWithinPage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := drawFigure(t)
		width := rapid.IntRange(20, 200).Draw(t, "width")
		for line := range strings.Lines(f.RenderText(width, 3, false)) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
				t.Fatalf("%d columns of %d: %q", n, width, line)
			}
		}
		if err := checkCoordinates(f.RenderSVG()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAnyDotPlotStaysWithinPage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := exampleDotPlot()
		for range rapid.IntRange(0, 4).Draw(t, "groups") {
			value := func() float64 { return rapid.Float64Range(1e-3, 1e6).Draw(t, "value") }
			d.Groups = append(
				d.Groups,
				plot.DotGroup{
					Name: rapid.String().Draw(t, "name"), Rows: []plot.DotRow{{Hollow: value(), Full: value()}},
				},
			)
		}
		if err := checkCoordinates(d.RenderSVG()); err != nil {
			t.Fatal(err)
		}
	})
	if err := checkCoordinates(plot.DotPlot{}.RenderSVG()); err != nil {
		t.Error(err)
	}
}

func drawFigure(t *rapid.T) plot.Figure {
	f := plot.Figure{Title: rapid.String().Draw(t, "title"), Seconds: rapid.Float64Range(0, 1e5).Draw(t, "span")}
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
		Name: rapid.StringN(0, 30, 90).Draw(t, "name"), Hue: plot.Hue(rapid.IntRange(0, int(plot.Grey)).Draw(t, "hue")),
		Dashed: rapid.Bool().Draw(t, "dashed"),
	}
	at := 0.0
	for range rapid.IntRange(0, 50).Draw(t, "points") {
		at += rapid.Float64Range(0, span/20).Draw(t, "later")
		l.Points = append(l.Points, plot.Point{At: at, Value: rapid.Float64Range(0, 1e6).Draw(t, "value")})
	}
	return l
}

// checkCoordinates fails if a text or a circle of a drawing lies outside the page.
func checkCoordinates(svg string) error {
	width, height := 0.0, 0.0
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch e.Name.Local {
		case "svg":
			width, height = floatAttribute(e, "width"), floatAttribute(e, "height")
		case "text", "circle":
			x, y := floatAttribute(e, "x")+floatAttribute(e, "cx"), floatAttribute(e, "y")+floatAttribute(e, "cy")
			if x < 0 || x > width || y < 0 || y > height {
				return fmt.Errorf("%v at %v, %v of a page of %v × %v", e, x, y, width, height)
			}
		}
	}
}

func floatAttribute(e xml.StartElement, name string) (x float64) {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			_, _ = fmt.Sscan(a.Value, &x)
		}
	}
	return x
}
