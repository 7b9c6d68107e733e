package main

import "sluice/shared/domain/scaling"

// How the levers behave. AWS gives no time for a changed setting of an SQS mapping; for streams it says up to 90 s.
const (
	updateDelay = 20 // seconds until a changed ceiling is in force; none other is taken meanwhile
	depthLag    = 5  // seconds that GetQueueAttributes lags behind
	minute      = 60 // CloudWatch: a value a minute, there a minute later
)

// lever is how fast Lambda's pollers follow a backlog.
type lever struct {
	name   string
	start  float64 // workers that an idle mapping begins with
	climb  float64 // workers more each second
	coarse int     // a ceiling is a multiple of this
	least  int     // and at least this
}

// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
var (
	standard    = lever{name: "standard", start: 5, climb: 300.0 / 60, coarse: 1, least: scaling.Least}
	provisioned = lever{name: "provisioned", start: 20, climb: 1000.0 / 60, coarse: 10, least: 20} // two pollers of ten
)

// levers are those that each law is tried with.
var levers = []lever{standard, provisioned}

// possible returns the ceiling next below a number of workers.
func (l lever) possible(workers int) int {
	return max(l.least, min(workers, scaling.Most)/l.coarse*l.coarse)
}

// set wishes a ceiling for a queue.
func (c *cloud) set(lane, workers, now int) {
	m := &c.maps[lane]
	workers = c.possible(workers)
	if workers == m.wished {
		return
	}
	direction := 1
	if workers < m.wished {
		direction = -1
	}
	if m.direction == -direction && now-m.turned < 600 {
		m.flaps++
	}
	m.direction, m.turned, m.wished = direction, now, workers
	c.send(m, now)
}

// send asks for the wished ceiling unless another is on its way.
func (c *cloud) send(m *mapping, now int) {
	if m.pending == 0 && m.wished != m.ceiling {
		m.pending, m.due = m.wished, now+updateDelay
	}
}

// depth is what GetQueueAttributes says.
func (c *cloud) depth(lane, now int) reading { return c.maps[lane].past[max(0, now-depthLag)] }

// metric is what CloudWatch says, of a value every some seconds: as it was when the last period that has ended began.
func (c *cloud) metric(lane, now, every int) reading {
	return c.maps[lane].past[max(0, now/every*every-every)]
}

// service is the measured time of a message.
func (c *cloud) service(lane int) float64 {
	if m := &c.maps[lane]; m.done > 0 {
		return m.spent / float64(m.done)
	}
	return 10
}

func (c *cloud) flaps() int { return c.maps[interactive].flaps + c.maps[bulk].flaps }
