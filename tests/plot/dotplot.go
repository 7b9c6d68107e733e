package plot

import (
	"fmt"
	"math"
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

// Sizes in pixels.
const (
	groupNameWidth = 110 // column for the names of groups
	rowHeight      = 15  // from one row to the next
	groupGap       = 18  // between groups
	dotRadius      = 4.5
	logBase        = 10 // of the axis: one mark for each power
)

// RenderSVG draws the plot.
func (d DotPlot) RenderSVG() string {
	var s svgWriter
	s.y = 30
	s.drawText(plotLeft, s.y, "title", d.Title)
	s.y += 20
	s.drawText(plotLeft, s.y, "", d.Note)
	s.y += 8
	if len(d.Groups) > 0 {
		s.drawKey(d)
	}
	low, high := d.axisPowers()
	top := s.y + groupGap/2
	s.y = top
	var body svgWriter
	body.y = top
	for _, g := range d.Groups {
		body.drawGroup(g, low, high)
	}
	for p := low; p <= high; p++ {
		x := logPosition(math.Pow(logBase, float64(p)), low, high)
		s.drawRule("grid", x, top, x, body.y)
		s.drawAnchoredText(x, body.y+18, "middle", formatNumber(math.Pow(logBase, float64(p)), ""))
	}
	s.b.WriteString(body.b.String())
	s.drawAnchoredText((plotLeft+groupNameWidth+plotRight)/2, body.y+38, "middle", d.AxisLabel)
	s.y = body.y + 54
	return s.renderDocument(d.Title)
}

// axisPowers returns the exponents of the powers of ten between which all values lie.
func (d DotPlot) axisPowers() (low, high int) {
	least, most := math.Inf(1), 0.0
	for _, g := range d.Groups {
		for _, r := range g.Rows {
			least, most = min(least, r.Hollow, r.Full), max(most, r.Hollow, r.Full)
		}
	}
	if most <= 0 {
		return 0, 1
	}
	low = int(math.Floor(math.Log10(least)))
	return low, max(low+1, int(math.Ceil(math.Log10(most))))
}

// logPosition returns the x coordinate of a value on an axis from 10^low to 10^high.
func logPosition(value float64, low, high int) float64 {
	return plotLeft + groupNameWidth + (plotRight-plotLeft-groupNameWidth)*(math.Log10(value)-float64(low))/float64(
		high-low,
	)
}

// drawKey draws the names of the rows, which are the same in all groups, and the meaning of the dots.
func (s *svgWriter) drawKey(d DotPlot) {
	s.y += legendRowHeight
	x := float64(plotLeft)
	for _, r := range d.Groups[0].Rows {
		s.drawDot(x+dotRadius, s.y-baselineOffset, r.Hue, true)
		s.drawText(x+3*dotRadius, s.y, "", r.Name)
		x += 3*dotRadius + legendGap + estimateTextWidth(r.Name)
	}
	s.y += legendRowHeight
	s.drawDot(plotLeft+dotRadius, s.y-baselineOffset, Grey, false)
	s.drawText(plotLeft+3*dotRadius, s.y, "", d.HollowLabel)
	x = plotLeft + 3*dotRadius + legendGap + estimateTextWidth(d.HollowLabel)
	s.drawDot(x+dotRadius, s.y-baselineOffset, Grey, true)
	s.drawText(x+3*dotRadius, s.y, "", d.FullLabel)
}

func (s *svgWriter) drawGroup(g DotGroup, low, high int) {
	s.y += groupGap / 2
	middle := s.y + rowHeight*float64(len(g.Rows))/2
	s.drawText(plotLeft, middle+baselineOffset, "head", g.Name)
	for _, r := range g.Rows {
		s.y += rowHeight
		y := s.y - rowHeight/2
		from, to := logPosition(r.Hollow, low, high), logPosition(r.Full, low, high)
		fmt.Fprintf(&s.b, `<path class="line h%d" d="M%.1f %.1fH%.1f"/>`+"\n", r.Hue, from, y, to)
		s.drawDot(from, y, r.Hue, false)
		s.drawDot(to, y, r.Hue, true)
	}
	s.y += groupGap / 2
	s.drawRule("grid", plotLeft, s.y, plotRight, s.y)
}

// drawDot draws a dot. A hollow one covers the line below it.
func (s *svgWriter) drawDot(x, y float64, hue Hue, full bool) {
	class := fmt.Sprintf("paper ring h%d", hue)
	if full {
		class = fmt.Sprintf("f%d", hue)
	}
	fmt.Fprintf(&s.b, `<circle class="%s" cx="%.1f" cy="%.1f" r="%.1f"/>`+"\n", class, x, y, dotRadius)
}
