package metrics

import (
	"cmp"
	"log/slog"
	"math"
	"slices"
	"time"

	"sluice/shared/domain/metric"
)

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
func Line(at time.Time, values ...metric.Value) slog.Attr {
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
func (h *header) define(m metric.Metric) {
	sets := m.DimensionSets()
	i := slices.IndexFunc(h.CloudWatchMetrics, func(d directive) bool { return slices.EqualFunc(d.Dimensions, sets, slices.Equal) })
	if i < 0 {
		i = len(h.CloudWatchMetrics)
		h.CloudWatchMetrics = append(h.CloudWatchMetrics, directive{Namespace: metric.Namespace, Dimensions: sets})
	}
	d := &h.CloudWatchMetrics[i]
	d.Metrics = append(d.Metrics, definition{m.Name, m.Unit})
}
