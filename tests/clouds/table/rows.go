package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"sluice/tests/clouds"
)

// row has the outcome of one test on each cloud, "" if the cloud was not used. The row of a test has the most common
// outcome of its cases; a case with another outcome has its own row.
type row struct {
	Test       string `json:"test"`
	Cases      int    `json:"cases,omitempty"` // number of cases that the row stands for
	MiniStack  string `json:"ministack"`
	LocalStack string `json:"localstack"`
	Reason     string `json:"reason"`
}

// compareClouds returns a row for each test, without tests that only group others.
func compareClouds(asked map[string]cloudOutcomes) []row {
	names := map[string]bool{}
	for _, tests := range asked {
		for name := range tests {
			names[name] = true
		}
	}
	rows := []row{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !hasCases(name, names) {
			m, why := outcomeOn(asked, "ministack", name)
			l, whyNot := outcomeOn(asked, "localstack", name)
			rows = append(rows,
				row{Test: name, MiniStack: m, LocalStack: l, Reason: strings.Trim(why+"; "+whyNot, "; ")})
		}
	}
	return foldCases(rows)
}

// foldCases replaces the cases of each test that have the most common outcome by one row. The cases of a test are
// adjacent.
func foldCases(rows []row) (out []row) {
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && testName(rows[n]) == testName(rows[0]) {
			n++
		}
		out = append(out, foldTestCases(rows[:n])...)
		rows = rows[n:]
	}
	return out
}

func foldTestCases(cases []row) []row {
	if !strings.Contains(cases[0].Test, "/") {
		return cases
	}
	counts := map[row]int{}
	var whole row
	for _, r := range cases {
		r.Test = testName(r)
		if counts[r]++; counts[r] > counts[whole] {
			whole = r
		}
	}
	out := []row{whole}
	out[0].Cases = counts[whole]
	for _, r := range cases {
		folded := r
		if folded.Test = testName(r); folded != whole {
			out = append(out, r)
		}
	}
	return out
}

// testName returns the name of the test that a row, or its case, belongs to.
func testName(r row) string {
	name, _, _ := strings.Cut(r.Test, "/")
	return name
}

func hasCases(name string, names map[string]bool) bool {
	for other := range names {
		if strings.HasPrefix(other, name+"/") {
			return true
		}
	}
	return false
}

func outcomeOn(asked map[string]cloudOutcomes, cloud, name string) (state, why string) {
	tests, ok := asked[cloud]
	if !ok {
		return "", ""
	}
	found, ok := tests.findOutcome(name)
	if !ok {
		return skipped, "not there on " + cloud
	}
	return found.State, found.Reason
}

// printTable prints a line for each test, and how many passed on both clouds.
func printTable(out io.Writer, rows []row) {
	widest := 0
	for _, r := range rows {
		widest = max(widest, len(r.displayName()))
	}
	fmt.Fprintf(out, "%-*s  %-9s  %-10s\n", widest, "", "MiniStack", "LocalStack")
	for _, r := range rows {
		line := fmt.Sprintf("%-*s  %-9s  %-10s  %s", widest, r.displayName(), r.MiniStack, r.LocalStack, r.Reason)
		fmt.Fprintln(out, strings.TrimRight(line, " "))
	}
	n, all := countPassedOnBoth(rows)
	fmt.Fprintf(out, "%d of %d tests passed on both\n", n, all)
}

func (r row) displayName() string {
	if r.Cases > 1 {
		return fmt.Sprintf("%s (%d cases)", r.Test, r.Cases)
	}
	return r.Test
}

// countPassedOnBoth returns how many tests passed on both clouds, in most of their cases at least, and how many were to
// run on both.
func countPassedOnBoth(rows []row) (n, all int) {
	for _, r := range rows {
		if testName(r) != r.Test || r.Reason == clouds.OneCloudReason {
			continue
		}
		all++
		if r.MiniStack == passed && r.LocalStack == passed {
			n++
		}
	}
	return n, all
}

// minSharedPercent is the percentage of tests that must pass on both clouds. With fewer, the second cloud would prove
// little.
const minSharedPercent = 80

// checkRows returns an error if a test failed or, if all clouds were used, if a test ran on none or too many ran on one
// only.
func checkRows(rows []row, all bool) error {
	var errs []error
	for _, r := range rows {
		switch {
		case r.MiniStack == failed || r.LocalStack == failed:
			errs = append(errs, fmt.Errorf("%s failed", r.Test))
		case all && r.MiniStack != passed && r.LocalStack != passed:
			errs = append(errs, fmt.Errorf("%s ran on no cloud: %s", r.Test, r.Reason))
		}
	}
	if n, tests := countPassedOnBoth(rows); all && 100*n <= minSharedPercent*tests {
		errs = append(
			errs,
			fmt.Errorf("only %d of %d tests passed on both clouds, and it should be more than %d %%", n, tests,
				minSharedPercent),
		)
	}
	return errors.Join(errs...)
}
