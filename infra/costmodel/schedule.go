package costmodel

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// What one run of a scheduled function uses, by assumption, when there is nothing to do: it queries a few partitions of
// the table, reads the depths of the queues and looks into the dead-letter queues.
const (
	runSeconds  = 0.2
	runReads    = 21 // read request units
	runRequests = 14 // to SQS
	runLogGB    = 2e-6
)

// ratePattern matches a rate expression: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
var ratePattern = regexp.MustCompile(`^rate\((\d+) (minute|hour|day)s?\)$`)

func chargeRule(c idleContext, r Resource) ([]Line, error) {
	if r.Properties["ScheduleExpression"] == nil {
		// without a schedule: AWS's own events cost nothing, and others are sent by callers that use Sluice
		return nil, nil
	}
	var lines []Line
	targets, _ := r.Properties["Targets"].([]any)
	for _, target := range targets {
		of, err := c.chargeScheduledRuns(r, lookupPath(target, "Arn"))
		if err != nil {
			return nil, err
		}
		lines = append(lines, of...)
	}
	return lines, nil
}

func chargeSchedule(c idleContext, r Resource) ([]Line, error) {
	return c.chargeScheduledRuns(r, lookupPath(r.Properties, "Target", "Arn"))
}

// chargeScheduledRuns returns what the runs of a scheduled function in a month cost if each finds nothing to do.
func (c idleContext) chargeScheduledRuns(r Resource, arn any) ([]Line, error) {
	n, err := runsPerMonth(r.Properties["ScheduleExpression"])
	if err != nil {
		return nil, err
	}
	f, ok := c.resolveReference(arn)
	if ok && f.Type == "AWS::Lambda::Alias" {
		f, ok = c.resolveReference(f.Properties["FunctionName"])
	}
	memory, isFunction := f.Properties["MemorySize"].(float64)
	if !ok || !isFunction {
		return nil, errors.New("a schedule of anything but a function of the template has no price in infra/costmodel")
	}
	const what = "runs of the schedule"
	return []Line{
		c.newLine(what, "schedule", n),
		c.newLine(what, "lambda-requests", n),
		c.newLine(what, "lambda-arm64", n*runSeconds*memory/1024),
		c.newLine(what, "dynamodb-reads", n*runReads),
		c.newLine(what, "sqs-standard", n*runRequests),
		c.newLine(what, "traces", n),
		c.newLine(what, "logs", n*runLogGB),
	}, nil
}

// runsPerMonth returns how often a schedule runs in a month.
func runsPerMonth(expression any) (float64, error) {
	m := ratePattern.FindStringSubmatch(fmt.Sprint(expression))
	if m == nil {
		return 0, fmt.Errorf("how often is %v? Only rate(…) is counted in infra/costmodel", expression)
	}
	every, err := strconv.Atoi(m[1])
	if err != nil || every == 0 {
		return 0, fmt.Errorf("%v is no rate", expression)
	}
	unit := map[string]float64{"minute": 60, "hour": 3600, "day": 86_400}[m[2]]
	return secondsPerMonth / (float64(every) * unit), nil
}
