// Package metrics writes metrics to the log, in CloudWatch's embedded metric format: CloudWatch extracts them from the
// log lines, so that no call and no AWS right is needed. Package metric defines the metrics. A log level above INFO
// disables most of them.
//
// AWS documents that Lambda leaves log lines alone that are JSON, and that CloudWatch Logs finds the format in any log
// group. It does not document that both hold for functions with an OS-only runtime, as these are; that has not been
// tried on AWS yet.
package metrics

import (
	"cmp"
	"log/slog"
	"math"
	"os"
	"slices"
	"time"

	"sluice/shared/domain/metric"
	"sluice/shared/domain/services"
)

// emfDirective names the members of a log line that are metrics: CloudWatch's embedded metric format
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
type emfDirective struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []emfMetric
}

type emfMetric struct{ Name, Unit string }

// emfHeader is the member _aws of the line.
type emfHeader struct {
	Timestamp         int64 // Unix milliseconds
	CloudWatchMetrics []emfDirective
}

// LogAttr returns the attribute that makes CloudWatch extract these values from a log line. Each must be of another
// metric, and those with the same dimension must have the same value of it. NaN and infinite values are left out;
// without any value nothing is added to the line. The attribute must not be in a group: CloudWatch reads metrics only
// at the root.
func LogAttr(at time.Time, values ...metric.Value) slog.Attr {
	h := emfHeader{Timestamp: at.UnixMilli()}
	var members []any
	added := map[string]bool{} // dimensions
	for _, v := range values {
		if math.IsNaN(v.Number) || math.IsInf(v.Number, 0) {
			continue
		}
		h.addMetric(v.Metric)
		members = append(members, slog.Float64(v.Name, v.Number))
		if v.Dimension != "" && !added[v.Dimension] {
			// CloudWatch accepts no empty value
			members = append(members, slog.String(v.Dimension, cmp.Or(v.DimensionValue, "none")))
			added[v.Dimension] = true
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
	i := slices.IndexFunc(h.CloudWatchMetrics, func(d emfDirective) bool {
		return slices.EqualFunc(d.Dimensions, sets, slices.Equal)
	})
	if i < 0 {
		i = len(h.CloudWatchMetrics)
		h.CloudWatchMetrics = append(h.CloudWatchMetrics, emfDirective{readNamespace(), sets, nil})
	}
	d := &h.CloudWatchMetrics[i]
	d.Metrics = append(d.Metrics, emfMetric{m.Name, m.Unit})
}

// readNamespace returns the deployment's CloudWatch namespace.
func readNamespace() string { return cmp.Or(os.Getenv(services.EnvMetricNamespace), metric.Namespace) }
