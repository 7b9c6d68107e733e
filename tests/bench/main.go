// Command bench measures Sluice beside what else does the same, on this machine and in one run. It prints a table and
// writes build/bench.json. The folder build must have the functions and cdk.out the template, as make bench ensures.
//
// A row has what Sluice takes, what the baseline takes, and their ratio. Both are measured in turns, so that other load
// on the machine falls on both; CPU seconds are those of whole processes. Values are medians. A row whose target is
// missed is not ok, and remains in the table; the command fails only if something could not be measured.
//
// To add rows, write a function that measures them and add it to benchmarks.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// benchmark is a function that measures rows, and the name by which it is selected.
type benchmark struct {
	name    string
	measure func(ctx context.Context, s settings) ([]row, error)
}

// benchmarks are in the order in which they run.
var benchmarks = []benchmark{
	{"binaries", measureBinaries},
	{"cold starts", measureColdStarts},
	{"costs", measureCosts},
	{"publish", measurePublish},
}

// settings say how long to measure.
type settings struct {
	quick bool
	log   io.Writer // progress
}

// chooseRounds returns how often to measure: quick or thorough.
func (s settings) chooseRounds(quick, thorough int) int {
	if s.quick {
		return quick
	}
	return thorough
}

func main() {
	quick := flag.Bool("quick", false, "measure fewer rounds: eight minutes and not forty")
	only := flag.String("only", "", "comma-separated names of the benchmarks to run; empty: all")
	out := flag.String("out", "build/bench.json", "file for the rows")
	flag.Parse()
	rows, err := runBenchmarks(context.Background(), selectBenchmarks(*only), settings{*quick, os.Stderr})
	printTable(os.Stdout, rows)
	err = errors.Join(err, writeReport(*out, report{describeMachine(time.Now()), rows}))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// selectBenchmarks returns the benchmarks with the names in a comma-separated list, all for "".
func selectBenchmarks(names string) []benchmark {
	if names == "" {
		return benchmarks
	}
	return slices.DeleteFunc(slices.Clone(benchmarks), func(b benchmark) bool {
		return !slices.Contains(strings.Split(names, ","), b.name)
	})
}

// runBenchmarks returns the rows of all benchmarks, also of those that run after one that failed.
func runBenchmarks(ctx context.Context, list []benchmark, s settings) (rows []row, failed error) {
	for _, b := range list {
		began := time.Now()
		more, err := b.measure(ctx, s)
		rows = append(rows, more...)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", b.name, err))
		}
		fmt.Fprintf(s.log, "%s: measured in %.0f s\n", b.name, time.Since(began).Seconds())
	}
	return rows, failed
}
