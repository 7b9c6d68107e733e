package plot

import (
	"fmt"
	"strconv"
)

// tickSteps are the possible distances of marks on the time axis, in seconds.
var tickSteps = []float64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 86400}

// computeTicks returns the positions of marks on the time axis, at most n beside the one at 0, and their distance.
func computeTicks(span float64, n int) (at []float64, step float64) {
	step = tickSteps[len(tickSteps)-1]
	for _, s := range tickSteps {
		if span/s <= float64(n) {
			step = s
			break
		}
	}
	for i := 0; float64(i)*step <= span; i++ {
		at = append(at, float64(i)*step)
	}
	return at, step
}

// formatClock formats a time: "40 s", "1:20", or "20 min" if all marks are whole minutes.
func formatClock(seconds, step float64) string {
	s := int(seconds)
	switch {
	case int(step)%60 == 0:
		return fmt.Sprintf("%d min", s/60)
	case s < 60:
		return fmt.Sprintf("%d s", s)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// formatNumber formats a value of an axis with its unit.
func formatNumber(x float64, unit string) string {
	text := strconv.FormatFloat(x, 'f', -1, 64)
	if unit != "" {
		text += "\u2009" + unit // a thin space
	}
	return text
}
