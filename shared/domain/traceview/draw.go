package traceview

import (
	"fmt"
	"strings"
)

// barWidth is the width of the bars in characters.
const barWidth = 50

// DrawText draws the waterfall for a terminal of 100 columns: a row for each span, with dots while its message waited,
// and, if steps is set, a row for each step. If there are more than most rows, those in the middle are left out and
// counted; 0 draws all.
func (w Waterfall) DrawText(steps bool, most int) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s in %s, %s, $%.5f%s\n", w.Video, formatCount(len(w.Spans), "span"), formatCount(w.Traces, "trace"), formatDuration(w.Duration), w.Cost, w.incompleteNote())
	if len(w.Spans) == 0 {
		return out.String()
	}
	fmt.Fprintf(&out, "%9s %9s\n", "at", "for")
	var rows []string
	for _, s := range w.Spans {
		rows = append(rows, w.formatRow(s.Start, s.Duration, s.Wait, s.Service+s.formatMarks()))
		if steps {
			rows = w.appendSteps(rows, s.Steps, "  ")
		}
	}
	if cut := len(rows) - most; most > 0 && cut > 0 {
		head := (most + 1) / 2
		left := fmt.Sprintf("%20s … %s left out …", "", formatCount(cut, "row"))
		rows = append(append(rows[:head:head], left), rows[head+cut:]...)
	}
	for _, row := range rows {
		out.WriteString(row + "\n")
	}
	return out.String()
}

func (w Waterfall) incompleteNote() string {
	if w.Complete {
		return ""
	}
	return ", and there may be more to come"
}

func (w Waterfall) appendSteps(rows []string, steps []Step, indent string) []string {
	for len(steps) > 0 {
		s, n := steps[0], countAlike(steps)
		label := indent + s.Name + s.Status.formatMark()
		if n > 1 {
			s, label = mergeSteps(steps[:n]), fmt.Sprintf("%s ×%d", label, n)
		}
		rows = append(rows, w.formatRow(s.Start, s.Duration, 0, label))
		rows, steps = w.appendSteps(rows, s.Steps, indent+"  "), steps[n:]
	}
	return rows
}

// countAlike returns how many steps at the beginning are alike and share a row, as uploads of segments do.
func countAlike(steps []Step) (n int) {
	first := steps[0]
	for n < len(steps) && steps[n].Name == first.Name && steps[n].Status == first.Status && len(steps[n].Steps) == 0 {
		n++
	}
	return max(n, 1)
}

// mergeSteps returns one step from the start of the first to the end of the last one.
func mergeSteps(steps []Step) Step {
	end := 0.0
	for _, s := range steps {
		end = max(end, s.Start+s.Duration)
	}
	return Step{Start: steps[0].Start, Duration: end - steps[0].Start}
}

func (w Waterfall) formatRow(start, length, wait float64, label string) string {
	return strings.TrimRight(fmt.Sprintf("%9s %9s │%s│ %s", formatDuration(start), formatDuration(length), w.drawBar(start, length, wait), label), " ")
}

// drawBar returns the bar of a row, with at least one mark.
func (w Waterfall) drawBar(start, length, wait float64) string {
	at := func(ms float64) int { return int(ms / max(w.Duration, 1e-3) * barWidth) }
	from := min(max(at(start), 0), barWidth-1)
	to := min(max(at(start+length), from+1), barWidth)
	sent := min(max(at(start-wait), 0), from)
	return strings.Repeat(" ", sent) + strings.Repeat("·", from-sent) + strings.Repeat("█", to-from) + strings.Repeat(" ", barWidth-to)
}

// formatMarks returns what is unusual about a span: a later attempt, a cold start, a failure.
func (s Span) formatMarks() string {
	var out strings.Builder
	if s.Attempt > 1 {
		fmt.Fprintf(&out, " attempt %d", s.Attempt)
	}
	if s.ColdStart {
		out.WriteString(" cold")
	}
	out.WriteString(s.Status.formatMark())
	if s.Code != "" {
		out.WriteString(" " + s.Code)
	}
	return out.String()
}

func (s Status) formatMark() string {
	if s == StatusOK {
		return ""
	}
	return " " + strings.ToUpper(string(s))
}

// formatDuration returns milliseconds as text, with a unit.
func formatDuration(ms float64) string {
	if ms < 9999.5 {
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.1f s", ms/1e3)
}

func formatCount(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}
