package plot

import (
	"math"
	"strings"

	"github.com/guptarohit/asciigraph"
)

// numberWidth is the number of columns to the left of a graph, for the numbers of its axis.
const numberWidth = 10

// RenderText draws the figure in characters, each panel with its title and a number of rows. The graphs, without
// titles and legends, are at most width columns wide.
func (f Figure) RenderText(width, rows int, color bool) string {
	var out strings.Builder
	columns := max(10, width-numberWidth)
	for _, p := range f.Panels {
		var data [][]float64
		var names []string
		var colors []asciigraph.AnsiColor
		for _, l := range p.Lines {
			if l.Name == "" || len(l.Points) == 0 {
				continue
			}
			data, names = append(data, l.sampleColumns(f.Seconds, columns)), append(names, l.Name)
			colors = append(colors, asciigraph.AnsiColor(palette[l.Hue].terminal))
		}
		if len(data) == 0 {
			continue
		}
		options := []asciigraph.Option{
			asciigraph.Height(rows), asciigraph.Precision(0), asciigraph.LowerBound(0),
			asciigraph.UpperBound(max(1, p.AxisTop)), asciigraph.Caption(p.Title + ": " + strings.Join(names, ", ")),
			asciigraph.XAxisRange(0, f.Seconds),
			asciigraph.XAxisValueFormatter(func(s float64) string { return formatClock(s, 1) }),
		}
		if color {
			options = append(options, asciigraph.SeriesColors(colors...), asciigraph.SeriesLegends(names...))
		}
		out.WriteString(asciigraph.PlotMany(data, options...) + "\n\n")
	}
	return out.String()
}

// sampleColumns divides the time span into n equal columns and returns the line's highest value in each. It is not a
// number in columns before the first point.
func (l Line) sampleColumns(span float64, n int) []float64 {
	values, next, last := make([]float64, n), 0, math.NaN()
	for i := range n {
		values[i] = last
		for ; next < len(l.Points) && (l.Points[next].At < span*float64(i+1)/float64(n) || i == n-1); next++ {
			last = l.Points[next].Value
			if !(values[i] > last) {
				values[i] = last
			}
		}
	}
	return values
}
