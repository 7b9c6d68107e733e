package costmodel

import (
	"fmt"

	"sluice/shared/domain/metric"
	"sluice/shared/domain/services"
)

// rareMetrics are the metrics that have values only when something fails, is delivered twice or waits for an operator.
var rareMetrics = map[string]bool{
	metric.Retries.Name: true, metric.DeadLettered.Name: true, metric.Duplicates.Name: true, metric.Failed.Name: true,
	metric.DeadLetters.Name: true, metric.Stuck.Name: true, metric.Errors.Name: true, metric.WholeReads.Name: true,
}

// decisionsPerHour is how often an hour, at most, reconcile decides how many workers a queue gets.
const decisionsPerHour = 360

// MetricsTable lists the metrics and what they cost in an hour in which all queues have work.
func MetricsTable(p Prices) Table {
	rows := Table{{"metric", "how many", "$ an hour", "what"}}
	busy := 0
	for _, m := range metric.All {
		n := metricCount(m)
		count := fmt.Sprint(n)
		if m.Dimension == metric.Code {
			count = "1, and 1 for each code that occurs"
		}
		if !rareMetrics[m.Name] {
			busy += n
		}
		rows = append(rows,
			[]string{m.Name, count, formatFraction(p.newLine("", "metric", float64(n)).USD), m.Description})
	}
	usd := p.newLine("", "metric", float64(busy)).USD
	return append(rows, []string{
		"in an hour without failures", fmt.Sprint(busy), formatFraction(usd),
		fmt.Sprintf("$%s in a month of such hours", formatDollars(usd*hoursPerMonth)),
	})
}

// metricCount returns how many CloudWatch metrics a metric makes: one for each value of its dimension.
func metricCount(m metric.Metric) int {
	if m.Dimension == metric.Queue {
		return len(services.ListQueues())
	}
	return 1
}

func formatFraction(usd float64) string { return fmt.Sprintf("%.4f", usd) }
