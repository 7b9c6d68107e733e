// Sim compares the law of shared/domain/scaling with other laws of scaling on queue depth: the same arrivals, the same budget, the
// same levers with their delays. It is a simulation: nothing runs on AWS. It prints a table and writes build/sim.json and
// build/sim/*.svg. SEED=n makes arrivals that nobody has tuned to.
package main

import (
	"fmt"
	"os"
	"strconv"
)

const (
	folder = "build/sim"
	file   = "build/sim.json"
)

func main() {
	if err := run(os.Getenv("SEED")); err != nil {
		fmt.Fprintln(os.Stderr, "sim:", err)
		os.Exit(1)
	}
}

func run(seedText string) error {
	seed, err := strconv.ParseUint(seedText, 10, 64)
	if err != nil && seedText != "" {
		return fmt.Errorf("SEED is a whole number, not %q", seedText)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	fmt.Printf("seed %d: %d workers, %.1f s a chunk; seconds of wait, 95 in 100 below: interactive (bulk)\n", seed, budget, meanService)
	var all []Row
	for _, l := range levers {
		rows := contest(l, seed)
		fmt.Printf("\n%s pollers\n", l.name)
		table(os.Stdout, rows)
		verdict(os.Stdout, rows)
		if err := compare(folder, l, rows); err != nil {
			return err
		}
		all = append(all, rows...)
	}
	for _, w := range workloads {
		_, c := measure(standard, w, w.chunks(seed), &sluice{})
		if err := draw(folder, w, c); err != nil {
			return err
		}
	}
	fmt.Printf("\n%s, %s\n", file, folder)
	return save(file, all)
}
