package bill

import (
	"fmt"

	"sluice/shared/domain/metric"
	"sluice/shared/domain/services"
)

// rare are the metrics that are sent when something goes wrong, comes twice or waits for a person: an hour of plain work
// has the others only.
var rare = map[string]bool{
	metric.Retried.Name: true, metric.Dead.Name: true, metric.Duplicate.Name: true, metric.Failed.Name: true,
	metric.DeadLetters.Name: true, metric.Stuck.Name: true, metric.Errors.Name: true,
}

// decisions are how often an hour, at most, workers are decided about.
const decisions = 360

// MetricsTable shows what there is of metrics, and what they cost in an hour in which all queues have work.
func MetricsTable(p Prices) Table {
	rows := Table{{"metric", "how many", "$ an hour", "what"}}
	busy := 0
	for _, m := range metric.All {
		n := number(m)
		count := fmt.Sprint(n)
		if m.By == metric.Code {
			count = "1, and 1 for each code that occurs"
		}
		if !rare[m.Name] {
			busy += n
		}
		rows = append(rows, []string{m.Name, count, fraction(p.line("", "metric", float64(n)).USD), m.What})
	}
	usd := p.line("", "metric", float64(busy)).USD
	return append(rows, []string{"in an hour of plain work", fmt.Sprint(busy), fraction(usd), fmt.Sprintf("$%s in a month of nothing else", dollars(usd*hours))})
}

// number returns how many metrics CloudWatch makes of one of ours.
func number(m metric.Metric) int {
	switch m.By {
	case metric.Queue:
		return len(services.Queues())
	default:
		return 1
	}
}

func fraction(usd float64) string { return fmt.Sprintf("%.4f", usd) }
