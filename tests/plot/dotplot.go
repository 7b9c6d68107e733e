package plot

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// DotPlot compares series by one quantity in several cases: a group for each case, a row in it for each series, and in
// the row a hollow and a full dot at two values. The axis is logarithmic.
type DotPlot struct {
	Title                  string
	Note                   string
	AxisLabel              string // the quantity with its unit
	HollowLabel, FullLabel string // what the two dots mean, for the key
	Groups                 []DotGroup
}

// DotGroup is one case.
type DotGroup struct {
	Name string
	Rows []DotRow
}

// DotRow is one series in one case. A series has the same hue in all groups.
type DotRow struct {
	Name         string
	Hue          Hue
	Hollow, Full float64 // greater than 0
}

// Sizes of a dot plot, in points.
const (
	rowHeight  = 13 // from one row to the next
	dotRadius  = 3.5
	axisHeight = 50 // of the axis of values, with its label
)

// dotShapes are the shapes of the two dots of a row.
var dotShapes = []draw.GlyphDrawer{draw.RingGlyph{}, draw.CircleGlyph{}}

// RenderSVG draws the plot. It fails if a value is not finite.
func (d DotPlot) RenderSVG() ([]byte, error) {
	p := plot.New()
	p.X.Label.Text = d.AxisLabel
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	p.X.Min, p.X.Max = math.Inf(1), 0
	p.Legend.Top, p.Legend.Left = true, true
	p.Add(plotter.NewGrid())
	y, names, legendRows := 0.0, plot.ConstantTicks{}, 0
	for i, g := range d.Groups {
		names = append(names, plot.Tick{Value: y - float64(len(g.Rows)-1)/2, Label: g.Name})
		for _, r := range g.Rows {
			name := r.Name
			if i > 0 {
				name = ""
			}
			if err := addRow(p, r, y, name); err != nil {
				return nil, err
			}
			y--
		}
		y-- // a gap between groups
	}
	for i, label := range []string{d.HollowLabel, d.FullLabel} {
		p.Legend.Add(label, &plotter.Scatter{GlyphStyle: draw.GlyphStyle{
			Shape: dotShapes[i], Color: palette[Grey].page, Radius: dotRadius,
		}})
	}
	if len(d.Groups) == 0 {
		p.X.Min, p.X.Max = 1, 10
	} else {
		legendRows = 3 + len(d.Groups[0].Rows)
	}
	p.Y.Tick.Marker, p.Y.Min, p.Y.Max = names, y, float64(legendRows)
	return renderRows(d.Title, d.Note, [][]*plot.Plot{{p}}, axisHeight+vg.Length(float64(legendRows)-y)*rowHeight)
}

// addRow draws the two dots of a row and a line between them. If name is not empty, the legend gets an entry.
func addRow(p *plot.Plot, r DotRow, y float64, name string) error {
	ends := plotter.XYs{{X: r.Hollow, Y: y}, {X: r.Full, Y: y}}
	line, err := plotter.NewLine(ends)
	if err != nil {
		return err
	}
	line.Color = palette[r.Hue].page
	p.Add(line)
	for i, shape := range dotShapes {
		p.Add(&plotter.Scatter{XYs: ends[i : i+1], GlyphStyle: draw.GlyphStyle{
			Shape: shape, Color: line.Color, Radius: dotRadius,
		}})
	}
	if name != "" {
		p.Legend.Add(name, line)
	}
	return nil
}
