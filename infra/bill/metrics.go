package bill

import (
	"fmt"

	"sluice/shared/domain/metric"
	"sluice/shared/domain/services"
)

// rareMetrics are the metrics that are sent when something goes wrong, comes twice or waits for a person: an hour of plain work
// has the others only.
var rareMetrics = map[string]bool{
	metric.Retries.Name: true, metric.DeadLettered.Name: true, metric.Duplicates.Name: true, metric.Failed.Name: true,
	metric.DeadLetters.Name: true, metric.Stuck.Name: true, metric.Errors.Name: true,
}

// decisionsPerHour are how often an hour, at most, workers are decided about.
const decisionsPerHour = 360

// MetricsTable shows what there is of metrics, and what they cost in an hour in which all queues have work.
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
		rows = append(rows, []string{m.Name, count, formatFraction(p.newLine("", "metric", float64(n)).USD), m.Description})
	}
	usd := p.newLine("", "metric", float64(busy)).USD
	return append(rows, []string{"in an hour of plain work", fmt.Sprint(busy), formatFraction(usd), fmt.Sprintf("$%s in a month of nothing else", formatDollars(usd*hoursPerMonth))})
}

// metricCount returns how many metrics CloudWatch makes of one of ours.
func metricCount(m metric.Metric) int {
	switch m.Dimension {
	case metric.Queue:
		return len(services.ListQueues())
	default:
		return 1
	}
}

func formatFraction(usd float64) string { return fmt.Sprintf("%.4f", usd) }
