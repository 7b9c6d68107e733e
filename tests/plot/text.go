package plot

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"sluice/tests/terminal"
)

// blocks fill an eighth of a cell more each.
var blocks = []rune(" ▁▂▃▄▅▆▇█")

const (
	numbers = 7 // columns before a band
	dash    = '╌'
)

// Text draws the figure in characters: for each line that has a name a band of some rows, half as many in a low panel,
// with its limit, the dashed line of the same hue, over it. No line is wider than width.
func (f Figure) Text(width, rows int, color bool) string {
	var out strings.Builder
	columns := max(10, width-numbers-1)
	for _, p := range f.Panels {
		top, _ := p.most()
		for _, l := range p.Lines {
			if !l.Dashed && l.Name != "" {
				band{f, p, l, top, columns, p.rows(rows), color}.draw(&out)
			}
		}
	}
	out.WriteString(strings.Repeat(" ", numbers) + f.ruler(columns) + "\n")
	return out.String()
}

// rows of a band, where a panel that is not low has n.
func (p Panel) rows(n int) int {
	if p.Low {
		return (n + 1) / 2
	}
	return n
}

// band is one line of a panel, as it is drawn in characters.
type band struct {
	f             Figure
	p             Panel
	l             Line
	top           float64
	columns, rows int
	color         bool
}

func (b band) draw(out *strings.Builder) {
	fmt.Fprintf(out, "%*s%s\n", numbers, "", terminal.Clip(b.p.Title+": "+b.l.Name, b.columns))
	values, _ := b.l.columns(b.f.Span, b.columns)
	limits := b.limits()
	for row := b.rows - 1; row >= 0; row-- {
		label := ""
		switch {
		case row == b.rows-1:
			label = number(b.top, b.p.Unit)
		case row == 0:
			label = "0"
		}
		cells := make([]rune, b.columns)
		for i := range cells {
			cells[i] = b.cell(values[i], limits[i], row)
		}
		line := strings.TrimRight(string(cells), " ")
		if b.color && line != "" {
			line = fmt.Sprintf("\x1b[38;5;%dm%s\x1b[0m", palette[b.l.Hue].terminal, line)
		}
		fmt.Fprintf(out, "%*s%s┤%s\n", max(0, numbers-1-utf8.RuneCountInString(label)), "", label, line)
	}
}

// limits are the dashed line's values, negative where there is none.
func (b band) limits() []float64 {
	out := make([]float64, b.columns)
	for i := range out {
		out[i] = -1
	}
	for _, l := range b.p.Lines {
		if !l.Dashed || l.Hue != b.l.Hue {
			continue
		}
		values, ok := l.columns(b.f.Span, b.columns)
		for i := range values {
			if ok[i] {
				out[i] = values[i]
			}
		}
	}
	return out
}

// cell is the part of a bar that is in a row, counted from below. What is there at all is seen.
func (b band) cell(value, limit float64, row int) rune {
	eighths := int(math.Round(value / b.top * float64(8*b.rows)))
	if value > 0 {
		eighths = max(1, eighths)
	}
	full := min(8, max(0, eighths-8*row))
	if at := int(math.Ceil(limit/b.top*float64(b.rows))) - 1; full == 0 && limit > 0 && row == min(at, b.rows-1) {
		return dash
	}
	return blocks[full]
}

// ruler writes the times below all bands.
func (f Figure) ruler(columns int) string {
	line := []rune(strings.Repeat(" ", columns))
	at, step := ticks(f.Span, max(1, columns/12))
	for _, t := range at {
		text := []rune(clock(t, step))
		from := min(int(t/max(f.Span, 1e-9)*float64(columns)), columns-len(text))
		if from >= 0 {
			copy(line[from:], text)
		}
	}
	return strings.TrimRight(string(line), " ")
}
