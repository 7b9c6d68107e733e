package main

import "sluice/shared/domain/scaling"

// How the levers behave. AWS gives no time for a changed setting of an SQS mapping; for streams it says up to 90 s.
const (
	updateDelay  = 20 // seconds until a changed ceiling is in force; none other is taken meanwhile
	depthLag     = 5  // seconds that GetQueueAttributes lags behind
	metricPeriod = 60 // CloudWatch: a value a minute, there a minute later
)

// pollerMode is how fast Lambda's pollers follow a backlog.
type pollerMode struct {
	name             string
	initialWorkers   float64 // workers that an idle mapping begins with
	workersPerSecond float64 // workers more each second
	ceilingUnit      int     // a ceiling is a multiple of this
	minCeiling       int     // and at least this
}

// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
var (
	standardPollers    = pollerMode{name: "standard", initialWorkers: 5, workersPerSecond: 300.0 / 60, ceilingUnit: 1, minCeiling: scaling.MinCeiling}
	provisionedPollers = pollerMode{name: "provisioned", initialWorkers: 20, workersPerSecond: 1000.0 / 60, ceilingUnit: 10, minCeiling: 20} // two pollers of ten
)

// pollerModes are those that each law is tried with.
var pollerModes = []pollerMode{standardPollers, provisionedPollers}

// roundCeiling returns the ceiling next below a number of workers.
func (l pollerMode) roundCeiling(workers int) int {
	return max(l.minCeiling, min(workers, scaling.MaxCeiling)/l.ceilingUnit*l.ceilingUnit)
}

// requestCeiling wishes a ceiling for a queue.
func (c *simulatedCloud) requestCeiling(lane, workers, now int) {
	m := &c.mappings[lane]
	workers = c.roundCeiling(workers)
	if workers == m.requested {
		return
	}
	direction := 1
	if workers < m.requested {
		direction = -1
	}
	if m.direction == -direction && now-m.turnedAt < 600 {
		m.flaps++
	}
	m.direction, m.turnedAt, m.requested = direction, now, workers
	c.submitCeiling(m, now)
}

// submitCeiling asks for the wished ceiling unless another is on its way.
func (c *simulatedCloud) submitCeiling(m *eventSourceMapping, now int) {
	if m.pending == 0 && m.requested != m.ceiling {
		m.pending, m.due = m.requested, now+updateDelay
	}
}

// queueDepth is what GetQueueAttributes says.
func (c *simulatedCloud) queueDepth(lane, now int) reading {
	return c.mappings[lane].history[max(0, now-depthLag)]
}

// cloudWatchMetric is what CloudWatch says, of a value every some seconds: as it was when the last period that has ended began.
func (c *simulatedCloud) cloudWatchMetric(lane, now, every int) reading {
	return c.mappings[lane].history[max(0, now/every*every-every)]
}

// measuredService is the measured time of a message.
func (c *simulatedCloud) measuredService(lane int) float64 {
	if m := &c.mappings[lane]; m.completed > 0 {
		return m.workSeconds / float64(m.completed)
	}
	return 10
}

func (c *simulatedCloud) countFlaps() int {
	return c.mappings[interactiveLane].flaps + c.mappings[bulkLane].flaps
}
