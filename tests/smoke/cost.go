package main

import (
	"fmt"
	"strings"

	"sluice/infra/costmodel"
)

// referenceCPU is how many CPU seconds ffmpeg takes for the reference clip, video and sound together, on a machine with
// an AMD EPYC processor: the least of four runs in a local cloud, of which the longest took 3.9.
const referenceCPU = 3.4

// renderCost returns the part of docs/cost.md that depends on the processor, for functions that take cpu seconds for
// the reference clip.
func renderCost(cpu float64) string {
	if cpu <= 0 {
		return ""
	}
	factor, prices := cpu/referenceCPU, costmodel.LoadPrices()
	var b strings.Builder
	fmt.Fprintf(
		&b, "cost           a core is %.2f times as fast as the reference machine's, which takes %.1f CPU seconds\n"+
			"               list prices on arm64; docs/cost.md explains them\n\n",
		1/factor, referenceCPU,
	)
	for line := range strings.Lines(costmodel.MeasuredTable(prices, factor).String()) {
		b.WriteString("  " + line)
	}
	return b.String()
}
