package scaling

import (
	"slices"
	"time"
)

// How soon a decision asks for the next one: minDecisionInterval at the earliest, and decisionInterval while a queue
// has fewer workers than it needs.
const (
	minDecisionInterval = 5 * time.Second
	decisionInterval    = 10 * time.Second
)

// transition is what a decision does with one queue's ceiling.
type transition string

// The transitions.
const (
	ignoreSmallFall transition = "keep"  // a small fall is not worth a call to Lambda while no queue needs the workers
	lowerCeiling    transition = "lower" // a fall takes effect at once
	noChange        transition = "hold"  // the target is reached, or is the least ceiling
	skipRaise       transition = "skip"  // a small raise of spare workers is not worth a call
	delayRaise      transition = "delay" // workers of lowered queues still run: one raise later is better than several
	raiseCeiling    transition = "raise" // into what is free, up to the target
)

// transitions says when a queue makes which transition: the first whose condition holds, else raiseCeiling.
var transitions = []struct {
	name    transition
	applies func(p *queuePlan, c transitionContext) bool
}{
	{ignoreSmallFall, func(p *queuePlan, c transitionContext) bool {
		return c.hasSpare && (!c.hasShort || p.gainsShare) && p.isMinorFall()
	}},
	{lowerCeiling, func(p *queuePlan, _ transitionContext) bool { return p.previous > p.target }},
	{noChange, func(p *queuePlan, _ transitionContext) bool { return p.target <= max(p.minCeiling(), p.previous) }},
	{skipRaise, func(p *queuePlan, _ transitionContext) bool { return p.isMinorRaise() }},
	{delayRaise, func(p *queuePlan, c transitionContext) bool { return c.manyEnding && p.previous >= MinCeiling }},
}

// transitionContext is what the transitions depend on beside the queue itself.
type transitionContext struct {
	hasSpare   bool // the ceilings until now are within the budget
	hasShort   bool // some queue needs workers that others may have to spare
	manyEnding bool // more than a sixteenth of the budget is yet to end above lowered ceilings
}

func (c transitionContext) findTransition(p *queuePlan) transition {
	for _, t := range transitions {
		if t.applies(p, c) {
			return t.name
		}
	}
	return raiseCeiling
}

// handOverWorkers sets each plan's workers and returns when to decide again; 0: at the next regular time. A worker
// above a lowered ceiling runs to the end of its message, so for two service times, as some messages take longer than
// the mean, it counts as not free: the API's share of the account's concurrency is never lent.
func handOverWorkers(plans []*queuePlan, budget int, now time.Time) time.Duration {
	// the sum of the previous ceilings; workers above lowered ceilings, from decisions before this one
	ceilings, ending := 0, 0
	for _, p := range plans {
		ceilings += max(p.minCeiling(), p.previous)
		if p.timeToDrain(now) > 0 {
			ending += max(0, min(p.history.PreviousCeiling, MaxCeiling)-p.previous)
		}
	}
	c := transitionContext{
		hasSpare: ceilings <= budget, hasShort: slices.ContainsFunc(plans, (*queuePlan).isShort),
		manyEnding: ending > budget/16,
	}
	free := budget
	var rising []*queuePlan
	for _, p := range plans {
		p.workers = max(p.minCeiling(), p.previous)
		switch c.findTransition(p) {
		case lowerCeiling:
			p.workers = p.target
			p.history.PreviousCeiling, p.history.CeilingFellAt = max(p.previous, p.occupiedWorkers(now)), now
		case raiseCeiling:
			rising = append(rising, p)
		}
		free -= p.occupiedWorkers(now)
	}
	for _, p := range slices.Concat(filterByLane(rising, false), filterByLane(rising, true)) {
		has := p.occupiedWorkers(now)
		p.workers = p.roundDown(min(p.target, has+max(0, free)))
		free -= max(0, p.workers-has)
	}
	return nextDecisionIn(plans, now)
}

// isShort reports whether the queue has less than it needs and is to get.
func (p *queuePlan) isShort() bool { return p.previous < min(p.target, max(p.demand, p.Min)) }

// isMinorFall reports whether the ceiling falls by a quarter at most, and may stay as it is.
func (p *queuePlan) isMinorFall() bool {
	return p.previous > p.target && p.previous <= p.Max && p.previous-p.target <= p.previous/4
}

// nextDecisionIn returns when to decide again if a queue has less than it needs; else 0.
func nextDecisionIn(plans []*queuePlan, now time.Time) (again time.Duration) {
	if !slices.ContainsFunc(plans, func(p *queuePlan) bool { return !p.invalid && p.workers < p.demand }) {
		return 0
	}
	again = decisionInterval
	for _, p := range plans {
		if left := p.timeToDrain(now); left > 0 {
			again = min(max(again, 2*decisionInterval), left)
		}
	}
	return max(again, minDecisionInterval)
}

// isMinorRaise reports whether the ceiling would rise by a quarter at most, and only by workers that the queue does
// not need.
func (p *queuePlan) isMinorRaise() bool {
	return p.previous >= max(p.demand, p.Min) && p.target-p.previous <= p.previous/4
}

// occupiedWorkers returns how many workers the queue has, with those that still run above a lowered ceiling.
func (p *queuePlan) occupiedWorkers(now time.Time) int {
	if p.timeToDrain(now) <= 0 {
		return p.workers
	}
	return max(p.workers, min(p.history.PreviousCeiling, MaxCeiling))
}

// timeToDrain returns how long until the workers that ran when the ceiling was lowered have ended.
func (p *queuePlan) timeToDrain(now time.Time) time.Duration {
	if p.history.CeilingFellAt.IsZero() || p.history.CeilingFellAt.After(now) {
		return 0
	}
	ending := maxReadingAge
	if !p.invalid {
		twoServiceTimes := time.Duration(2 * p.Reading.ServiceTime * float64(time.Second))
		ending = max(2*decisionInterval, twoServiceTimes) // the mean may be of other work
	}
	return p.history.CeilingFellAt.Add(ending).Sub(now)
}
