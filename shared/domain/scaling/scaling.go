// Package scaling decides how many workers each queue gets: it autoscales by the depth of the queues. DecideCeilings
// divides a budget, the account's concurrency less the API's share, among the queues by depth, age of the oldest
// message and measured service time, and gives a reason for each. Package autoscale reads the queues and applies the
// decision; docs/scaling.md explains it and has the simulations.
//
// A decision is a ceiling for each queue: the MaximumConcurrency of its event source mapping, or its number of
// provisioned pollers. A ceiling that is not used costs nothing. Therefore the whole budget is always handed out, each
// lane's share to that lane: a queue already has the ceiling that a burst needs. The bulk lane lends its share to the
// interactive lane during a burst, as long as its own messages have time to spare.
//
// It is pure: no clock, no I/O, no AWS rights. No input is an error: a queue whose reading is missing or invalid keeps
// its ceiling.
package scaling

import (
	"math"
	"time"

	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// MinCeiling and MaxCeiling bound a ceiling: the range of MaximumConcurrency
// (https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html).
const (
	MinCeiling = services.MinWorkers
	MaxCeiling = services.MaxWorkers
)

// Queue is one queue: its settings and its current reading.
type Queue struct {
	Name    string
	Lane    video.Lane
	MaxWait float64 // seconds a message should wait at most; 60 if not positive
	Weight  float64 // its share of spare workers, relative to the other queues of its lane; 1 if not positive
	Min     int     // minimum of the ceiling; MinCeiling if lower
	Max     int     // maximum of the ceiling; MaxCeiling if 0
	Unit    int     // the ceiling is a multiple of this; 1 if not positive
	Reading Reading
}

// Reading is what was measured of a queue. The numbers may be anything, also NaN: see isValid.
type Reading struct {
	At          time.Time `json:"at,omitzero"`         // when it was measured; zero if it could not be
	Visible     float64   `json:"visible,omitempty"`   // messages that wait, with those that were just sent
	InFlight    float64   `json:"in_flight,omitempty"` // messages that are being processed
	OldestAge   float64   `json:"oldest,omitempty"`    // age of the oldest message, seconds; 0 if not known
	ServiceTime float64   `json:"service,omitempty"`   // measured time to process one message, seconds
}

// Input is everything that a decision depends on.
type Input struct {
	Budget    int // workers for all queues together: the account's concurrency less the API's share
	Now       time.Time
	Queues    []Queue
	BulkShare float64  // the bulk lane's share of the budget; the rest is the interactive lane's; 0.4 if not positive
	Previous  Decision // the previous decision; the zero value if there was none
}

// Decision is a ceiling for each queue, in the order of the input, and the state for the next decision.
type Decision struct {
	Ceilings []Ceiling  `json:"ceilings"`
	Split    SplitState `json:"lanes,omitzero"`
	// NextDecisionIn, if not zero, is when to decide again at the latest, as a queue has fewer workers than it needs.
	// The caller may decide sooner, for example after sending many messages.
	NextDecisionIn time.Duration `json:"again,omitempty"`
}

// Ceiling is the decision for one queue.
type Ceiling struct {
	Name    string        `json:"name"`
	Workers int           `json:"workers"` // the ceiling
	Wanted  int           `json:"wanted"`  // workers that would keep its MaxWait now
	Reason  Reason        `json:"reason"`
	History DemandHistory `json:"memory"`
}

// Reason says why a ceiling is what it is. The texts are stable: logs and alarms may be searched for them.
type Reason string

// The reasons.
const (
	ReasonIdle           Reason = "idle: its part of what is spare"
	ReasonEnough         Reason = "enough for its target wait"
	ReasonLate           Reason = "late: the oldest message exceeds the target wait"
	ReasonKept           Reason = "kept: as many were needed minutes ago"
	ReasonAtMaximum      Reason = "at its maximum"
	ReasonShort          Reason = "short: its lane has no more"
	ReasonLent           Reason = "lent: it has time, the other lane has not"
	ReasonWaiting        Reason = "waiting for workers of another queue to end"
	ReasonHeld           Reason = "held: the reading is missing, stale or broken"
	ReasonBudgetTooSmall Reason = "minimum: the budget is less than the sum of the minimums"
)

// DecideCeilings returns a ceiling for each queue. Their sum is within the budget, unless the budget is less than the
// sum of the minimum ceilings.
func DecideCeilings(in Input) Decision {
	plans := make([]*queuePlan, len(in.Queues))
	for i, q := range in.Queues {
		before, _ := in.Previous.FindCeiling(q.Name)
		before.Workers = max(0, min(before.Workers, MaxCeiling))
		plans[i] = newQueuePlan(q, before, in.Now)
	}
	budget := max(0, min(in.Budget, MaxCeiling*len(plans)))
	split, bulkBudget := in.Previous.Split.updateSplit(plans, budget,
		min(1, positiveOr(in.BulkShare, defaultBulkShare)), in.Now)
	tooFew := divideBudget(plans, budget, bulkBudget)
	again := handOverWorkers(plans, budget, in.Now)

	d := Decision{NextDecisionIn: again, Split: split, Ceilings: make([]Ceiling, len(plans))}
	for i, p := range plans {
		reason := p.explainCeiling(split.Current)
		if tooFew {
			reason = ReasonBudgetTooSmall
		}
		d.Ceilings[i] = Ceiling{Name: p.Name, Workers: p.workers, Wanted: p.wanted, Reason: reason, History: p.history}
	}
	return d
}

// FindCeiling returns the ceiling of a queue. ok is false if the decision has none.
func (d Decision) FindCeiling(name string) (c Ceiling, ok bool) {
	for _, c := range d.Ceilings {
		if c.Name == name {
			return c, true
		}
	}
	return Ceiling{}, false
}

// queuePlan is one queue during a decision.
type queuePlan struct {
	Queue
	previous int  // the previous ceiling; 0 if there was none
	invalid  bool // the reading is not valid
	wanted   int  // workers that this reading asks for
	demand   int  // workers that this reading or recent ones ask for, within the bounds
	target   int  // the ceiling when all queues above their target have given workers back
	workers  int  // the ceiling now
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
	if p.invalid { // it keeps the previous ceiling, within its bounds and the budget
		p.wanted, p.demand = max(0, min(before.Wanted, MaxCeiling)), p.Min
		if p.previous > 0 {
			p.demand = max(p.minCeiling(), min(p.previous, p.Max))
			p.Min, p.Max = p.minCeiling(), p.demand
		}
		return p
	}
	p.wanted = q.wantedWorkers()
	p.history = p.history.recordDemand(p.wanted, now)
	p.demand = min(p.history.Need, p.Max)
	return p
}

// roundUp and roundDown round to a multiple of Unit; minCeiling is the least such multiple that is at least
// MinCeiling.
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

// positiveOr returns x if it is positive and finite, else the other number.
func positiveOr(x, otherwise float64) float64 {
	if x > 0 && !math.IsInf(x, 1) {
		return x
	}
	return otherwise
}
