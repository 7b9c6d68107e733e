package plot

import (
	"fmt"

	"gonum.org/v1/plot"
)

// tickSteps are the possible distances of marks on the time axis, in seconds.
var tickSteps = []float64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 86400}

// maxTicks bounds the marks on the time axis beside the one at 0.
const maxTicks = 8

// computeTicks returns the marks of a time axis from low to high, in seconds.
func computeTicks(low, high float64) (ticks []plot.Tick) {
	step := tickSteps[len(tickSteps)-1]
	for _, s := range tickSteps {
		if (high-low)/s <= maxTicks {
			step = s
			break
		}
	}
	for i := 0; low+float64(i)*step <= high; i++ {
		ticks = append(ticks, plot.Tick{Value: low + float64(i)*step, Label: formatClock(low+float64(i)*step, step)})
	}
	return ticks
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
