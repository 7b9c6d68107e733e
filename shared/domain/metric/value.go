package metric

import "time"

// Value is one data point of a metric.
type Value struct {
	Metric
	DimensionValue string // value of the metric's dimension; "" if the metric has none
	Number         float64
}

// NewValue returns a data point of a metric without a dimension.
func (m Metric) NewValue(n float64) Value { return Value{Metric: m, Number: n} }

// NewValueFor returns a data point of a metric for one value of its dimension.
func (m Metric) NewValueFor(dimensionValue string, n float64) Value {
	return Value{m, dimensionValue, n}
}

// ToMilliseconds returns a duration in milliseconds. A negative duration, which clocks that differ can produce, is 0.
func ToMilliseconds(d time.Duration) float64 { return max(0, float64(d)/float64(time.Millisecond)) }

// DimensionSets returns the sets of dimension names that the metric is sent with. An empty set stands for the metric
// without a dimension.
func (m Metric) DimensionSets() [][]string {
	switch {
	case m.Dimension == "":
		return [][]string{{}}
	case m.AlsoTotal:
		return [][]string{{m.Dimension}, {}}
	}
	return [][]string{{m.Dimension}}
}
