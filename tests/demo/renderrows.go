package main

import (
	"fmt"
	"strings"
	"time"

	"sluice/tests/terminal"
)

// rowStyle draws rows on a terminal.
type rowStyle struct{ terminal.Style }

const (
	maxBarWidth = 40
	minBarWidth = 5
	fixedWidth  = 2 + 8 + 2 + 7 + 10 // margin, name, gap, percent, seconds
	noteWidth   = 2 + 28
)

var stateColors = map[string]string{
	stateWaiting: terminal.Faint, stateRunning: terminal.Cyan, stateDone: terminal.Green, stateFailed: terminal.Red,
}

// renderRows returns one line for each row, none wider than the terminal.
func (s rowStyle) renderRows(rows []stageProgress) []string {
	bar := min(maxBarWidth, s.Width-fixedWidth-noteWidth)
	notes := bar >= maxBarWidth/2
	if !notes {
		bar = max(minBarWidth, min(maxBarWidth, s.Width-fixedWidth))
	}
	var lines []string
	for _, stage := range rows {
		parts := []string{
			"  ", s.Colorize(rowNameColor(stage), fmt.Sprintf("%-8s", stage.name)), "  ",
			s.renderBar(stage, bar), formatPercent(stage), formatElapsed(stage),
		}
		if notes && stage.note != "" {
			parts = append(parts, "  ", s.Colorize(terminal.Faint, terminal.TruncateText(stage.note, noteWidth-2)))
		}
		lines = append(lines, strings.TrimRight(strings.Join(parts, ""), " "))
	}
	return lines
}

func rowNameColor(s stageProgress) string {
	switch s.state {
	case stateWaiting:
		return terminal.Faint
	case stateFailed:
		return terminal.Red
	}
	return ""
}

// renderBar draws the completed share in heavy strokes. If it is unknown, a short heavy stroke moves from side to side.
func (s rowStyle) renderBar(stage stageProgress, width int) string {
	from, to := 0, int(stage.share*float64(width)+0.5)
	if stage.share < 0 {
		from, to = strokePosition(stage.elapsed, width)
	}
	to = min(to, width)
	return s.Colorize(terminal.Faint, strings.Repeat("─", from)) +
		s.Colorize(stateColors[stage.state], strings.Repeat("━", to-from)) +
		s.Colorize(terminal.Faint, strings.Repeat("─", width-to))
}

// strokePosition returns the position of this stroke after some time. It moves by one cell per 50 ms.
func strokePosition(after time.Duration, width int) (from, to int) {
	stroke := max(1, width/6)
	way := max(1, width-stroke)
	at := int(after/(50*time.Millisecond)) % (2 * way)
	from = min(at, 2*way-at)
	return from, from + stroke
}

func formatPercent(s stageProgress) string {
	switch {
	case s.state == stateFailed:
		return " failed"
	case s.state == stateWaiting, s.share < 0:
		return "       "
	}
	return fmt.Sprintf("  %3d %%", int(s.share*100))
}

func formatElapsed(s stageProgress) string {
	if s.state == stateWaiting {
		return ""
	}
	return fmt.Sprintf("%8.1f s", s.elapsed.Seconds())
}

// describeChanges returns a line for each stage that started or ended between two progresses.
func describeChanges(before, after []stageProgress) []string {
	var lines []string
	for i, s := range after {
		was := before[i].state
		if was == s.state {
			continue
		}
		if was == stateWaiting {
			lines = append(lines, fmt.Sprintf("%-8s started", s.name))
		}
		if s.state == stateDone || s.state == stateFailed {
			lines = append(
				lines,
				strings.TrimRight(fmt.Sprintf("%-8s %-7s %6.1f s  %s", s.name, s.state, s.elapsed.Seconds(), s.note),
					" "),
			)
		}
	}
	return lines
}
