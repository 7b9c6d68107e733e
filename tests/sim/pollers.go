package main

import "sluice/shared/domain/scaling"

// Delays. AWS documents none for a change of an SQS mapping; for streams it says up to 90 s.
const (
	updateDelay  = 20 // seconds until a new ceiling is in effect; no other is accepted meanwhile
	depthLag     = 5  // seconds by which GetQueueAttributes is out of date
	metricPeriod = 60 // CloudWatch: one value per minute, available a minute later
)

// pollerMode is how fast Lambda's pollers follow a backlog.
type pollerMode struct {
	name             string
	initialWorkers   float64 // of an idle mapping
	workersPerSecond float64 // added per second
	ceilingUnit      int     // a ceiling is a multiple of this
	minCeiling       int     // the lowest ceiling
}

// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
var (
	standardPollers = pollerMode{
		name: "standard", initialWorkers: 5, workersPerSecond: 300.0 / 60, ceilingUnit: 1,
		minCeiling: scaling.MinCeiling,
	}
	// two pollers with ten workers each
	provisionedPollers = pollerMode{
		name: "provisioned", initialWorkers: 20, workersPerSecond: 1000.0 / 60, ceilingUnit: 10, minCeiling: 20,
	}
)

// pollerModes are the modes with which each law is simulated.
var pollerModes = []pollerMode{standardPollers, provisionedPollers}

// roundCeiling returns the highest allowed ceiling that is not above workers, or the lowest allowed one.
func (m pollerMode) roundCeiling(workers int) int {
	return max(m.minCeiling, min(workers, scaling.MaxCeiling)/m.ceilingUnit*m.ceilingUnit)
}

// requestCeiling requests a ceiling for a queue.
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

// submitCeiling applies the requested ceiling unless another one is being applied.
func (c *simulatedCloud) submitCeiling(m *eventSourceMapping, now int) {
	if m.pending == 0 && m.requested != m.ceiling {
		m.pending, m.due = m.requested, now+updateDelay
	}
}

// queueDepth returns the reading of GetQueueAttributes.
func (c *simulatedCloud) queueDepth(lane, now int) reading {
	return c.mappings[lane].history[max(0, now-depthLag)]
}

// cloudWatchMetric returns the reading of CloudWatch for a metric with a period in seconds: the value at the start of
// the last completed period.
func (c *simulatedCloud) cloudWatchMetric(lane, now, every int) reading {
	return c.mappings[lane].history[max(0, now/every*every-every)]
}

// measuredService returns the mean time per message so far, in seconds; 10 before the first one.
func (c *simulatedCloud) measuredService(lane int) float64 {
	if m := &c.mappings[lane]; m.completed > 0 {
		return m.workSeconds / float64(m.completed)
	}
	return 10
}

func (c *simulatedCloud) countFlaps() int {
	return c.mappings[interactiveLane].flaps + c.mappings[bulkLane].flaps
}
