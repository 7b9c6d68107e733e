package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
)

// Outcomes of a test.
const (
	passed  = "passed"
	failed  = "failed"
	skipped = "skipped"
)

// testOutcome is the outcome of one test, with the reason if it was skipped.
type testOutcome struct {
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
}

// cloudOutcomes are the outcomes on one cloud, by folder and name: "e2e TestA/b".
type cloudOutcomes map[string]testOutcome

// testEvent is one line of `go test -json` (https://pkg.go.dev/cmd/test2json).
type testEvent struct {
	Action, Package, Test, Output string
	Elapsed                       float64 // seconds
}

// eventReader collects the outcomes of a run.
type eventReader struct {
	tests     cloudOutcomes
	printed   map[string]string
	durations map[string]float64 // seconds of a test, or of its longest case
	out       io.Writer
}

// readEvents reads the events of a run. It copies the output of packages and of failed tests to out, and prints a line
// when a test has ended, because some take minutes.
func readEvents(in io.Reader, out io.Writer) (cloudOutcomes, error) {
	r := eventReader{cloudOutcomes{}, map[string]string{}, map[string]float64{}, out}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			r.handleLine(line)
		}
		if err == io.EOF {
			return r.tests, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (r eventReader) handleLine(line []byte) {
	var e testEvent
	if json.Unmarshal(line, &e) != nil {
		r.out.Write(line) // output of the compiler
		return
	}
	name := path.Base(e.Package) + " " + e.Test
	switch e.Action {
	case "build-output":
		io.WriteString(r.out, e.Output)
	case "output":
		if e.Test == "" {
			io.WriteString(r.out, e.Output)
		} else if !strings.HasPrefix(e.Output, "=== ") {
			r.printed[name] += e.Output
		}
	case "run":
		r.tests.addOutcome(e.Test, name, testOutcome{State: failed, Reason: "did not end"})
	case "pass":
		r.tests.addOutcome(e.Test, name, testOutcome{State: passed})
		r.printEnd(e, passed)
	case "skip":
		r.tests.addOutcome(e.Test, name, testOutcome{State: skipped, Reason: parseSkipReason(r.printed[name])})
		r.printEnd(e, skipped)
	case "fail":
		r.tests.addOutcome(e.Test, name, testOutcome{State: failed})
		io.WriteString(r.out, r.printed[name])
	}
}

// printEnd prints how a whole test has ended. The time that go test reports for it excludes cases that ran in parallel.
func (r eventReader) printEnd(e testEvent, state string) {
	test, _, isCase := strings.Cut(e.Test, "/")
	whole := path.Base(e.Package) + " " + test
	r.durations[whole] = max(r.durations[whole], e.Elapsed)
	if e.Test != "" && !isCase {
		fmt.Fprintf(r.out, "%-7s %6.1f s  %s\n", state, r.durations[whole], whole)
	}
}

// addOutcome records an outcome. It ignores packages, unless one fails without a failed test: it did not compile or ran
// out of time.
func (o cloudOutcomes) addOutcome(test, name string, what testOutcome) {
	if test == "" && (what.State != failed || o.firstFailure() != nil) {
		return
	}
	o[strings.TrimSpace(name)] = what
}

// parseSkipReason returns the argument of t.Skip from the output of a test: "    x_test.go:12: the reason".
func parseSkipReason(printed string) string {
	for line := range strings.Lines(printed) {
		if _, text, ok := strings.Cut(line, ".go:"); ok {
			_, text, _ = strings.Cut(text, ": ")
			return strings.TrimSpace(text)
		}
	}
	return ""
}

func (o cloudOutcomes) firstFailure() error {
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if o[name].State == failed {
			return fmt.Errorf("%s failed", name)
		}
	}
	return nil
}

// findOutcome returns the outcome of a test. If a case is unknown, it returns the outcome of the test that it belongs
// to.
func (o cloudOutcomes) findOutcome(name string) (testOutcome, bool) {
	for {
		if found, ok := o[name]; ok {
			return found, true
		}
		cut := strings.LastIndexByte(name, '/')
		if cut < 0 {
			return testOutcome{}, false
		}
		name = name[:cut]
	}
}

func loadOutcomes(file string) (cloudOutcomes, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var o cloudOutcomes
	return o, json.Unmarshal(text, &o)
}

func writeJSON(file string, v any) error {
	text, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
