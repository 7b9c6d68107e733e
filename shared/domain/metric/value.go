package metric

import "time"

// Value is one number of a metric.
type Value struct {
	Metric
	DimensionValue string // value of the metric's dimension; "" if it has none
	Number         float64
}

// NewValue returns a number of a metric that has no dimension.
func (m Metric) NewValue(n float64) Value { return Value{Metric: m, Number: n} }

// NewValueFor returns a number of a metric at a value of its dimension.
func (m Metric) NewValueFor(of string, n float64) Value { return Value{m, of, n} }

// ToMilliseconds returns a duration as the milliseconds of a metric; what comes of clocks that differ, below zero, is zero.
func ToMilliseconds(d time.Duration) float64 { return max(0, float64(d)/float64(time.Millisecond)) }

// DimensionSets returns the sets of dimensions that a metric is sent with; the empty set is a metric without any.
func (m Metric) DimensionSets() [][]string {
	switch {
	case m.Dimension == "":
		return [][]string{{}}
	case m.AlsoTotal:
		return [][]string{{m.Dimension}, {}}
	}
	return [][]string{{m.Dimension}}
}
