package scale

import "time"

// Split is how the budget is divided between the lanes for a while.
type Split string

// The splits. Usual is what holds unless one of the others has a reason to.
const (
	Usual  Split = ""       // bulk has its part, interactive the rest
	Loan   Split = "loan"   // interactive has all but the least: it has more than it can do soon, and bulk has time
	Due    Split = "due"    // bulk has nearly half, as it would break its promise else, and interactive is not pressed
	Behind Split = "behind" // bulk has two thirds: it is late, and interactive has had little to do for a while
)

// The bulk lane's part of the budget in each split but Loan.
const (
	usualPart  = 0.42
	duePart    = 0.47
	behindPart = 0.65
)

// When splits begin and end. They were chosen by simulation (docs/scaling.md), where none of them had to be exact.
// Slack is told as a part of the promise.
const (
	canLend  = 3.0 / 4          // slack at which bulk lends
	mustEnd  = 1.0 / 2          // slack at which a loan ends: to give back takes a minute, and ages are old when they are read
	nearly   = 1.0 / 12         // slack at which bulk is due
	recovers = 1.0 / 3          // slack at which it is no more
	patient  = 300.0            // seconds: a bulk queue that promises less can't wait for a loan to end, and counts as interactive
	bearable = 10.0             // seconds over its promise that a backlog may last: to borrow takes longer
	little   = 1.0 / 4          // what interactive wants of the budget when it has little to do
	awhile   = 3 * time.Minute  // and for how long
	spell    = 12 * time.Minute // in it no more than four changes of split: ceilings don't flap
)

// Lanes is what one decision leaves to the next, of the split.
type Lanes struct {
	Split   Split        `json:"split,omitempty"`
	Turns   [3]time.Time `json:"turns,omitzero"`   // when it last changed, the latest first
	Pressed time.Time    `json:"pressed,omitzero"` // when interactive last had more than it could do soon; zero if that has passed
	Stirred time.Time    `json:"stirred,omitzero"` // when it last had more than little to do
}

// shift tells the plans that bulk's part of the budget changes, if it does.
func shift(plans []*plan, was, is float64) {
	for _, p := range plans {
		switch {
		case is != was && is > was == p.canWait():
			p.shifts = 1
		case is != was:
			p.shifts = -1
		}
	}
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
	pressed bool    // interactive has more than it can do soon
	eased   bool    // it has far less than that
	idle    bool    // it has little to do
	slack   float64 // the part of its promise that bulk has left when its usual part has done all its work
}

func look(plans []*plan, budget int, part float64) load {
	l := load{eased: true, slack: 1}
	wanted, work := 0, 0.0
	for _, p := range plans {
		switch r := p.Reading; {
		case p.broken:
		case !p.canWait():
			lasts, most := r.Visible*r.Service/float64(max(Least, p.before)), p.Promise+bearable
			l.pressed = l.pressed || p.before > 0 && lasts > most
			l.eased = l.eased && lasts <= most/3
			wanted += p.wanted
		default:
			work += (r.Visible + r.InFlight) * r.Service
		}
	}
	l.idle = float64(wanted) < little*float64(budget)
	takes := work / max(1, float64(budget)*part)
	for _, p := range plans {
		if r := p.Reading; !p.broken && p.canWait() && r.Visible+r.InFlight > 0 {
			l.slack = min(l.slack, 1-(r.Oldest+takes)/p.Promise)
		}
	}
	return l
}

// next returns the memory with the split that follows: back to Usual when its reason has gone, to another when that has
// a reason, but not too often.
func (m Lanes) next(l load, now time.Time) Lanes {
	m, pressed, calm := m.heed(l, now)
	switch m.Split {
	case Loan:
		if !pressed || l.slack < mustEnd {
			m = m.turn(Usual, now)
		}
	case Due, Behind:
		if pressed || l.slack > recovers {
			m = m.turn(Usual, now)
		}
	}
	to := m.Split
	switch {
	case m.Split == Usual && pressed && l.slack >= canLend:
		to = Loan
	case m.Split != Loan && calm && l.slack < 0:
		to = Behind
	case m.Split == Usual && !pressed && l.slack < nearly:
		to = Due
	}
	if to != m.Split && since(m.Turns[2], now) >= spell {
		m = m.turn(to, now)
	}
	return m
}

// heed returns the memory of how busy the interactive lane is: pressed until it has eased, calm when idle for a while.
func (m Lanes) heed(l load, now time.Time) (_ Lanes, pressed, calm bool) {
	switch {
	case l.pressed:
		m.Pressed = now
	case l.eased:
		m.Pressed = time.Time{}
	}
	if !l.idle || m.Stirred.IsZero() {
		m.Stirred = now
	}
	return m, !m.Pressed.IsZero(), since(m.Stirred, now) >= awhile
}

func (m Lanes) turn(to Split, now time.Time) Lanes {
	m.Split, m.Turns = to, [3]time.Time{now, m.Turns[0], m.Turns[1]}
	return m
}

// since returns how long ago something was; very long if it never was, or is yet to be.
func since(t, now time.Time) time.Duration {
	if t.IsZero() || t.After(now) {
		return 1<<63 - 1
	}
	return now.Sub(t)
}
