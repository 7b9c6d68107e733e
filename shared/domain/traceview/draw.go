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
	note := ""
	if !w.Complete {
		note = ", and there may be more to come"
	}
	fmt.Fprintf(&out, "%s: %s in %s, %s, $%.5f%s\n", w.Video, formatCount(len(w.Spans), "span"),
		formatCount(w.Traces, "trace"), formatDuration(w.Duration), w.Cost, note)
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

// appendSteps adds a row for each step. Steps that are alike, as uploads of segments are, share a row, from the start
// of the first to the end of the last one.
func (w Waterfall) appendSteps(rows []string, steps []Step, indent string) []string {
	for len(steps) > 0 {
		s, n := steps[0], 1
		end := s.Start + s.Duration
		for ; n < len(steps) && steps[n].Name == s.Name && steps[n].Status == s.Status &&
			len(s.Steps)+len(steps[n].Steps) == 0; n++ {
			end = max(end, steps[n].Start+steps[n].Duration)
		}
		label := indent + s.Name + s.Status.formatMark()
		if n > 1 {
			s.Duration, label = end-s.Start, fmt.Sprintf("%s ×%d", label, n)
		}
		rows = append(rows, w.formatRow(s.Start, s.Duration, 0, label))
		rows, steps = w.appendSteps(rows, s.Steps, indent+"  "), steps[n:]
	}
	return rows
}

// formatRow returns a row with its bar, which has at least one mark.
func (w Waterfall) formatRow(start, length, wait float64, label string) string {
	at := func(ms float64) int { return int(ms / max(w.Duration, 1e-3) * barWidth) }
	from := min(max(at(start), 0), barWidth-1)
	to := min(max(at(start+length), from+1), barWidth)
	sent := min(max(at(start-wait), 0), from)
	bar := strings.Repeat(" ", sent) + strings.Repeat("·", from-sent) + strings.Repeat("█", to-from) +
		strings.Repeat(" ", barWidth-to)
	return strings.TrimRight(fmt.Sprintf("%9s %9s │%s│ %s", formatDuration(start), formatDuration(length), bar, label),
		" ")
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
