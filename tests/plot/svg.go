package plot

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Sizes in pixels, for a figure in its original size.
const (
	pageWidth       = 920
	plotLeft        = 58 // left edge of the panels; the numbers of the axis are to the left of it
	plotRight       = pageWidth - 24
	plotWidth       = plotRight - plotLeft
	ruleSpacing     = 34 // approximate distance of grid lines
	legendRowHeight = 20 // of one row of the legend
	swatchWidth     = 26 // for the swatch beside a name
	legendGap       = 18 // after a name
	maxTimeMarks    = 8  // on the time axis
	baselineOffset  = 4  // from the middle of a letter to its baseline
)

// buildStylesheet returns the styles for light and dark pages. The figure has a background of its own, because the
// background of the page is not known.
func buildStylesheet() string {
	var light, dark strings.Builder
	for i, c := range palette {
		fmt.Fprintf(&light, ".h%d{stroke:%s}.f%d{fill:%s}", i, c.light, i, c.light)
		fmt.Fprintf(&dark, ".h%d{stroke:%s}.f%d{fill:%s}", i, c.dark, i, c.dark)
	}
	return `text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:#52514e}` +
		`.title{font-size:16px;font-weight:600}.head{font-size:13px;font-weight:600}.title,.head{fill:#161615}` +
		`.paper{fill:#fdfdfc}.grid{stroke:#e6e5df}.axis{stroke:#b5b3aa}` +
		`.ring{stroke-width:1.75}.line{fill:none;stroke-width:1.75;stroke-linejoin:round}.dashed{stroke-dasharray:5 4;stroke-width:1.5}.area{opacity:.13}` +
		light.String() +
		`@media(prefers-color-scheme:dark){text{fill:#c3c2b7}.title,.head{fill:#fff}` +
		`.paper{fill:#1a1a19}.grid{stroke:#31312e}.axis{stroke:#6b6a64}.area{opacity:.2}` + dark.String() + `}`
}

// svgWriter collects the elements of a drawing. y is the bottom of what is drawn.
type svgWriter struct {
	b strings.Builder
	y float64
}

// RenderSVG draws the figure.
func (f Figure) RenderSVG() string {
	var s svgWriter
	s.y = 30
	s.drawText(plotLeft, s.y, "title", f.Title)
	if f.Note != "" {
		s.y += 20
		s.drawText(plotLeft, s.y, "", f.Note)
	}
	s.y += 12
	for _, p := range f.Panels {
		s.drawPanel(f, p)
	}
	s.drawTimeAxis(f)
	return s.renderDocument(f.Title)
}

func (s *svgWriter) renderDocument(title string) string {
	return fmt.Sprintf(
		`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%.0f" viewBox="0 0 %d %.0f" role="img">`, pageWidth,
		s.y, pageWidth, s.y,
	) +
		"\n<title>" + escapeXML(title) + "</title>\n<style>" + buildStylesheet() + "</style>\n" +
		`<rect class="paper" width="100%" height="100%"/>` + "\n" + s.b.String() + "</svg>\n"
}

func (s *svgWriter) drawText(x, y float64, class, text string) {
	fmt.Fprintf(&s.b, `<text x="%.1f" y="%.1f" class="%s">%s</text>`+"\n", x, y, class, escapeXML(text))
}

func (s *svgWriter) drawAnchoredText(x, y float64, anchor, text string) {
	fmt.Fprintf(&s.b, `<text x="%.1f" y="%.1f" text-anchor="%s">%s</text>`+"\n", x, y, anchor, escapeXML(text))
}

func (s *svgWriter) drawRule(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(&s.b, `<path class="%s" d="M%.1f %.1fL%.1f %.1f"/>`+"\n", class, x1, y1, x2, y2)
}

func escapeXML(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // writing to a strings.Builder does not fail
	return b.String()
}

// panelAxes maps the values of a panel to coordinates of the page.
type panelAxes struct {
	seconds, top float64 // ends of the axes
	y, height    float64
}

func (a panelAxes) timeToX(t float64) float64 {
	return plotLeft + plotWidth*min(1, t/max(a.seconds, 1e-9))
}

func (a panelAxes) valueToY(value float64) float64 { return a.y + a.height*(1-min(1, value/a.top)) }

func (a panelAxes) bottomY() float64 { return a.y + a.height }

