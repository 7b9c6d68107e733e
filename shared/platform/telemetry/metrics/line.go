package metrics

import (
	"cmp"
	"log/slog"
	"math"
	"slices"
	"time"
)

// Value is one number of a metric.
type Value struct {
	Metric
	Of     string // value of the metric's dimension; "" if it has none
	Number float64
}

// Is returns a number of a metric that has no dimension.
func (m Metric) Is(n float64) Value { return Value{Metric: m, Number: n} }

// In returns a number of a metric at a value of its dimension.
func (m Metric) In(of string, n float64) Value { return Value{m, of, n} }

// Took returns a duration as the milliseconds of a metric; what comes of clocks that differ, below zero, is zero.
func Took(d time.Duration) float64 { return max(0, float64(d)/float64(time.Millisecond)) }

// directive tells CloudWatch which members of a line are metrics
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []definition
}

type definition struct{ Name, Unit string }

// header is the member _aws.
type header struct {
	Timestamp         int64 // Unix milliseconds
	CloudWatchMetrics []directive
}

// Line returns what makes a line of the log say these values, each of another metric, all of one dimension at the same
// value of it. What is no number is left out; without any value nothing is added to the line. It must not be in a group:
// CloudWatch looks for metrics at the root.
func Line(at time.Time, values ...Value) slog.Attr {
	h := header{Timestamp: at.UnixMilli()}
	var members []any
	said := map[string]bool{}
	for _, v := range values {
		if math.IsNaN(v.Number) || math.IsInf(v.Number, 0) {
			continue
		}
		h.define(v.Metric)
		members = append(members, slog.Float64(v.Name, v.Number))
		if v.By != "" && !said[v.By] {
			members = append(members, slog.String(v.By, cmp.Or(v.Of, "none"))) // CloudWatch takes no empty one
			said[v.By] = true
		}
	}
	if members == nil {
		return slog.Attr{}
	}
	return slog.Group("", append(members, slog.Any("_aws", h))...)
}

// define adds a metric to the directive of its dimensions.
func (h *header) define(m Metric) {
	sets := m.sets()
	i := slices.IndexFunc(h.CloudWatchMetrics, func(d directive) bool { return slices.EqualFunc(d.Dimensions, sets, slices.Equal) })
	if i < 0 {
		i = len(h.CloudWatchMetrics)
		h.CloudWatchMetrics = append(h.CloudWatchMetrics, directive{Namespace: Namespace, Dimensions: sets})
	}
	d := &h.CloudWatchMetrics[i]
	d.Metrics = append(d.Metrics, definition{m.Name, m.Unit})
}

// sets returns the sets of dimensions that a metric is sent with; the empty set is a metric without any.
func (m Metric) sets() [][]string {
	switch {
	case m.By == "":
		return [][]string{{}}
	case m.Total:
		return [][]string{{m.By}, {}}
	}
	return [][]string{{m.By}}
}
