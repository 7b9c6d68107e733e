package scaling

import "time"

// Split is how the budget is divided between the lanes for a while.
type Split string

// The splits. Usual is what holds unless one of the others has a reason to.
const (
	Usual  Split = ""       // bulk has its part, interactive the rest
	Loan   Split = "loan"   // interactive has all but the least: it has more than it can do soon, and bulk has time
	Due    Split = "due"    // bulk has nearly half, as it would break its promise else, and interactive is not pressed
	Behind Split = "behind" // bulk has two thirds: it would break its promise, and interactive has had little to do for minutes
)

// The bulk lane's part of the budget in each split but Loan. Each hundredth of duePart makes bulk's waits shorter, and
// interactive ones longer.
const (
	usualPart  = 0.40
	duePart    = 0.46
	behindPart = 0.65
)

// When splits begin and end. They were chosen by simulation (docs/scaling.md), where none of them had to be exact.
// Slack is told as a part of the promise. A loan ends while there is much of it left: to give back takes a minute, and
// ages are old when they are read.
const (
	canLend  = 3.0 / 4          // slack at which bulk lends
	enough   = 1.0 / 2          // slack at which a loan ends, and at which bulk is due no more
	patient  = 300.0            // seconds: a bulk queue that promises less can't wait for a loan to end, and counts as interactive
	bearable = 10.0             // seconds over its promise that a backlog may last: to borrow takes longer
	little   = 1.0 / 4          // what interactive needs of the budget when it has little to do
	counted  = time.Minute      // a loan lasts at least: SQS counts some messages that late
	spell    = 10 * time.Minute // from one change of split to the next, unless that is back to Usual: ceilings don't flap
)

// Lanes is what one decision leaves to the next, of the split.
type Lanes struct {
	Split Split     `json:"split,omitempty"`
	Since time.Time `json:"since,omitzero"`
}

// share returns the split that follows, and how many workers are the bulk lane's by it.
func (m Lanes) share(plans []*plan, budget int, part float64, now time.Time) (Lanes, int) {
	was := m.Split.bulk(part)
	m = m.next(look(plans, budget, part), now)
	is := m.Split.bulk(part)
	for _, p := range plans {
		p.gains = is != was && is > was == p.canWait()
	}
	return m, int(float64(budget) * is)
}

// bulk returns the bulk lane's part of the budget.
func (s Split) bulk(usual float64) float64 {
	switch s {
	case Loan:
		return 0
	case Due:
		return max(usual, duePart)
	case Behind:
		return max(usual, behindPart)
	}
	return usual
}

// canWait says that a queue is of the lane that lends.
func (p *plan) canWait() bool { return p.Lane != Interactive && p.Promise >= patient }

// load is what the split depends on.
type load struct {
	pressed bool    // an interactive backlog will last for longer than it takes to borrow
	eased   bool    // none will last for longer than promised
	calm    bool    // interactive has needed little for some minutes
	slack   float64 // the part of its promise that bulk has left when its usual part has done all its work
}

func look(plans []*plan, budget int, part float64) load {
	l := load{eased: true}
	needs := 0
	for _, p := range of(plans, false) {
		needs += p.demand
		if p.broken {
			continue
		}
		lasts := p.Reading.Visible * p.Reading.Service / float64(max(Least, p.before))
		l.pressed = l.pressed || p.before > 0 && lasts > p.Promise+bearable
		l.eased = l.eased && lasts <= p.Promise
	}
	l.calm = float64(needs) < little*float64(budget)
	l.slack = slack(of(plans, true), max(1, float64(budget)*part))
	return l
}

// slack returns the part of their promise that queues have left when so many workers have done all their work.
func slack(plans []*plan, workers float64) float64 {
	work := 0.0
	for _, p := range plans {
		if !p.broken {
			work += (p.Reading.Visible + p.Reading.InFlight) * p.Reading.Service
		}
	}
	left := 1.0
	for _, p := range plans {
		if r := p.Reading; !p.broken && r.Visible+r.InFlight > 0 {
			left = min(left, 1-(r.Oldest+work/workers)/p.Promise)
		}
	}
	return left
}

// next returns the split that follows: back to Usual when its reason has gone; to another when that has a reason, unless
// there was a change just now.
func (m Lanes) next(l load, now time.Time) Lanes {
	switch {
	case m.Split == Loan:
		if l.slack < enough || l.eased && since(m.Since, now) >= counted {
			return Lanes{Usual, now}
		}
	case m.Split != Usual && (l.pressed || l.slack > enough):
		return Lanes{Usual, now}
	case since(m.Since, now) < spell:
	case m.Split == Usual && l.pressed && l.slack >= canLend:
		return Lanes{Loan, now}
	case m.Split != Behind && l.calm && l.slack < 0:
		return Lanes{Behind, now}
	case m.Split == Usual && !l.pressed && l.slack < 0:
		return Lanes{Due, now}
	}
	return m
}

// since returns how long ago something was; very long if it never was, or is yet to be.
func since(t, now time.Time) time.Duration {
	if t.IsZero() || t.After(now) {
		return 1<<63 - 1
	}
	return now.Sub(t)
}
