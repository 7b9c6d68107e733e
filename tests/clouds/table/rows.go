package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// row says of one test what became of it on each cloud, "" where that was not asked.
type row struct {
	Test       string `json:"test"`
	MiniStack  string `json:"ministack"`
	LocalStack string `json:"localstack"`
	Reason     string `json:"reason"`
}

// compare returns a row for each test that is no more than the sum of others.
func compare(asked map[string]results) []row {
	names := map[string]bool{}
	for _, tests := range asked {
		for name := range tests {
			names[name] = true
		}
	}
	rows := []row{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !isSum(name, names) {
			m, why := became(asked, "ministack", name)
			l, whyNot := became(asked, "localstack", name)
			rows = append(rows, row{Test: name, MiniStack: m, LocalStack: l, Reason: strings.Trim(why+"; "+whyNot, "; ")})
		}
	}
	return rows
}

func isSum(name string, names map[string]bool) bool {
	for other := range names {
		if strings.HasPrefix(other, name+"/") {
			return true
		}
	}
	return false
}

func became(asked map[string]results, cloud, name string) (state, why string) {
	tests, ok := asked[cloud]
	if !ok {
		return "", ""
	}
	found, ok := tests.of(name)
	if !ok {
		return skipped, "not there on " + cloud
	}
	return found.State, found.Reason
}

// draw prints a line for each test and, below, how many ran where.
func draw(out io.Writer, rows []row) {
	widest, both := 0, 0
	for _, r := range rows {
		widest = max(widest, len(r.Test))
	}
	fmt.Fprintf(out, "%-*s  %-9s  %-10s\n", widest, "", "MiniStack", "LocalStack")
	for _, r := range rows {
		line := fmt.Sprintf("%-*s  %-9s  %-10s  %s", widest, r.Test, r.MiniStack, r.LocalStack, r.Reason)
		fmt.Fprintln(out, strings.TrimRight(line, " "))
		if r.MiniStack == passed && r.LocalStack == passed {
			both++
		}
	}
	fmt.Fprintf(out, "%d of %d tests passed on both\n", both, len(rows))
}

// check returns what is wrong: a test failed or, if all clouds were asked, ran on none.
func check(rows []row, all bool) error {
	var errs []error
	for _, r := range rows {
		switch {
		case r.MiniStack == failed || r.LocalStack == failed:
			errs = append(errs, fmt.Errorf("%s failed", r.Test))
		case all && r.MiniStack != passed && r.LocalStack != passed:
			errs = append(errs, fmt.Errorf("%s ran on no cloud: %s", r.Test, r.Reason))
		}
	}
	return errors.Join(errs...)
}
