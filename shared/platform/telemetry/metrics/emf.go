package metrics

import (
	"cmp"
	"log/slog"
	"math"
	"slices"
	"time"

	"sluice/shared/domain/metric"
)

// emfDirective tells CloudWatch which members of a line are metrics
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
type emfDirective struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []emfMetric
}

type emfMetric struct{ Name, Unit string }

// emfHeader is the member _aws.
type emfHeader struct {
	Timestamp         int64 // Unix milliseconds
	CloudWatchMetrics []emfDirective
}

// LogAttr returns what makes a line of the log say these values, each of another metric, all of one dimension at the same
// value of it. What is no number is left out; without any value nothing is added to the line. It must not be in a group:
// CloudWatch looks for metrics at the root.
func LogAttr(at time.Time, values ...metric.Value) slog.Attr {
	h := emfHeader{Timestamp: at.UnixMilli()}
	var members []any
	said := map[string]bool{}
	for _, v := range values {
		if math.IsNaN(v.Number) || math.IsInf(v.Number, 0) {
			continue
		}
		h.addMetric(v.Metric)
		members = append(members, slog.Float64(v.Name, v.Number))
		if v.Dimension != "" && !said[v.Dimension] {
			members = append(members, slog.String(v.Dimension, cmp.Or(v.DimensionValue, "none"))) // CloudWatch takes no empty one
			said[v.Dimension] = true
		}
	}
	if members == nil {
		return slog.Attr{}
	}
	return slog.Group("", append(members, slog.Any("_aws", h))...)
}

// addMetric adds a metric to the directive of its dimensions.
func (h *emfHeader) addMetric(m metric.Metric) {
	sets := m.DimensionSets()
	i := slices.IndexFunc(h.CloudWatchMetrics, func(d emfDirective) bool { return slices.EqualFunc(d.Dimensions, sets, slices.Equal) })
	if i < 0 {
		i = len(h.CloudWatchMetrics)
		h.CloudWatchMetrics = append(h.CloudWatchMetrics, emfDirective{Namespace: metric.Namespace, Dimensions: sets})
	}
	d := &h.CloudWatchMetrics[i]
	d.Metrics = append(d.Metrics, emfMetric{m.Name, m.Unit})
}
