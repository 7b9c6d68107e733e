// Package scale is the law by which workers follow the depth of their queues. Decide divides a budget, the account's
// concurrency less a share for the API, among queues by depth, age and measured service time, and says why for each. It
// is a pure function: no clock, no AWS, no rights; the standard library only. It refuses nothing: what it can't read, it
// holds.
//
// The lever is a ceiling, the MaximumConcurrency of an event source mapping. A ceiling costs nothing while it is not
// used, so all of the budget is handed out all the time, each lane's part to the lane: what a law of desired workers
// finds out after a burst is there before it. Bulk lends its part while interactive has a burst, as long as it has time
// to spare.
package scaling

import (
	"math"
	"time"
)

// Least and Most bound a ceiling: the range of MaximumConcurrency
// (https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html).
const (
	Least = 2
	Most  = 1000
)

// Lane says who waits for a queue.
type Lane string

// The lanes.
const (
	Interactive Lane = "interactive" // somebody looks at a progress bar: what is left over is for it first
	Bulk        Lane = "bulk"        // the rest
)

// Queue is one worker's queue: what was settled when it was deployed, and what was read just now.
type Queue struct {
	Name    string
	Lane    Lane
	Promise float64 // seconds a message may wait; 60 if not positive
	Weight  float64 // its part of what is spare, against others of its lane; 1 if not positive
	Min     int     // ceiling at least; Least if lower
	Max     int     // ceiling at most; Most if 0
	Unit    int     // the ceiling is a multiple of this; 1 if not positive
	Reading Reading
}

// Reading is what was measured of a queue. Numbers as they came: broken ones are the law's business.
type Reading struct {
	At       time.Time `json:"at,omitzero"`         // when; zero if it could not be read
	Visible  float64   `json:"visible,omitempty"`   // messages that wait; may include what the caller has just sent
	InFlight float64   `json:"in_flight,omitempty"` // messages that are worked on
	Oldest   float64   `json:"oldest,omitempty"`    // age of the oldest message, seconds; 0 if not known
	Service  float64   `json:"service,omitempty"`   // measured time of one message, seconds
}

// Input is all that a decision depends on.
type Input struct {
	Budget   int // workers for all queues together: the account's concurrency less the API's share
	Now      time.Time
	Queues   []Queue
	Bulk     float64  // the bulk lane's part of the budget, the rest is the interactive lane's; 0.4 if 0
	Previous Decision // the zero value if there was none
}

// Decision is a ceiling for each queue, in the order of the input, and what the next decision must know.
type Decision struct {
	Ceilings []Ceiling `json:"ceilings"`
	Lanes    Lanes     `json:"lanes,omitzero"`
	// Again, if not zero, is when to decide again at the latest: somebody has fewer workers than needed. The caller may
	// always decide sooner, as after a large fan-out.
	Again time.Duration `json:"again,omitempty"`
}

// Ceiling is the decision for one queue.
type Ceiling struct {
	Name    string `json:"name"`
	Workers int    `json:"workers"` // the ceiling
	Wanted  int    `json:"wanted"`  // workers that would keep its promise now
	Reason  Reason `json:"reason"`
	Memory  Memory `json:"memory"`
}

// Reason says in a few words why a ceiling is what it is. They are stable: alarms and people may look for them.
type Reason string

// The reasons.
const (
	Idle    Reason = "idle: its part of what is spare"
	Enough  Reason = "enough to keep its promise"
	Late    Reason = "late: older than promised, hurried on"
	Kept    Reason = "kept: as many were needed minutes ago"
	AtMost  Reason = "at its most"
	Short   Reason = "short: its lane has no more"
	Lent    Reason = "lent: it has time, the other lane has not"
	Waiting Reason = "waiting for workers of another queue to end"
	Held    Reason = "held: the reading is missing, stale or broken"
	TooFew  Reason = "least: the budget is less than the least of all"
)

