package main

import (
	"container/heap"
	"math/rand/v2"

	"sluice/shared/domain/scaling"
	"sluice/shared/domain/video"
)

// Limits of the AWS account. A worker is one invocation of encode with 3,008 MB. Workers beyond the budget take
// concurrency from the API, whose requests are then throttled. Nothing runs beyond the account's concurrency.
const (
	accountConcurrency = 120
	apiReserve         = 20
	workerBudget       = accountConcurrency - apiReserve
)

// The lanes of encode; each has a queue.
const (
	interactiveLane = iota
	bulkLane
	laneCount
)

var encodeQueues = [laneCount]scaling.Queue{
	{Name: "encode", Lane: video.Interactive, MaxWait: 5},
	{Name: "encode-bulk", Lane: video.Bulk, MaxWait: 600},
}

// chunk is one message.
type chunk struct {
	at      float64 // time of sending, seconds
	service float64 // time a worker needs, seconds
	lane    int
	tenant  int
}

// eventSourceMapping is a queue with its event source mapping. The queue is fair among tenants: the next message is one
// of the tenant with the fewest in flight
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html).
type eventSourceMapping struct {
	waiting  [tenantCount][]chunk
	inFlight [tenantCount]int
	visible  int
	busy     int

	pollers   float64 // workers that the pollers can supply at the moment
	ceiling   int     // in effect
	requested int     // by the scaling law, not always in effect yet
	pending   int     // being applied; 0 if none
	due       int     // time at which it takes effect

	history          []reading // one per second
	completed        int
	workSeconds      float64 // of completed work
	flaps, direction int
	turnedAt         int
}

type reading struct{ visible, inFlight, oldest, ceiling float64 }

// simulatedCloud is the account while a workload runs.
type simulatedCloud struct {
	pollerMode
	mappings    [laneCount]eventSourceMapping
	running     endHeap
	freeWorkers int
	rng         *rand.Rand
	waits       [laneCount][]float64
	sent        [laneCount]int // in this second
	busyWorkers int            // at the moment
	overBudget  int            // seconds with more workers than the budget
	workSeconds float64
	lastEnd     float64 // time at which the last message was completed
}

// scalingLaw sets the ceilings. It is called once per second.
type scalingLaw interface {
	setCeilings(c *simulatedCloud, now int)
}

func newSimulatedCloud(mode pollerMode, seconds int) *simulatedCloud {
	c := &simulatedCloud{pollerMode: mode, freeWorkers: accountConcurrency, rng: rand.New(rand.NewPCG(1, 2))}
	for i := range c.mappings {
		m := &c.mappings[i]
		// as deployed
		m.pollers, m.ceiling, m.requested = mode.initialWorkers, workerBudget/laneCount, workerBudget/laneCount
		m.history = make([]reading, 0, seconds)
	}
	return c
}

// runWorkload runs a workload under a scaling law until all messages are completed.
func (c *simulatedCloud) runWorkload(work []chunk, l scalingLaw) {
	next := 0
	for now := 0; next < len(work) || c.running.Len() > 0 || c.hasWaiting(); now++ {
		c.advanceSecond(now)
		l.setCeilings(c, now)
		c.sent = [laneCount]int{}
		for {
			at := float64(now + 1)
			if next < len(work) {
				at = min(at, work[next].at)
			}
			for c.running.Len() > 0 && c.running[0].at <= at {
				c.finishChunk(heap.Pop(&c.running).(invocation))
			}
			if next >= len(work) || work[next].at >= float64(now+1) {
				break
			}
			next = c.enqueueArrivals(work, next)
		}
	}
}

// enqueueArrivals enqueues all messages that are sent at the same time, which are of one video. It returns the index of
// the next message.
func (c *simulatedCloud) enqueueArrivals(work []chunk, next int) int {
	at := work[next].at
	for ; next < len(work) && work[next].at == at; next++ {
		m := &c.mappings[work[next].lane]
		m.waiting[work[next].tenant] = append(m.waiting[work[next].tenant], work[next])
		m.visible++
		c.sent[work[next].lane]++
	}
	c.assignWorkers(at)
	return next
}

func (c *simulatedCloud) hasWaiting() bool {
	return c.mappings[interactiveLane].visible+c.mappings[bulkLane].visible > 0
}

// advanceSecond applies ceilings, scales the pollers and records the metrics.
func (c *simulatedCloud) advanceSecond(now int) {
	if c.busyWorkers > workerBudget {
		c.overBudget++
	}
	for i := range c.mappings {
		m := &c.mappings[i]
		if m.pending > 0 && now >= m.due {
			m.ceiling, m.pending = m.pending, 0
		}
		c.submitCeiling(m, now)
		limit := m.workerLimit()
		switch {
		case m.visible > 0 && m.busy >= limit:
			m.pollers += c.workersPerSecond
		case m.busy < limit:
			m.pollers = max(c.pollerMode.initialWorkers, float64(m.busy), m.pollers-c.workersPerSecond)
		}
		m.pollers = min(m.pollers, float64(m.ceiling), 1250)
		m.history = append(m.history, reading{
			float64(m.visible), float64(m.busy), m.oldestAge(float64(now)), float64(min(m.ceiling, workerBudget)),
		})
	}
	c.assignWorkers(float64(now))
}

func (m *eventSourceMapping) workerLimit() int { return min(m.ceiling, int(m.pollers)) }

func (m *eventSourceMapping) oldestAge(now float64) (age float64) {
	for _, w := range m.waiting {
		if len(w) > 0 {
			age = max(age, now-w[0].at)
		}
	}
	return age
}

// assignWorkers assigns free workers to the queues, at random in proportion to what their pollers can use.
func (c *simulatedCloud) assignWorkers(now float64) {
	for c.freeWorkers > 0 {
		var want [laneCount]int
		for i := range c.mappings {
			if m := &c.mappings[i]; m.visible > 0 {
				want[i] = max(0, m.workerLimit()-m.busy)
			}
		}
		sum := want[interactiveLane] + want[bulkLane]
		if sum == 0 {
			return
		}
		lane := bulkLane
		if c.rng.IntN(sum) < want[interactiveLane] {
			lane = interactiveLane
		}
		c.startChunk(lane, now)
	}
}

func (c *simulatedCloud) startChunk(lane int, now float64) {
	m := &c.mappings[lane]
	tenant := -1
	for t := range m.waiting {
		if len(m.waiting[t]) == 0 {
			continue
		}
		if tenant < 0 || m.inFlight[t] < m.inFlight[tenant] || m.inFlight[t] == m.inFlight[tenant] &&
			m.waiting[t][0].at < m.waiting[tenant][0].at {
			tenant = t
		}
	}
	chunk := m.waiting[tenant][0]
	m.waiting[tenant] = m.waiting[tenant][1:]
	m.visible--
	m.busy++
	m.inFlight[tenant]++
	c.freeWorkers--
	c.busyWorkers++
	c.waits[lane] = append(c.waits[lane], now-chunk.at)
	heap.Push(&c.running, invocation{at: now + chunk.service, service: chunk.service, lane: lane, tenant: tenant})
}

func (c *simulatedCloud) finishChunk(i invocation) {
	m := &c.mappings[i.lane]
	m.busy--
	m.inFlight[i.tenant]--
	m.completed++
	m.workSeconds += i.service
	c.freeWorkers++
	c.busyWorkers--
	c.workSeconds += i.service
	c.lastEnd = i.at
	c.assignWorkers(i.at)
}
