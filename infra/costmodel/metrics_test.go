package costmodel

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"sluice/shared/domain/metric"
)

// Functions compute dollars with constants of package metric, because they can't read prices.json.
func TestMetricsPricesMatchPriceList(t *testing.T) {
	t.Parallel()
	p := LoadPrices().Prices
	for name, of := range map[string]float64{
		"lambda-requests": metric.InvocationDollars, "lambda-arm64": metric.ARMDollars,
		"lambda-amd64": metric.X86Dollars, "lambda-disk": metric.DiskDollars,
	} {
		if want := p[name].USD / p[name].Per; math.Abs(of/want-1) > 1e-9 {
			t.Errorf("%s: the functions count $%v, the list has $%v", name, of, want)
		}
	}
}

func TestMetricsTableListsEveryMetric(t *testing.T) {
	t.Parallel()
	table := MetricsTable(LoadPrices())
	for i, m := range metric.All {
		if row := table[i+1]; row[0] != m.Name || !strings.Contains(row[3], m.Description) {
			t.Errorf("%s: %q", m.Name, row)
		}
	}
	for name := range rareMetrics {
		if !strings.Contains(table.String(), name) {
			t.Errorf("%s is in rareMetrics, but is not a metric", name)
		}
	}
	last := table[len(table)-1]
	// of each queue, stages, dollars, starts and lateness
	if want := 4*metricCount(metric.WaitTime) + 8; last[1] != fmt.Sprint(want) {
		t.Errorf("an hour without failures has %s metrics, not %d", last[1], want)
	}
}
