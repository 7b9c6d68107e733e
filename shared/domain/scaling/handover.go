package scaling

import (
	"cmp"
	"slices"
	"time"
)

// Decisions are at least this far apart when the law itself asks for the next one, and no further while a queue has
// fewer workers than it needs.
const (
	soon  = 5 * time.Second
	often = 10 * time.Second
)

// handOver sets each plan's workers: what falls, falls at once, unless that is not worth a call; what rises, rises into
// what is free. A worker above a ceiling that has fallen still runs to the end of its message, so for two service times,
// as some take longer than the mean, it counts as not free: the API's share is nobody's to borrow. While many are yet to
// end, a rise waits, so that it is one and not several. It returns when to decide again.
func handOver(plans []*plan, budget int, now time.Time) time.Duration {
	wait := ending(plans, now) > budget/16
	spare, settled := ceilings(plans) <= budget, !slices.ContainsFunc(plans, (*plan).lacks)
	room := budget
	for _, p := range plans {
		p.workers = max(p.fewest(), min(p.before, p.target))
		if spare && (settled || p.gains) && p.keeps() {
			p.workers = p.before
		}
		if p.workers < p.before {
			p.memory.From, p.memory.Fell = max(p.before, p.occupied(now)), now
		}
		room -= p.occupied(now)
	}
	order := slices.Clone(plans)
	slices.SortStableFunc(order, func(a, b *plan) int { return cmp.Compare(rank(a), rank(b)) })
	for _, p := range order {
		if p.target <= p.workers || p.isTrifle() || wait && p.before >= Least {
			continue
		}
		has := p.occupied(now)
		p.workers = p.down(min(p.target, has+max(0, room)))
		room -= max(0, p.workers-has)
	}
	return next(plans, now)
}

// lacks says that a queue needs what others may have to spare.
func (p *plan) lacks() bool { return p.before < min(p.target, max(p.demand, p.Min)) }

// keeps says that a fall is small: not worth a call while nobody lacks it.
func (p *plan) keeps() bool {
	return p.before > p.target && p.before <= p.Max && p.before-p.target <= p.before/4
}

// ending returns how many workers are yet to end, since a decision before this.
func ending(plans []*plan, now time.Time) (n int) {
	for _, p := range plans {
		if p.ends(now) > 0 {
			n += max(0, min(p.memory.From, Most)-p.before)
		}
	}
	return n
}

// ceilings returns the sum of all ceilings until now, where none is less than the least.
func ceilings(plans []*plan) (n int) {
	for _, p := range plans {
		n += max(p.fewest(), p.before)
	}
	return n
}

// next returns when to decide again if somebody has less than it needs; else 0.
func next(plans []*plan, now time.Time) (again time.Duration) {
	if !slices.ContainsFunc(plans, func(p *plan) bool { return !p.broken && p.workers < p.demand }) {
		return 0
	}
	again = often
	for _, p := range plans {
		if left := p.ends(now); left > 0 {
			again = min(max(again, 2*often), left)
		}
	}
	return max(again, soon)
}

func rank(p *plan) int {
	if p.canWait() {
		return 1
	}
	return 0
}

// isTrifle says that a raise is only of what is spare, and small: not worth a call.
func (p *plan) isTrifle() bool {
	return p.before >= max(p.demand, p.Min) && p.target-p.before <= p.before/4
}

// occupied returns how many workers a queue has or may still have.
func (p *plan) occupied(now time.Time) int {
	if p.ends(now) <= 0 {
		return p.workers
	}
	return max(p.workers, min(p.memory.From, Most))
}

// ends returns how long until what ran when the ceiling fell has ended.
func (p *plan) ends(now time.Time) time.Duration {
	if p.memory.Fell.IsZero() || p.memory.Fell.After(now) {
		return 0
	}
	ending := fresh
	if !p.broken {
		ending = max(2*often, time.Duration(2*p.Reading.Service*float64(time.Second))) // the mean may be of other kinds of work
	}
	return p.memory.Fell.Add(ending).Sub(now)
}
