// Package metricstest reads the metrics in a log, and fails the test if CloudWatch would not accept them. The rules and
// the schema of the embedded metric format are those of
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
package metricstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"testing"
)

// Sample is one value of a metric.
type Sample struct {
	Name       string
	Dimensions string // values of the dimensions, separated by commas; "" without any
	Number     float64
}

// String returns the sample as Wait[sluice-encode]=20.
func (s Sample) String() string {
	return s.Name + "[" + s.Dimensions + "]=" + strconv.FormatFloat(s.Number, 'f', -1, 64)
}

// ReadTexts returns all samples in a log as strings.
func ReadTexts(t testing.TB, log []byte) (all []string) {
	t.Helper()
	for _, s := range ReadSamples(t, log) {
		all = append(all, s.String())
	}
	return all
}

// emfDocument is the member _aws by the schema, which allows no other members.
type emfDocument struct {
	Timestamp         *int64
	CloudWatchMetrics []struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []struct{ Name, Unit string }
	}
}

// ReadLines returns the lines of a log. Each must be one JSON object without repeated members.
func ReadLines(t testing.TB, log []byte) (lines []map[string]any) {
	t.Helper()
	for text := range bytes.Lines(log) {
		var line map[string]any
		if err := json.Unmarshal(text, &line); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if again, twice := findRepeatedMember(text); twice {
			t.Errorf("member %q is repeated: %s", again, text)
		}
		lines = append(lines, line)
	}
	return lines
}

// RequireLogFields reports an error unless each line has the members want and a trace. Lines before from need no video.
func RequireLogFields(t testing.TB, log []byte, want map[string]any, from int) {
	t.Helper()
	lines := ReadLines(t, log)
	if len(lines) <= from {
		t.Fatalf("only %d lines: %s", len(lines), log)
	}
	for i, line := range lines {
		for key, v := range want {
			if line[key] != v && (key != "video" || i >= from) {
				t.Errorf("%s of %q is %v, want %v", key, line["message"], line[key], v)
			}
		}
		if id, _ := line["trace"].(string); id == "" {
			t.Errorf("%q has no trace", line["message"])
		}
	}
}

// findRepeatedMember returns a member of an object that is repeated; "" if there is none.
func findRepeatedMember(object []byte) (name string, is bool) {
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil { // the opening brace
		return "", false
	}
	seen := map[string]bool{}
	for d.More() {
		name, _ := d.Token()
		if seen[fmt.Sprint(name)] {
			return fmt.Sprint(name), true
		}
		seen[fmt.Sprint(name)] = true
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return "", false
		}
	}
	return "", false
}

// ReadSamples returns all samples in a log, in order.
func ReadSamples(t testing.TB, log []byte) (all []Sample) {
	t.Helper()
	for _, line := range ReadLines(t, log) {
		some, err := readSamples(line)
		if err != nil {
			t.Errorf("CloudWatch would not accept it: %v\n%v", err, line)
		}
		all = append(all, some...)
	}
	return all
}

var unitPattern = regexp.MustCompile(`^((Bytes|Kilobytes|Megabytes|Gigabytes|Terabytes|Bits|Kilobits|Megabits|Gigabits|Terabits|Count)(/Second)?|Seconds|Microseconds|Milliseconds|Percent|None)$`)

func readSamples(line map[string]any) (all []Sample, err error) {
	raw, has := line["_aws"]
	if !has {
		return nil, nil
	}
	text, _ := json.Marshal(raw)
	var doc emfDocument
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		return nil, err
	}
	if doc.Timestamp == nil || len(doc.CloudWatchMetrics) == 0 {
		return nil, fmt.Errorf("no timestamp or no metrics")
	}
	for _, m := range doc.CloudWatchMetrics {
		switch {
		case !isLengthValid(m.Namespace, 1024):
			return nil, fmt.Errorf("namespace %q", m.Namespace)
		case len(m.Dimensions) == 0, len(m.Metrics) == 0, len(m.Metrics) > 100:
			return nil, fmt.Errorf("%d sets of dimensions, %d metrics", len(m.Dimensions), len(m.Metrics))
		}
		for _, set := range m.Dimensions {
			of, err := dimensionValues(line, set)
			if err != nil {
				return nil, err
			}
			for _, def := range m.Metrics {
				n, ok := line[def.Name].(float64)
				if !ok || !isLengthValid(def.Name, 1024) || !unitPattern.MatchString(def.Unit) {
					return nil, fmt.Errorf("metric %q in %q is %v", def.Name, def.Unit, line[def.Name])
				}
				all = append(all, Sample{def.Name, of, n})
			}
		}
	}
	return all, nil
}

// dimensionValues returns the values of a set of dimensions.
func dimensionValues(line map[string]any, set []string) (of string, err error) {
	if len(set) > 30 {
		return "", fmt.Errorf("%d dimensions", len(set))
	}
	for i, name := range set {
		value, _ := line[name].(string)
		if !isLengthValid(name, 250) || !isLengthValid(value, 1024) {
			return "", fmt.Errorf("dimension %q is %v", name, line[name])
		}
		if i > 0 {
			of += ","
		}
		of += value
	}
	return of, nil
}

func isLengthValid(s string, most int) bool { return s != "" && len(s) <= most }
