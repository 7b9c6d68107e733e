package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// row is one measured quantity. In JSON, what a row does not have is null.
type row struct {
	Name     string   `json:"name"`
	Value    float64  `json:"value"` // in Unit
	Unit     string   `json:"unit"`
	Baseline *float64 `json:"baseline"` // in Unit
	Ratio    *float64 `json:"ratio"`    // Value over Baseline
	Target   *float64 `json:"target"`   // the most that Ratio, or without a baseline Value, should be
	OK       *bool    `json:"ok"`       // whether it is
	Spread   float64  `json:"spread"`   // of the values, see sample.spread
}

// newRow returns the row of a quantity that has no baseline. If target is 0, it has none.
func newRow(name, unit string, values sample, target float64) row {
	r := row{Name: name, Unit: unit, Value: values.median(), Spread: values.spread()}
	return r.withTarget(r.Value, target)
}

// newRatioRow returns the row of a quantity beside its baseline. If target is 0, the ratio has none.
func newRatioRow(name, unit string, values, baseline sample, target float64) row {
	r, base := newRow(name, unit, values, 0), baseline.median()
	ratio := r.Value / base
	r.Baseline, r.Ratio = &base, &ratio
	return r.withTarget(ratio, target)
}

func (r row) withTarget(value, target float64) row {
	if target != 0 {
		ok := value <= target
		r.Target, r.OK = &target, &ok
	}
	return r
}

// printTable writes rows for people.
func printTable(w io.Writer, rows []row) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "row\tvalue\tunit\tbaseline\tratio\ttarget\tok\tspread")
	for _, r := range rows {
		ok := ""
		if r.OK != nil {
			ok = map[bool]string{true: "ok", false: "MISSED"}[*r.OK]
		}
		fmt.Fprintf(t, "%s\t%.4g\t%s\t%s\t%s\t%s\t%s\t%.0f %%\n", r.Name, r.Value, r.Unit, formatNumber(r.Baseline),
			formatNumber(r.Ratio), formatNumber(r.Target), ok, 100*r.Spread)
	}
	_ = t.Flush()
}

func formatNumber(v *float64) string {
	if v == nil {
		return ""
	}
	return fmt.Sprintf("%.3g", *v)
}

// report is the content of build/bench.json.
type report struct {
	Machine machine `json:"machine"`
	Rows    []row   `json:"rows"`
}

// machine is where and when the rows were measured.
type machine struct {
	Time       time.Time `json:"time"`
	Commit     string    `json:"commit"`
	Go         string    `json:"go"`
	Platform   string    `json:"platform"`
	Processors int       `json:"processors"`
	Model      string    `json:"model"`
	Load       string    `json:"load"` // of the last 1, 5 and 15 minutes
}

func describeMachine(now time.Time) machine {
	commit, _ := exec.Command("git", "rev-parse", "HEAD").Output() // none outside of a repository
	load, _ := os.ReadFile("/proc/loadavg")
	cpu, _ := os.ReadFile("/proc/cpuinfo")
	return machine{
		Time: now.UTC(), Commit: strings.TrimSpace(string(commit)), Go: runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH, Processors: runtime.NumCPU(), Model: findModelName(cpu),
		Load: strings.Join(strings.Fields(string(load))[:min(3, len(strings.Fields(string(load))))], " "),
	}
}

// findModelName returns the model of the first processor in /proc/cpuinfo, "" if none is named.
func findModelName(cpuinfo []byte) string {
	for line := range bytes.Lines(cpuinfo) {
		if name, value, found := strings.Cut(string(line), ":"); found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// writeReport writes a report as JSON.
func writeReport(file string, r report) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
