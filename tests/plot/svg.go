package plot

import (
	"bytes"
	"cmp"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Sizes of a drawing, in points.
const (
	pageWidth   = 690
	panelHeight = 150
	headHeight  = 50 // for title and note
	padding     = 8
)

// RenderSVG draws the figure. It fails if a value is not finite.
func (f Figure) RenderSVG() ([]byte, error) {
	var rows [][]*plot.Plot
	for _, panel := range f.Panels {
		p, err := f.newPanelPlot(panel)
		if err != nil {
			return nil, err
		}
		rows = append(rows, []*plot.Plot{p})
	}
	if len(rows) > 0 {
		rows[len(rows)-1][0].X.Label.Text = f.TimeLabel
	}
	return renderRows(f.Title, f.Note, rows, panelHeight)
}

// newPanelPlot returns the plot of a panel, with its lines in steps.
func (f Figure) newPanelPlot(panel Panel) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = panel.Title
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, max(1, f.Seconds), 0, max(1, panel.AxisTop)
	p.X.Tick.Marker = plot.TickerFunc(computeTicks)
	p.Legend.Top, p.Legend.TextStyle.Font.Size = true, 10
	p.Add(plotter.NewGrid())
	for _, l := range panel.Lines {
		if len(l.Points) == 0 {
			continue
		}
		xys := make(plotter.XYs, len(l.Points))
		for i, at := range l.Points {
			xys[i] = plotter.XY{X: at.At, Y: at.Value}
		}
		line, err := plotter.NewLine(xys)
		if err != nil {
			return nil, err
		}
		line.StepStyle, line.Color, line.Width = plotter.PostStep, palette[l.Hue].page, vg.Points(1.5)
		if l.Dashed {
			line.Dashes = []vg.Length{vg.Points(5), vg.Points(4)}
		}
		p.Add(line)
		if l.Name != "" {
			p.Legend.Add(l.Name, line)
		}
	}
	p.Y.Max *= 1.25 // room for the legend
	return p, nil
}

// renderRows draws plots of one height below each other, under a title and a note.
func renderRows(title, note string, rows [][]*plot.Plot, height vg.Length) ([]byte, error) {
	pageHeight := headHeight + vg.Length(max(1, len(rows)))*height
	canvas := vgsvg.New(pageWidth, pageHeight)
	page := draw.New(canvas)
	page.FillPolygon(color.White, []vg.Point{{}, {X: pageWidth}, {X: pageWidth, Y: pageHeight}, {Y: pageHeight}})
	head := plot.New().Title.TextStyle
	head.XAlign = draw.XLeft
	for i, text := range []string{title, note} {
		head.Font.Size = vg.Points(float64(14 - 3*i))
		page.FillText(head, vg.Point{X: padding, Y: pageHeight - vg.Length(i+1)*2*padding}, cmp.Or(text, " "))
	}
	tiles := draw.Tiles{
		Rows: len(rows), Cols: 1, PadY: padding, PadTop: headHeight, PadLeft: padding, PadRight: 2 * padding,
		PadBottom: padding,
	}
	if len(rows) > 0 {
		for i, tile := range plot.Align(rows, tiles, page) {
			rows[i][0].Draw(tile[0])
		}
	}
	var out bytes.Buffer
	_, err := canvas.WriteTo(&out)
	return out.Bytes(), err
}
