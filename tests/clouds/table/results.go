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

// What becomes of a test.
const (
	passed  = "passed"
	failed  = "failed"
	skipped = "skipped"
)

// result is what became of one test, and why if it was skipped.
type result struct {
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
}

// results are those of one cloud, by folder and name: "e2e TestA/b".
type results map[string]result

// event is a line of `go test -json` (https://pkg.go.dev/cmd/test2json).
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64 // seconds
}

// reader reads the events of a run.
type reader struct {
	tests   results
	printed map[string]string
	took    map[string]float64 // seconds of a test, or of its longest case
	out     io.Writer
}

// read reads the events of a run. It copies to out what packages and failed tests printed, and says of each test when it
// has ended: some take minutes.
func read(in io.Reader, out io.Writer) (results, error) {
	r := reader{results{}, map[string]string{}, map[string]float64{}, out}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			r.take(line)
		}
		if err == io.EOF {
			return r.tests, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (r reader) take(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil {
		r.out.Write(line) // of the compiler
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
		r.tests.add(e.Test, name, result{State: failed, Reason: "did not end"})
	case "pass":
		r.tests.add(e.Test, name, result{State: passed})
		r.tell(e, passed)
	case "skip":
		r.tests.add(e.Test, name, result{State: skipped, Reason: reason(r.printed[name])})
		r.tell(e, skipped)
	case "fail":
		r.tests.add(e.Test, name, result{State: failed})
		io.WriteString(r.out, r.printed[name])
	}
}

// tell says how a whole test has ended. The time that go test says of one does not count cases that run side by side.
func (r reader) tell(e event, state string) {
	test, _, isCase := strings.Cut(e.Test, "/")
	whole := path.Base(e.Package) + " " + test
	r.took[whole] = max(r.took[whole], e.Elapsed)
	if e.Test != "" && !isCase {
		fmt.Fprintf(r.out, "%-7s %6.1f s  %s\n", state, r.took[whole], whole)
	}
}

// add leaves out packages, but for one that fails without a test: it did not compile, or ran out of time.
func (r results) add(test, name string, what result) {
	if test == "" && (what.State != failed || r.failure() != nil) {
		return
	}
	r[strings.TrimSpace(name)] = what
}

// reason finds what t.Skip was told: "    x_test.go:12: the reason".
func reason(printed string) string {
	for line := range strings.Lines(printed) {
		if _, text, ok := strings.Cut(line, ".go:"); ok {
			_, text, _ = strings.Cut(text, ": ")
			return strings.TrimSpace(text)
		}
	}
	return ""
}

func (r results) failure() error {
	for _, name := range slices.Sorted(maps.Keys(r)) {
		if r[name].State == failed {
			return fmt.Errorf("%s failed", name)
		}
	}
	return nil
}

// of returns what became of a test: a test that is not there is as the one it would have been a part of.
func (r results) of(name string) (result, bool) {
	for {
		if found, ok := r[name]; ok {
			return found, true
		}
		cut := strings.LastIndexByte(name, '/')
		if cut < 0 {
			return result{}, false
		}
		name = name[:cut]
	}
}

func load(file string) (results, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var r results
	return r, json.Unmarshal(text, &r)
}

func write(file string, v any) error {
	text, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
