package metric_test

import (
	"testing"
	"time"

	"sluice/shared/domain/metric"
)

func TestMetricNamesAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{metric.Queue: true, metric.Code: true}
	for _, m := range metric.All {
		if seen[m.Name] || m.Description == "" || m.Dimension == "" && m.AlsoTotal {
			t.Errorf("%+v", m)
		}
		seen[m.Name] = true
	}
}

func TestToMilliseconds(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]float64{1500 * time.Microsecond: 1.5, -time.Second: 0} {
		if got := metric.ToMilliseconds(d); got != want {
			t.Errorf("%v is %v ms, not %v", d, got, want)
		}
	}
}
