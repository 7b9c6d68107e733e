package plot

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"sluice/tests/terminal"
)

// blockRunes are cells that are filled by zero to eight eighths.
var blockRunes = []rune(" ▁▂▃▄▅▆▇█")

const (
	numberWidth = 7 // columns to the left of a band, for its numbers
	limitRune   = '╌'
)

// RenderText draws the figure in characters: a band of rows for each line that has a name, or half of the rows in a
// panel of half height. A dashed line of the same hue is drawn over the band as its limit. No line of text is wider
// than width.
func (f Figure) RenderText(width, rows int, color bool) string {
	var out strings.Builder
	columns := max(10, width-numberWidth-1)
	for _, p := range f.Panels {
		top, _ := p.computeAxis()
		for _, l := range p.Lines {
			if !l.Dashed && l.Name != "" {
				textBand{f, p, l, top, columns, p.bandRows(rows), color}.writeRows(&out)
			}
		}
	}
	out.WriteString(strings.Repeat(" ", numberWidth) + f.renderTimeRuler(columns) + "\n")
	return out.String()
}

// bandRows returns the number of rows of a band, if a panel of full height has n.
func (p Panel) bandRows(n int) int {
	if p.HalfHeight {
		return (n + 1) / 2
	}
	return n
}

// textBand is one line of a panel as it is drawn in characters.
type textBand struct {
	figure        Figure
	panel         Panel
	line          Line
	top           float64
	columns, rows int
	color         bool
}

func (b textBand) writeRows(out *strings.Builder) {
	fmt.Fprintf(out, "%*s%s\n", numberWidth, "", terminal.TruncateText(b.panel.Title+": "+b.line.Name, b.columns))
	values, _ := b.line.maxPerColumn(b.figure.Seconds, b.columns)
	limits := b.limitValues()
	for row := b.rows - 1; row >= 0; row-- {
		label := ""
		switch {
		case row == b.rows-1:
			label = formatNumber(b.top, b.panel.Unit)
		case row == 0:
			label = "0"
		}
		cells := make([]rune, b.columns)
		for i := range cells {
			cells[i] = b.cellRune(values[i], limits[i], row)
		}
		line := strings.TrimRight(string(cells), " ")
		if b.color && line != "" {
			line = fmt.Sprintf("\x1b[38;5;%dm%s\x1b[0m", palette[b.line.Hue].terminal, line)
		}
		fmt.Fprintf(out, "%*s%s┤%s\n", max(0, numberWidth-1-utf8.RuneCountInString(label)), "", label, line)
	}
}

// limitValues returns the value of the dashed line in each column, or -1 where it has none.
func (b textBand) limitValues() []float64 {
	out := make([]float64, b.columns)
	for i := range out {
		out[i] = -1
	}
	for _, l := range b.panel.Lines {
		if !l.Dashed || l.Hue != b.line.Hue {
			continue
		}
		values, ok := l.maxPerColumn(b.figure.Seconds, b.columns)
		for i := range values {
			if ok[i] {
				out[i] = values[i]
			}
		}
	}
	return out
}

// cellRune returns the part of a bar that lies in a row, counted from the bottom. Any value above 0 is visible.
func (b textBand) cellRune(value, limit float64, row int) rune {
	eighths := int(math.Round(value / b.top * float64(8*b.rows)))
	if value > 0 {
		eighths = max(1, eighths)
	}
	full := min(8, max(0, eighths-8*row))
	if at := int(math.Ceil(limit/b.top*float64(b.rows))) - 1; full == 0 && limit > 0 && row == min(at, b.rows-1) {
		return limitRune
	}
	return blockRunes[full]
}

// renderTimeRuler returns the labels of the time axis below all bands.
func (f Figure) renderTimeRuler(columns int) string {
	line := []rune(strings.Repeat(" ", columns))
	at, step := computeTicks(f.Seconds, max(1, columns/12))
	for _, t := range at {
		text := []rune(formatClock(t, step))
		from := min(int(t/max(f.Seconds, 1e-9)*float64(columns)), columns-len(text))
		if from >= 0 {
			copy(line[from:], text)
		}
	}
	return strings.TrimRight(string(line), " ")
}
