// Command sim compares the scaling law of shared/domain/scaling with other laws that scale by queue depth, with the
// same arrivals, budget and delays. It is a simulation; nothing runs on AWS. It prints a table and writes
// build/sim.json and build/sim/*.svg. SEED=n creates other arrivals.
package main

import (
	"fmt"
	"os"
	"strconv"
)

const (
	outputFolder = "build/sim"
	outputFile   = "build/sim.json"
)

func main() {
	if err := runSimulation(os.Getenv("SEED")); err != nil {
		fmt.Fprintln(os.Stderr, "sim:", err)
		os.Exit(1)
	}
}

func runSimulation(seedText string) error {
	seed, err := strconv.ParseUint(seedText, 10, 64)
	if err != nil && seedText != "" {
		return fmt.Errorf("SEED is a whole number, not %q", seedText)
	}
	if err := os.MkdirAll(outputFolder, 0o755); err != nil {
		return err
	}
	fmt.Printf("seed %d: %d workers, %.1f s a chunk; seconds of wait, 95 in 100 below: interactive (bulk)\n", seed,
		workerBudget, meanServiceTime)
	var all []Row
	for _, m := range pollerModes {
		rows := compareLaws(m, seed)
		fmt.Printf("\n%s pollers\n", m.name)
		writeTable(os.Stdout, rows)
		writeVerdict(os.Stdout, rows)
		if err := writeWaitPlot(outputFolder, m, rows); err != nil {
			return err
		}
		all = append(all, rows...)
	}
	for _, w := range workloads {
		_, c := measureWorkload(standardPollers, w, w.generateChunks(seed), &sluiceLaw{})
		if err := writeWorkloadFigure(outputFolder, w, c); err != nil {
			return err
		}
	}
	fmt.Printf("\n%s, %s\n", outputFile, outputFolder)
	return writeJSON(outputFile, all)
}
