package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// row says of one test what became of it on each cloud, "" where that was not asked. What became of most of its cases is
// said of the test; a case that another thing became of has a row of its own.
type row struct {
	Test       string `json:"test"`
	Cases      int    `json:"cases,omitempty"` // that the row stands for, if it is more than the test itself
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
	return fold(rows)
}

// fold makes one row of the cases of each test that have the outcome most common among them. The cases of a test stand
// together.
func fold(rows []row) (out []row) {
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && test(rows[n]) == test(rows[0]) {
			n++
		}
		out = append(out, foldTest(rows[:n])...)
		rows = rows[n:]
	}
	return out
}

func foldTest(cases []row) []row {
	if !strings.Contains(cases[0].Test, "/") {
		return cases
	}
	counts := map[row]int{}
	var whole row
	for _, c := range cases {
		c.Test = test(c)
		if counts[c]++; counts[c] > counts[whole] {
			whole = c
		}
	}
	out := []row{whole}
	out[0].Cases = counts[whole]
	for _, c := range cases {
		folded := c
		if folded.Test = test(c); folded != whole {
			out = append(out, c)
		}
	}
	return out
}

// test returns the test that a row is of, or of a case of.
func test(r row) string {
	name, _, _ := strings.Cut(r.Test, "/")
	return name
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
	widest := 0
	for _, r := range rows {
		widest = max(widest, len(r.name()))
	}
	fmt.Fprintf(out, "%-*s  %-9s  %-10s\n", widest, "", "MiniStack", "LocalStack")
	for _, r := range rows {
		line := fmt.Sprintf("%-*s  %-9s  %-10s  %s", widest, r.name(), r.MiniStack, r.LocalStack, r.Reason)
		fmt.Fprintln(out, strings.TrimRight(line, " "))
	}
	n, all := both(rows)
	fmt.Fprintf(out, "%d of %d tests passed on both\n", n, all)
}

func (r row) name() string {
	if r.Cases > 1 {
		return fmt.Sprintf("%s (%d cases)", r.Test, r.Cases)
	}
	return r.Test
}

// both returns how many tests passed on both clouds, in most of their cases at least, and how many there are.
func both(rows []row) (n, all int) {
	for _, r := range rows {
		if test(r) != r.Test {
			continue
		}
		all++
		if r.MiniStack == passed && r.LocalStack == passed {
			n++
		}
	}
	return n, all
}

// mostly is the part of the tests, in per cent, that must have passed on both clouds: else one of them proves little.
const mostly = 80

// check returns what is wrong: a test failed or, if all clouds were asked, ran on none, or too many on one alone.
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
	if n, tests := both(rows); all && 100*n <= mostly*tests {
		errs = append(errs, fmt.Errorf("only %d of %d tests passed on both clouds, and it should be more than %d %%", n, tests, mostly))
	}
	return errors.Join(errs...)
}
