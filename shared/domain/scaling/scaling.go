// Package scale is the law by which workers follow the depth of their queues. Decide divides a budget, the account's
// concurrency less a share for the API, among queues by depth, age and measured service time, and says why for each. It
// is a pure function: no clock, no AWS, no rights; the standard library only. It refuses nothing: what it can't read,
// it holds.
//
// The lever is a ceiling, the MaximumConcurrency of an event source mapping. A ceiling costs nothing while it is not
// used, so all of the budget is handed out all the time, each lane's part to the lane: what a law of desired workers
// finds out after a burst is there before it. Bulk lends its part while interactive has a burst, as long as it has time
// to spare.
package scaling

import (
	"math"
	"time"

	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// MinCeiling and Most bound a ceiling: the range of MaximumConcurrency
// (https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html).
const (
	MinCeiling = services.MinWorkers
	MaxCeiling = services.MaxWorkers
)

// Queue is one worker's queue: what was settled when it was deployed, and what was read just now.
type Queue struct {
	Name    string
	Lane    video.Lane
	MaxWait float64 // seconds a message may wait; 60 if not positive
	Weight  float64 // its part of what is spare, against others of its lane; 1 if not positive
	Min     int     // ceiling at least; Least if lower
	Max     int     // ceiling at most; Most if 0
	Unit    int     // the ceiling is a multiple of this; 1 if not positive
	Reading Reading
}

// Reading is what was measured of a queue. Numbers as they came: broken ones are the law's business.
type Reading struct {
	At          time.Time `json:"at,omitzero"`         // when; zero if it could not be read
	Visible     float64   `json:"visible,omitempty"`   // messages that wait; may include what the caller has just sent
	InFlight    float64   `json:"in_flight,omitempty"` // messages that are worked on
	OldestAge   float64   `json:"oldest,omitempty"`    // age of the oldest message, seconds; 0 if not known
	ServiceTime float64   `json:"service,omitempty"`   // measured time of one message, seconds
}

// Input is all that a decision depends on.
type Input struct {
	Budget    int // workers for all queues together: the account's concurrency less the API's share
	Now       time.Time
	Queues    []Queue
	BulkShare float64  // the bulk lane's part of the budget, the rest is the interactive lane's; 0.4 if 0
	Previous  Decision // the zero value if there was none
}

// Decision is a ceiling for each queue, in the order of the input, and what the next decision must know.
type Decision struct {
	Ceilings []Ceiling  `json:"ceilings"`
	Split    SplitState `json:"lanes,omitzero"`
	// NextDecisionIn, if not zero, is when to decide again at the latest: somebody has fewer workers than needed. The
	// caller may always decide sooner, as after a large fan-out.
	NextDecisionIn time.Duration `json:"again,omitempty"`
}

// Ceiling is the decision for one queue.
type Ceiling struct {
	Name    string        `json:"name"`
	Workers int           `json:"workers"` // the ceiling
	Wanted  int           `json:"wanted"`  // workers that would keep its promise now
	Reason  Reason        `json:"reason"`
	History DemandHistory `json:"memory"`
}

// Reason says in a few words why a ceiling is what it is. They are stable: alarms and people may look for them.
type Reason string

// The reasons.
const (
	ReasonIdle           Reason = "idle: its part of what is spare"
	ReasonEnough         Reason = "enough to keep its promise"
	ReasonLate           Reason = "late: older than promised, hurried on"
	ReasonKept           Reason = "kept: as many were needed minutes ago"
	ReasonAtMaximum      Reason = "at its most"
	ReasonShort          Reason = "short: its lane has no more"
	ReasonLent           Reason = "lent: it has time, the other lane has not"
	ReasonWaiting        Reason = "waiting for workers of another queue to end"
	ReasonHeld           Reason = "held: the reading is missing, stale or broken"
	ReasonBudgetTooSmall Reason = "least: the budget is less than the least of all"
)

// DecideCeilings returns the ceilings. Their sum is within the budget, unless the budget is less than Least for each.
func DecideCeilings(in Input) Decision {
	plans := make([]*queuePlan, len(in.Queues))
	for i, q := range in.Queues {
		plans[i] = newQueuePlan(q, in.Previous.ceilingOrZero(q.Name), in.Now)
	}
	budget := max(0, min(in.Budget, MaxCeiling*len(plans)))
	lanes, bulks := in.Previous.Split.updateSplit(plans, budget, min(1, positiveOr(in.BulkShare, defaultBulkShare)), in.Now)
	tooFew := divideBudget(plans, budget, bulks)
	again := handOverWorkers(plans, budget, in.Now)

	d := Decision{NextDecisionIn: again, Split: lanes, Ceilings: make([]Ceiling, len(plans))}
	for i, p := range plans {
		reason := p.explainCeiling(lanes.Current)
		if tooFew {
			reason = ReasonBudgetTooSmall
		}
		d.Ceilings[i] = Ceiling{Name: p.Name, Workers: p.workers, Wanted: p.wanted, Reason: reason, History: p.history}
	}
	return d
}

// FindCeiling returns the ceiling of a queue.
func (d Decision) FindCeiling(name string) (Ceiling, bool) {
	for _, c := range d.Ceilings {
		if c.Name == name {
			return c, true
		}
	}
	return Ceiling{}, false
}

func (d Decision) ceilingOrZero(name string) Ceiling {
	c, _ := d.FindCeiling(name)
	c.Workers = max(0, min(c.Workers, MaxCeiling))
	return c
}

// queuePlan is one queue while a decision is made.
type queuePlan struct {
	Queue
	previous int  // the ceiling until now; 0 if there was none
	invalid  bool // nothing in the reading counts
	wanted   int  // by this reading
	demand   int  // wanted, now or a while ago, within bounds
	target   int  // what it gets when all others have given back what is not theirs
	workers  int  // what it gets now
	history  DemandHistory

	gainsShare bool // the split has just changed in favour of its lane
}

func newQueuePlan(q Queue, before Ceiling, now time.Time) *queuePlan {
	q.MaxWait, q.Weight = positiveOr(q.MaxWait, 60), positiveOr(q.Weight, 1)
	if q.Max == 0 {
		q.Max = MaxCeiling
	}
	q.Unit = max(1, min(q.Unit, MaxCeiling))
	p := &queuePlan{Queue: q, history: before.History, invalid: !q.Reading.isValid(now)}
	p.previous = p.roundDown(before.Workers)
	p.Max = max(p.minCeiling(), p.roundDown(min(q.Max, MaxCeiling)))
	p.Min = min(p.roundUp(max(MinCeiling, q.Min)), p.Max)
	if p.invalid {
		return p.holdCeiling(before)
	}
	p.wanted = q.wantedWorkers()
	p.history = p.history.recordDemand(p.wanted, now)
	p.demand = min(p.history.Need, p.Max)
	return p
}

// holdCeiling makes a plan keep its ceiling, as far as its bounds and the budget let it.
func (p *queuePlan) holdCeiling(before Ceiling) *queuePlan {
	p.wanted, p.demand = max(0, min(before.Wanted, MaxCeiling)), p.Min
	if p.previous > 0 {
		p.demand = max(p.minCeiling(), min(p.previous, p.Max))
		p.Min, p.Max = p.minCeiling(), p.demand
	}
	return p
}

// roundUp and down round to what a ceiling can be, and fewest is the least of that.
func (p *queuePlan) roundUp(n int) int   { return p.roundDown(n + p.Unit - 1) }
func (p *queuePlan) roundDown(n int) int { return n / p.Unit * p.Unit }
func (p *queuePlan) minCeiling() int     { return p.roundUp(MinCeiling) }

func (p *queuePlan) explainCeiling(split LaneSplit) Reason {
	switch {
	case p.invalid:
		return ReasonHeld
	case p.workers < min(p.target, p.demand):
		return ReasonWaiting
	case p.workers < p.demand && p.isBulk() && split == SplitLoan:
		return ReasonLent
	case p.workers < p.demand:
		return ReasonShort
	case p.demand == 0:
		return ReasonIdle
	case p.demand == p.Max && p.wanted >= p.Max:
		return ReasonAtMaximum
	case p.wanted > 0 && p.Reading.OldestAge > p.MaxWait:
		return ReasonLate
	case roundToStep(p.wanted) < p.demand:
		return ReasonKept
	}
	return ReasonEnough
}

func positiveOr(x, otherwise float64) float64 {
	if x > 0 && !math.IsInf(x, 1) {
		return x
	}
	return otherwise
}