// drawPanel draws one panel below the previous ones.
func (s *svgWriter) drawPanel(f Figure, p Panel) {
	s.y += 24
	s.drawText(plotLeft, s.y, "head", p.Title)
	s.drawLegend(p)
	s.y += 10
	most, step := p.computeAxis()
	a := panelAxes{f.Seconds, most, s.y, ruleSpacing * p.ruleCount()}
	for i := 0; float64(i)*step <= most; i++ {
		y := a.valueToY(float64(i) * step)
		s.drawRule("grid", plotLeft, y, plotRight, y)
		s.drawAnchoredText(plotLeft-8, y+baselineOffset, "end", formatNumber(float64(i)*step, p.Unit))
	}
	at, _ := computeTicks(f.Seconds, maxTimeMarks)
	for _, t := range at {
		s.drawRule("grid", a.timeToX(t), a.y, a.timeToX(t), a.bottomY())
	}
	for _, l := range p.Lines {
		s.drawLine(a, l)
	}
	s.drawRule("axis", plotLeft, a.bottomY(), plotRight, a.bottomY())
	s.y = a.bottomY()
}

// drawLegend draws the names of the lines that have one, beside the panel's title if there is room, else below it.
func (s *svgWriter) drawLegend(p Panel) {
	total := 0.0
	named := slices.DeleteFunc(slices.Clone(p.Lines), func(l Line) bool { return l.Name == "" })
	for _, l := range named {
		total += swatchWidth + legendGap + estimateTextWidth(l.Name)
	}
	x := max(plotLeft, plotRight-total+legendGap)
	if x < plotLeft+estimateTextWidth(p.Title)*13/12+2*legendGap {
		x = plotLeft
		s.y += legendRowHeight
	}
	for _, l := range named {
		if x+swatchWidth+estimateTextWidth(l.Name) > plotRight+1 && x > plotLeft {
			x = plotLeft
			s.y += legendRowHeight
		}
		s.drawRule(l.cssClass(), x, s.y-baselineOffset, x+swatchWidth-8, s.y-baselineOffset)
		s.drawText(x+swatchWidth, s.y, "", l.Name)
		x += swatchWidth + legendGap + estimateTextWidth(l.Name)
	}
}

// estimateTextWidth returns an upper estimate of the width of a text in pixels. The font of the reader is not known.
func estimateTextWidth(text string) (width float64) {
	for _, r := range text {
		switch {
		case strings.ContainsRune("ijl.,:;'|!()tfr I-", r):
			width += 4.6
		case strings.ContainsRune("mwMW—", r):
			width += 11
		case unicode.IsUpper(r):
			width += 8.8
		default:
			width += 7.4
		}
	}
	return width
}

func (l Line) cssClass() string {
	class := fmt.Sprintf("line h%d", l.Hue)
	if l.Dashed {
		class += " dashed"
	}
	return class
}

// drawLine draws a line in steps, and the area below it unless the line is dashed or unfilled.
func (s *svgWriter) drawLine(a panelAxes, l Line) {
	values, ok := l.maxPerColumn(a.seconds, plotWidth)
	for i := 0; i < plotWidth; i++ {
		if !ok[i] {
			continue
		}
		from := i
		var d strings.Builder
		fmt.Fprintf(&d, "M%d %.1f", plotLeft+i, a.valueToY(values[i]))
		for ; i < plotWidth && ok[i]; i++ {
			if i > from && values[i] != values[i-1] {
				fmt.Fprintf(&d, "H%dV%.1f", plotLeft+i, a.valueToY(values[i]))
			}
		}
		fmt.Fprintf(&d, "H%d", plotLeft+i)
		if !l.Dashed && !l.Unfilled {
			fmt.Fprintf(&s.b, `<path class="area f%d" d="%sV%.1fH%dZ"/>`+"\n", l.Hue, d.String(), a.bottomY(),
				plotLeft+from)
		}
		fmt.Fprintf(&s.b, `<path class="%s" d="%s"/>`+"\n", l.cssClass(), d.String())
	}
}

// drawTimeAxis draws the labels of the time axis, which all panels share.
func (s *svgWriter) drawTimeAxis(f Figure) {
	s.y += 18
	all, step := computeTicks(f.Seconds, maxTimeMarks)
	for i, t := range all {
		x, anchor := (panelAxes{seconds: f.Seconds}).timeToX(t), "middle"
		if i > 0 && x > plotRight-swatchWidth {
			anchor = "end"
		}
		s.drawAnchoredText(x, s.y, anchor, formatClock(t, step))
	}
	s.y += 20
	s.drawAnchoredText(plotLeft+plotWidth/2, s.y, "middle", f.TimeLabel)
	s.y += 16
}
