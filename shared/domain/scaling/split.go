package scaling

import (
	"time"

	"sluice/shared/domain/video"
)

// LaneSplit is how the budget is divided between the lanes for a while.
type LaneSplit string

// The splits. Usual is what holds unless one of the others has a reason to.
const (
	SplitDefault LaneSplit = ""       // bulk has its part, interactive the rest
	SplitLoan    LaneSplit = "loan"   // interactive has all but the least: it has more than it can do soon, and bulk has time
	SplitDue     LaneSplit = "due"    // bulk has nearly half, as it would break its promise else, and interactive is not pressed
	SplitBehind  LaneSplit = "behind" // bulk has two thirds: it would break its promise, and interactive has had little to do for minutes
)

// The bulk lane's part of the budget in each split but Loan. Each hundredth of duePart makes bulk's waits shorter, and
// interactive ones longer.
const (
	defaultBulkShare = 0.40
	dueBulkShare     = 0.46
	behindBulkShare  = 0.65
)

// When splits begin and end. They were chosen by simulation (docs/scaling.md), where none of them had to be exact.
// Slack is told as a part of the promise. A loan ends while there is much of it left: to give back takes a minute, and
// ages are old when they are read.
const (
	lendSlack       = 3.0 / 4          // slack at which bulk lends
	endLoanSlack    = 1.0 / 2          // slack at which a loan ends, and at which bulk is due no more
	minBulkMaxWait  = 300.0            // seconds: a bulk queue that promises less can't wait for a loan to end, and counts as interactive
	pressedOverrun  = 10.0             // seconds over its promise that a backlog may last: to borrow takes longer
	calmShare       = 1.0 / 4          // what interactive needs of the budget when it has little to do
	minLoanDuration = time.Minute      // a loan lasts at least: SQS counts some messages that late
	splitInterval   = 10 * time.Minute // from one change of split to the next, unless that is back to Usual: ceilings don't flap
)

// SplitState is what one decision leaves to the next, of the split.
type SplitState struct {
	Current LaneSplit `json:"split,omitempty"`
	Since   time.Time `json:"since,omitzero"`
}

// updateSplit returns the split that follows, and how many workers are the bulk lane's by it.
func (m SplitState) updateSplit(plans []*queuePlan, budget int, part float64, now time.Time) (SplitState, int) {
	was := m.Current.bulkShare(part)
	m = m.nextSplit(measureLoad(plans, budget, part), now)
	is := m.Current.bulkShare(part)
	for _, p := range plans {
		p.gainsShare = is != was && is > was == p.isBulk()
	}
	return m, int(float64(budget) * is)
}

// bulkShare returns the bulk lane's part of the budget.
func (s LaneSplit) bulkShare(usual float64) float64 {
	switch s {
	case SplitLoan:
		return 0
	case SplitDue:
		return max(usual, dueBulkShare)
	case SplitBehind:
		return max(usual, behindBulkShare)
	}
	return usual
}

// isBulk says that a queue is of the lane that lends.
func (p *queuePlan) isBulk() bool { return p.Lane != video.Interactive && p.MaxWait >= minBulkMaxWait }

// laneLoad is what the split depends on.
type laneLoad struct {
	pressed bool    // an interactive backlog will last for longer than it takes to borrow
	eased   bool    // none will last for longer than promised
	calm    bool    // interactive has needed little for some minutes
	slack   float64 // the part of its promise that bulk has left when its usual part has done all its work
}

func measureLoad(plans []*queuePlan, budget int, part float64) laneLoad {
	l := laneLoad{eased: true}
	needs := 0
	for _, p := range filterByLane(plans, false) {
		needs += p.demand
		if p.invalid {
			continue
		}
		lasts := p.Reading.Visible * p.Reading.ServiceTime / float64(max(MinCeiling, p.previous))
		l.pressed = l.pressed || p.previous > 0 && lasts > p.MaxWait+pressedOverrun
		l.eased = l.eased && lasts <= p.MaxWait
	}
	l.calm = float64(needs) < calmShare*float64(budget)
	l.slack = computeSlack(filterByLane(plans, true), max(1, float64(budget)*part))
	return l
}

// computeSlack returns the part of their promise that queues have left when so many workers have done all their work.
func computeSlack(plans []*queuePlan, workers float64) float64 {
	work := 0.0
	for _, p := range plans {
		if !p.invalid {
			work += (p.Reading.Visible + p.Reading.InFlight) * p.Reading.ServiceTime
		}
	}
	left := 1.0
	for _, p := range plans {
		if r := p.Reading; !p.invalid && r.Visible+r.InFlight > 0 {
			left = min(left, 1-(r.OldestAge+work/workers)/p.MaxWait)
		}
	}
	return left
}

// nextSplit returns the split that follows: back to Usual when its reason has gone; to another when that has a reason,
// unless there was a change just now.
func (m SplitState) nextSplit(l laneLoad, now time.Time) SplitState {
	switch {
	case m.Current == SplitLoan:
		if l.slack < endLoanSlack || l.eased && elapsedSince(m.Since, now) >= minLoanDuration {
			return SplitState{SplitDefault, now}
		}
	case m.Current != SplitDefault && (l.pressed || l.slack > endLoanSlack):
		return SplitState{SplitDefault, now}
	case elapsedSince(m.Since, now) < splitInterval:
	case m.Current == SplitDefault && l.pressed && l.slack >= lendSlack:
		return SplitState{SplitLoan, now}
	case m.Current != SplitBehind && l.calm && l.slack < 0:
		return SplitState{SplitBehind, now}
	case m.Current == SplitDefault && !l.pressed && l.slack < 0:
		return SplitState{SplitDue, now}
	}
	return m
}

// elapsedSince returns how long ago something was; very long if it never was, or is yet to be.
func elapsedSince(t, now time.Time) time.Duration {
	if t.IsZero() || t.After(now) {
		return 1<<63 - 1
	}
	return now.Sub(t)
}
