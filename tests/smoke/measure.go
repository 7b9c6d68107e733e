package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sluice/shared/domain/services"
	"sluice/tests/client"
)

// clockTolerance is by how much the clocks of this machine and of AWS may differ.
const clockTolerance = 5 * time.Minute

// logLine is what is read of a line of a function's log, or of a line that Lambda adds to it
// (https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#platform-report).
type logLine struct {
	Timestamp time.Time
	Message   string
	Video     string
	Sandbox   string
	Seconds   float64
	CPU       float64 `json:"cpu_seconds"`
	Bytes     int64
	Startup   float64 `json:"startup_seconds"`
	Record    struct {
		Metrics struct {
			Init float64 `json:"initDurationMs"`
		}
	}
}

// parseLogLines returns the lines that are JSON objects; an emulator adds others.
func parseLogLines(lines []string) (parsed []logLine) {
	for _, line := range lines {
		var l logLine
		if json.Unmarshal([]byte(strings.TrimSpace(line)), &l) == nil {
			parsed = append(parsed, l)
		}
	}
	return parsed
}

// coldStarts are the cold starts of a service during the run, in seconds each.
type coldStarts struct {
	Startup []float64 // from the start of the process to that of its handler
	Init    []float64 // Lambda's Init phase, which Lambda reports on AWS alone
}

// speed is how fast a service has read an original from S3.
type speed struct {
	Bytes   int64
	Seconds float64
}

// measurements are the figures of one run.
type measurements struct {
	Sandboxes    []string // set of layers, of each run of ffmpeg; each set once
	Runs, Tasks  int      // of ffmpeg for the reference clip, and its tasks
	CPU, Seconds float64  // of these runs together
	Starts       map[string]coldStarts
	Reading      map[string]speed
	Err          error // why the logs could not be read
}

// measure reads the figures from the logs. It waits for the last line of encode, because logs have a delay.
func (s *smoke) measure(ctx context.Context) measurements {
	ctx, cancel := context.WithTimeout(ctx, logTimeout)
	defer cancel()
	m := measurements{
		Tasks: s.reference.Progress.TasksTotal, Starts: map[string]coldStarts{}, Reading: map[string]speed{},
	}
	say := s.sayOnce()
	err := s.waitUntil(ctx, func() (bool, error) {
		lines, err := s.readLines(ctx, "encode", s.reference.ID)
		m.addEncoding(lines)
		say("the log of encode has %d of %d tasks", m.Runs, m.Tasks)
		return m.Runs >= m.Tasks, err
	})
	if err != nil && m.Runs == 0 {
		m.Err = err
		return m
	}
	for _, service := range []string{"inspect", "remux"} {
		if s.transferred.State == client.Ready {
			lines, err := s.readLines(ctx, service, s.transferred.ID)
			m.addReading(service, lines)
			m.Err = err
		}
	}
	for _, service := range services.Map {
		for _, phrase := range []string{"startup_seconds", "initDurationMs"} {
			lines, err := s.readLines(ctx, service.Name, phrase)
			m.addStarts(service.Name, lines, s.began)
			if err != nil {
				m.Err = err
			}
		}
	}
	return m
}

func (s *smoke) readLines(ctx context.Context, service, phrase string) ([]logLine, error) {
	lines, err := s.aws.ReadLogs(ctx, service, phrase, s.began.Add(-clockTolerance))
	return parseLogLines(lines), err
}

// addEncoding sets the figures of the runs of ffmpeg for one video.
func (m *measurements) addEncoding(lines []logLine) {
	m.Runs, m.CPU, m.Seconds, m.Sandboxes = 0, 0, 0, nil
	for _, l := range lines {
		if l.Message == "ffmpeg ended" {
			m.Runs++
			m.CPU, m.Seconds = m.CPU+l.CPU, m.Seconds+l.Seconds
			m.Sandboxes = append(m.Sandboxes, l.Sandbox)
		}
	}
	slices.Sort(m.Sandboxes)
	m.Sandboxes = slices.Compact(m.Sandboxes)
}

// addReading sets the speed of a service to that of its fastest reading of an original.
func (m *measurements) addReading(service string, lines []logLine) {
	for _, l := range lines {
		best, known := m.Reading[service]
		if l.Message != "original read" || l.Seconds <= 0 {
			continue
		}
		if got := (speed{l.Bytes, l.Seconds}); !known || got.perSecond() > best.perSecond() {
			m.Reading[service] = got
		}
	}
}

// perSecond returns a speed in bytes a second.
func (v speed) perSecond() float64 { return float64(v.Bytes) / v.Seconds }

// addStarts adds the cold starts of a service since a time. Lines of Lambda have no time of ours; they are taken as
// they are.
func (m *measurements) addStarts(service string, lines []logLine, since time.Time) {
	all := m.Starts[service]
	for _, l := range lines {
		switch {
		case l.Startup > 0 && !l.Timestamp.Before(since):
			all.Startup = append(all.Startup, l.Startup)
		case l.Record.Metrics.Init > 0:
			all.Init = append(all.Init, l.Record.Metrics.Init/1e3)
		}
	}
	if all.Startup != nil || all.Init != nil {
		m.Starts[service] = all
	}
}

// renderMeasurements returns the second half of the report: what was measured, and what follows for docs/cost.md.
func (s *smoke) renderMeasurements(m measurements) string {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-15s%s\n", name, fmt.Sprintf(format, args...))
	}
	b.WriteString("\n")
	if m.Runs == 0 {
		row("measured", "nothing: the log lines of the reference clip were not found")
		if m.Err != nil {
			row("", "%s", hideAddresses(m.Err.Error()))
		}
		return b.String()
	}
	row("sandbox", "sandbox=%s", strings.Join(m.Sandboxes, ","))
	for _, service := range slices.Sorted(maps.Keys(m.Starts)) {
		starts := m.Starts[service]
		row("cold start", "%-9s %d; the slowest: %s", service, max(len(starts.Startup), len(starts.Init)), starts)
	}
	for _, service := range slices.Sorted(maps.Keys(m.Reading)) {
		r := m.Reading[service]
		row("S3 to "+service, "%.0f MB/s (%s in %.2f s)", r.perSecond()/1e6, formatBytes(r.Bytes), r.Seconds)
	}
	row("encoding", "%.2f CPU seconds in %.2f s of %d runs for %d tasks of the reference clip, with %d MiB",
		m.CPU, m.Seconds, m.Runs, m.Tasks, s.memory)
	if m.Err != nil {
		row("incomplete", "%s", hideAddresses(m.Err.Error()))
	}
	b.WriteString("\n" + renderCost(m.CPU))
	return b.String()
}

// String returns the slowest cold start.
func (c coldStarts) String() string {
	var parts []string
	if c.Startup != nil {
		parts = append(parts, fmt.Sprintf("process %.2f s", slices.Max(c.Startup)))
	}
	if c.Init != nil {
		parts = append(parts, fmt.Sprintf("Init phase %.2f s", slices.Max(c.Init)))
	}
	return strings.Join(parts, ", ")
}
