package scaling

import (
	"cmp"
	"slices"
	"time"
)

// Decisions are at least this far apart when the law itself asks for the next one, and no further while a queue has
// fewer workers than it needs.
const (
	minDecisionInterval = 5 * time.Second
	decisionInterval    = 10 * time.Second
)

// handOverWorkers sets each plan's workers: what falls, falls at once, unless that is not worth a call; what rises, rises into
// what is free. A worker above a ceiling that has fallen still runs to the end of its message, so for two service times,
// as some take longer than the mean, it counts as not free: the API's share is nobody's to borrow. While many are yet to
// end, a rise waits, so that it is one and not several. It returns when to decide again.
func handOverWorkers(plans []*queuePlan, budget int, now time.Time) time.Duration {
	wait := countEnding(plans, now) > budget/16
	spare, settled := sumCeilings(plans) <= budget, !slices.ContainsFunc(plans, (*queuePlan).isShort)
	room := budget
	for _, p := range plans {
		p.workers = max(p.minCeiling(), min(p.previous, p.target))
		if spare && (settled || p.gainsShare) && p.canKeepCeiling() {
			p.workers = p.previous
		}
		if p.workers < p.previous {
			p.history.PreviousCeiling, p.history.CeilingFellAt = max(p.previous, p.occupiedWorkers(now)), now
		}
		room -= p.occupiedWorkers(now)
	}
	order := slices.Clone(plans)
	slices.SortStableFunc(order, func(a, b *queuePlan) int { return cmp.Compare(lanePriority(a), lanePriority(b)) })
	for _, p := range order {
		if p.target <= p.workers || p.isMinorRaise() || wait && p.previous >= MinCeiling {
			continue
		}
		has := p.occupiedWorkers(now)
		p.workers = p.roundDown(min(p.target, has+max(0, room)))
		room -= max(0, p.workers-has)
	}
	return nextDecisionIn(plans, now)
}

// isShort says that a queue needs what others may have to spare.
func (p *queuePlan) isShort() bool { return p.previous < min(p.target, max(p.demand, p.Min)) }

// canKeepCeiling says that a fall is small: not worth a call while nobody lacks it.
func (p *queuePlan) canKeepCeiling() bool {
	return p.previous > p.target && p.previous <= p.Max && p.previous-p.target <= p.previous/4
}

// countEnding returns how many workers are yet to end, since a decision before this.
func countEnding(plans []*queuePlan, now time.Time) (n int) {
	for _, p := range plans {
		if p.timeToDrain(now) > 0 {
			n += max(0, min(p.history.PreviousCeiling, MaxCeiling)-p.previous)
		}
	}
	return n
}

// sumCeilings returns the sum of all ceilings until now, where none is less than the least.
func sumCeilings(plans []*queuePlan) (n int) {
	for _, p := range plans {
		n += max(p.minCeiling(), p.previous)
	}
	return n
}

// nextDecisionIn returns when to decide again if somebody has less than it needs; else 0.
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

func lanePriority(p *queuePlan) int {
	if p.isBulk() {
		return 1
	}
	return 0
}

// isMinorRaise says that a raise is only of what is spare, and small: not worth a call.
func (p *queuePlan) isMinorRaise() bool {
	return p.previous >= max(p.demand, p.Min) && p.target-p.previous <= p.previous/4
}

// occupiedWorkers returns how many workers a queue has or may still have.
func (p *queuePlan) occupiedWorkers(now time.Time) int {
	if p.timeToDrain(now) <= 0 {
		return p.workers
	}
	return max(p.workers, min(p.history.PreviousCeiling, MaxCeiling))
}

// timeToDrain returns how long until what ran when the ceiling fell has ended.
func (p *queuePlan) timeToDrain(now time.Time) time.Duration {
	if p.history.CeilingFellAt.IsZero() || p.history.CeilingFellAt.After(now) {
		return 0
	}
	ending := maxReadingAge
	if !p.invalid {
		ending = max(2*decisionInterval, time.Duration(2*p.Reading.ServiceTime*float64(time.Second))) // the mean may be of other kinds of work
	}
	return p.history.CeilingFellAt.Add(ending).Sub(now)
}
