package main

import (
	"fmt"
	"strings"
	"time"

	"sluice/tests/terminal"
)

// style is how rows look on a terminal.
type style struct{ terminal.Style }

const (
	longestBar  = 40
	shortestBar = 5
	besideBar   = 2 + 8 + 2 + 7 + 10 // margin, name, gap, percent, seconds
	noteRoom    = 2 + 28
)

var paint = map[string]string{waiting: terminal.Faint, running: terminal.Cyan, done: terminal.Green, failed: terminal.Red}

// lines draws one line for each row, none wider than the terminal.
func (s style) lines(rows []row) []string {
	bar := min(longestBar, s.Width-besideBar-noteRoom)
	notes := bar >= longestBar/2
	if !notes {
		bar = max(shortestBar, min(longestBar, s.Width-besideBar))
	}
	var lines []string
	for _, r := range rows {
		parts := []string{
			"  ", s.In(nameColor(r), fmt.Sprintf("%-8s", r.name)), "  ",
			s.bar(r, bar), percent(r), took(r),
		}
		if notes && r.note != "" {
			parts = append(parts, "  ", s.In(terminal.Faint, terminal.Clip(r.note, noteRoom-2)))
		}
		lines = append(lines, strings.TrimRight(strings.Join(parts, ""), " "))
	}
	return lines
}

func nameColor(r row) string {
	switch r.state {
	case waiting:
		return terminal.Faint
	case failed:
		return terminal.Red
	}
	return ""
}

// bar draws what is done in heavy strokes; where nobody knows, a short heavy stroke runs to and fro.
func (s style) bar(r row, width int) string {
	from, to := 0, int(r.share*float64(width)+0.5)
	if r.share < 0 {
		from, to = sweep(r.took, width)
	}
	to = min(to, width)
	return s.In(terminal.Faint, strings.Repeat("─", from)) +
		s.In(paint[r.state], strings.Repeat("━", to-from)) +
		s.In(terminal.Faint, strings.Repeat("─", width-to))
}

// sweep is where the stroke is after some time: it moves by a cell every 50 ms.
func sweep(after time.Duration, width int) (from, to int) {
	stroke := max(1, width/6)
	way := max(1, width-stroke)
	at := int(after/(50*time.Millisecond)) % (2 * way)
	from = min(at, 2*way-at)
	return from, from + stroke
}

func percent(r row) string {
	switch {
	case r.state == failed:
		return " failed"
	case r.state == waiting, r.share < 0:
		return "       "
	}
	return fmt.Sprintf("  %3d %%", int(r.share*100))
}

func took(r row) string {
	if r.state == waiting {
		return ""
	}
	return fmt.Sprintf("%8.1f s", r.took.Seconds())
}

// changes tells of what began and what ended between two boards, a line each.
func changes(before, after []row) []string {
	var lines []string
	for i, r := range after {
		was := before[i].state
		if was == r.state {
			continue
		}
		if was == waiting {
			lines = append(lines, fmt.Sprintf("%-8s started", r.name))
		}
		if r.state == done || r.state == failed {
			lines = append(lines, strings.TrimRight(fmt.Sprintf("%-8s %-7s %6.1f s  %s", r.name, r.state, r.took.Seconds(), r.note), " "))
		}
	}
	return lines
}
