package bill

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// What one run of a scheduled function is taken to use when there is nothing to do: it looks what is due in a few
// partitions of the table, how deep the queues are, and whether those of dead letters are empty.
const (
	runSeconds  = 0.2
	runReads    = 21   // read request units
	runRequests = 14   // to queues
	runLog      = 2e-6 // GB
)

// rate is a schedule's expression: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
var rate = regexp.MustCompile(`^rate\((\d+) (minute|hour|day)s?\)$`)

func rule(b idle, r Resource) ([]Line, error) {
	if r.Properties["ScheduleExpression"] == nil {
		return nil, nil // events of AWS's own cost nothing, and others are sent by somebody
	}
	var lines []Line
	targets, _ := r.Properties["Targets"].([]any)
	for _, target := range targets {
		of, err := b.runs(r, at(target, "Arn"))
		if err != nil {
			return nil, err
		}
		lines = append(lines, of...)
	}
	return lines, nil
}

func schedule(b idle, r Resource) ([]Line, error) {
	return b.runs(r, at(r.Properties, "Target", "Arn"))
}

// runs returns what a scheduled function costs that finds nothing to do.
func (b idle) runs(r Resource, arn any) ([]Line, error) {
	n, err := monthly(r.Properties["ScheduleExpression"])
	if err != nil {
		return nil, err
	}
	f, ok := b.target(arn)
	if ok && f.Type == "AWS::Lambda::Alias" {
		f, ok = b.target(f.Properties["FunctionName"])
	}
	memory, isFunction := f.Properties["MemorySize"].(float64)
	if !ok || !isFunction {
		return nil, errors.New("a schedule of anything but a function of the template has no price in infra/bill")
	}
	const what = "looking what is due"
	return []Line{
		b.line(what, "schedule", n),
		b.line(what, "lambda-requests", n),
		b.line(what, "lambda-arm64", n*runSeconds*memory/1024),
		b.line(what, "dynamodb-reads", n*runReads),
		b.line(what, "sqs-standard", n*runRequests),
		b.line(what, "traces", n),
		b.line(what, "logs", n*runLog),
	}, nil
}

// monthly returns how often a schedule runs in a month.
func monthly(expression any) (float64, error) {
	m := rate.FindStringSubmatch(fmt.Sprint(expression))
	if m == nil {
		return 0, fmt.Errorf("how often is %v? Only rate(…) is counted in infra/bill", expression)
	}
	every, err := strconv.Atoi(m[1])
	if err != nil || every == 0 {
		return 0, fmt.Errorf("%v is no rate", expression)
	}
	unit := map[string]float64{"minute": 60, "hour": 3600, "day": 86_400}[m[2]]
	return seconds / (float64(every) * unit), nil
}