// Decide returns the ceilings. Their sum is within the budget, unless the budget is less than Least for each.
func Decide(in Input) Decision {
	plans := make([]*plan, len(in.Queues))
	for i, q := range in.Queues {
		plans[i] = newPlan(q, in.Previous.of(q.Name), in.Now)
	}
	budget := max(0, min(in.Budget, Most*len(plans)))
	lanes, bulks := in.Previous.Lanes.share(plans, budget, min(1, positive(in.Bulk, usualPart)), in.Now)
	tooFew := divide(plans, budget, bulks)
	again := handOver(plans, budget, in.Now)

	d := Decision{Again: again, Lanes: lanes, Ceilings: make([]Ceiling, len(plans))}
	for i, p := range plans {
		reason := p.reason(lanes.Split)
		if tooFew {
			reason = TooFew
		}
		d.Ceilings[i] = Ceiling{Name: p.Name, Workers: p.workers, Wanted: p.wanted, Reason: reason, Memory: p.memory}
	}
	return d
}

// Of returns the ceiling of a queue.
func (d Decision) Of(name string) (Ceiling, bool) {
	for _, c := range d.Ceilings {
		if c.Name == name {
			return c, true
		}
	}
	return Ceiling{}, false
}

func (d Decision) of(name string) Ceiling {
	c, _ := d.Of(name)
	c.Workers = max(0, min(c.Workers, Most))
	return c
}

// plan is one queue while a decision is made.
type plan struct {
	Queue
	before  int  // the ceiling until now; 0 if there was none
	broken  bool // nothing in the reading counts
	wanted  int  // by this reading
	demand  int  // wanted, now or a while ago, within bounds
	target  int  // what it gets when all others have given back what is not theirs
	workers int  // what it gets now
	memory  Memory

	gains bool // the split has just changed in favour of its lane
}

func newPlan(q Queue, before Ceiling, now time.Time) *plan {
	q.Promise, q.Weight = positive(q.Promise, 60), positive(q.Weight, 1)
	if q.Max == 0 {
		q.Max = Most
	}
	q.Unit = max(1, min(q.Unit, Most))
	p := &plan{Queue: q, memory: before.Memory, broken: !q.Reading.sound(now)}
	p.before = p.down(before.Workers)
	p.Max = max(p.fewest(), p.down(min(q.Max, Most)))
	p.Min = min(p.up(max(Least, q.Min)), p.Max)
	if p.broken {
		return p.hold(before)
	}
	p.wanted = q.wanted()
	p.memory = p.memory.seen(p.wanted, now)
	p.demand = min(p.memory.Need, p.Max)
	return p
}

// hold makes a plan keep its ceiling, as far as its bounds and the budget let it.
func (p *plan) hold(before Ceiling) *plan {
	p.wanted, p.demand = max(0, min(before.Wanted, Most)), p.Min
	if p.before > 0 {
		p.demand = max(p.fewest(), min(p.before, p.Max))
		p.Min, p.Max = p.fewest(), p.demand
	}
	return p
}

// up and down round to what a ceiling can be, and fewest is the least of that.
func (p *plan) up(n int) int   { return p.down(n + p.Unit - 1) }
func (p *plan) down(n int) int { return n / p.Unit * p.Unit }
func (p *plan) fewest() int    { return p.up(Least) }

func (p *plan) reason(split Split) Reason {
	switch {
	case p.broken:
		return Held
	case p.workers < min(p.target, p.demand):
		return Waiting
	case p.workers < p.demand && p.canWait() && split == Loan:
		return Lent
	case p.workers < p.demand:
		return Short
	case p.demand == 0:
		return Idle
	case p.demand == p.Max && p.wanted >= p.Max:
		return AtMost
	case p.wanted > 0 && p.Reading.Oldest > p.Promise:
		return Late
	case step(p.wanted) < p.demand:
		return Kept
	}
	return Enough
}

func positive(x, otherwise float64) float64 {
	if x > 0 && !math.IsInf(x, 1) {
		return x
	}
	return otherwise
}
