package main

import (
	"container/heap"
	"math/rand/v2"

	"sluice/shared/domain/scaling"
)

// The account. A worker is one invocation of encode at 3,008 MB. What runs beyond the budget runs at the
// expense of the API, whose requests are throttled then; beyond the account's concurrency nothing runs.
const (
	account = 120
	api     = 20
	budget  = account - api
)

// The two queues of encode.
const (
	interactive = iota
	bulk
	lanes
)

var queues = [lanes]scaling.Queue{
	{Name: "encode", Lane: scaling.Interactive, Promise: 5},
	{Name: "encode-bulk", Lane: scaling.Bulk, Promise: 600},
}

// chunk is one message.
type chunk struct {
	at      float64 // when it is sent, seconds
	service float64 // how long a worker has it, seconds
	lane    int
	tenant  int
}

// mapping is a queue with its event source mapping. Among tenants the queue is fair: the next message is of the one
// with the fewest in flight (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html).
type mapping struct {
	waiting  [tenants][]chunk
	inFlight [tenants]int
	visible  int
	busy     int

	pollers float64 // workers that the pollers can keep busy now
	ceiling int     // in force
	wished  int     // by the law, sooner or later in force
	pending int     // on its way; 0 if none
	due     int     // when it is in force

	past             []reading // one a second
	done             int
	spent            float64 // seconds of work done
	flaps, direction int
	turned           int
}

type reading struct{ visible, inFlight, oldest, ceiling float64 }

// cloud is the account while a workload runs through it.
type cloud struct {
	lever
	maps    [lanes]mapping
	running ends
	free    int
	rng     *rand.Rand
	waits   [lanes][]float64
	sent    [lanes]int // in this second
	work    int        // workers now
	over    int        // seconds with more of them than the budget
	spent   float64
	last    float64 // when the last message was done
}

// law is what sets ceilings. It is called once a second.
type law interface{ tick(c *cloud, now int) }

func newCloud(l lever, seconds int) *cloud {
	c := &cloud{lever: l, free: account, rng: rand.New(rand.NewPCG(1, 2))}
	for i := range c.maps {
		c.maps[i].pollers, c.maps[i].ceiling, c.maps[i].wished = l.start, budget/lanes, budget/lanes // as deployed
		c.maps[i].past = make([]reading, 0, seconds)
	}
	return c
}

// run sends a workload through the cloud under a law, until all is done.
func (c *cloud) run(work []chunk, l law) {
	next := 0
	for now := 0; next < len(work) || c.running.Len() > 0 || c.waitingAny(); now++ {
		c.second(now)
		l.tick(c, now)
		c.sent = [lanes]int{}
		for {
			at := float64(now + 1)
			if next < len(work) {
				at = min(at, work[next].at)
			}
			for c.running.Len() > 0 && c.running[0].at <= at {
				c.end(heap.Pop(&c.running).(busy))
			}
			if next >= len(work) || work[next].at >= float64(now+1) {
				break
			}
			next = c.arrive(work, next)
		}
	}
}

// arrive takes all messages that are sent at the same moment: one video's.
func (c *cloud) arrive(work []chunk, next int) int {
	at := work[next].at
	for ; next < len(work) && work[next].at == at; next++ {
		m := &c.maps[work[next].lane]
		m.waiting[work[next].tenant] = append(m.waiting[work[next].tenant], work[next])
		m.visible++
		c.sent[work[next].lane]++
	}
	c.start(at)
	return next
}

func (c *cloud) waitingAny() bool { return c.maps[interactive].visible+c.maps[bulk].visible > 0 }

// second lets settings come into force, pollers climb or fall, and metrics be taken.
func (c *cloud) second(now int) {
	if c.work > budget {
		c.over++
	}
	for i := range c.maps {
		m := &c.maps[i]
		if m.pending > 0 && now >= m.due {
			m.ceiling, m.pending = m.pending, 0
		}
		c.send(m, now)
		limit := m.limit()
		switch {
		case m.visible > 0 && m.busy >= limit:
			m.pollers += c.climb
		case m.busy < limit:
			m.pollers = max(c.lever.start, float64(m.busy), m.pollers-c.climb)
		}
		m.pollers = min(m.pollers, float64(m.ceiling), 1250)
		m.past = append(m.past, reading{float64(m.visible), float64(m.busy), m.oldest(float64(now)), float64(min(m.ceiling, budget))})
	}
	c.start(float64(now))
}

func (m *mapping) limit() int { return min(m.ceiling, int(m.pollers)) }

func (m *mapping) oldest(now float64) (age float64) {
	for _, w := range m.waiting {
		if len(w) > 0 {
			age = max(age, now-w[0].at)
		}
	}
	return age
}

// start gives free workers to the queues: if both have pollers that want one, to one by chance.
func (c *cloud) start(now float64) {
	for c.free > 0 {
		var want [lanes]int
		for i := range c.maps {
			if m := &c.maps[i]; m.visible > 0 {
				want[i] = max(0, m.limit()-m.busy)
			}
		}
		sum := want[interactive] + want[bulk]
		if sum == 0 {
			return
		}
		lane := bulk
		if c.rng.IntN(sum) < want[interactive] {
			lane = interactive
		}
		c.take(lane, now)
	}
}

func (c *cloud) take(lane int, now float64) {
	m := &c.maps[lane]
	tenant := -1
	for t := range m.waiting {
		if len(m.waiting[t]) == 0 {
			continue
		}
		if tenant < 0 || m.inFlight[t] < m.inFlight[tenant] || m.inFlight[t] == m.inFlight[tenant] && m.waiting[t][0].at < m.waiting[tenant][0].at {
			tenant = t
		}
	}
	k := m.waiting[tenant][0]
	m.waiting[tenant] = m.waiting[tenant][1:]
	m.visible--
	m.busy++
	m.inFlight[tenant]++
	c.free--
	c.work++
	c.waits[lane] = append(c.waits[lane], now-k.at)
	heap.Push(&c.running, busy{at: now + k.service, service: k.service, lane: lane, tenant: tenant})
}

func (c *cloud) end(b busy) {
	m := &c.maps[b.lane]
	m.busy--
	m.inFlight[b.tenant]--
	m.done++
	m.spent += b.service
	c.free++
	c.work--
	c.spent += b.service
	c.last = b.at
	c.start(b.at)
}
