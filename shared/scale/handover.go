package scale

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

// handOver sets each plan's workers: what falls, falls at once; what rises, rises into what is free. A worker above a
// ceiling that has fallen still runs to the end of its message, so for two service times, as some take longer than
// the mean, it counts as not free: the API's share is nobody's to borrow. It returns when to decide again.
func handOver(plans []*plan, budget int, now time.Time) time.Duration {
	late := ending(plans, now)
	quiet := !slices.ContainsFunc(plans, (*plan).unsettled)
	fits := ceilings(plans) <= budget
	room := budget
	for _, p := range plans {
		p.workers = min(p.before, p.target)
		if fits && (quiet || p.shifts > 0) && p.keeps() {
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
		if p.target <= p.workers || p.isTrifle() || p.waits(late, budget) {
			continue
		}
		has := p.occupied(now)
		p.workers = max(Least, min(p.target, has+max(0, room)))
		room -= max(0, p.workers-has)
	}
	return next(plans, now)
}

// unsettled says that a queue needs what others may have to spare, or that lanes give and take.
func (p *plan) unsettled() bool {
	return p.shifts != 0 || p.before < min(p.target, max(p.demand, p.Min))
}

// keeps says that a fall is small: not worth a call while nobody needs it.
func (p *plan) keeps() bool { return p.before <= p.Max && p.before-p.target <= p.before/4 }

// waits says that a rise had better wait, so that it is one and not several: more is free as soon as those workers have
// ended that are late. What is only to spare waits for all of them.
func (p *plan) waits(late, budget int) bool {
	return p.before >= Least && (p.shifts != 0 || 16*late > budget || late > 0 && p.workers >= p.demand)
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

func ceilings(plans []*plan) (n int) {
	for _, p := range plans {
		n += p.before
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
