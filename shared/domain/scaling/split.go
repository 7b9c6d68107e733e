package scaling

import (
	"time"

	"sluice/shared/domain/video"
)

// LaneSplit says how the budget is currently divided between the lanes.
type LaneSplit string

// The splits. SplitDefault holds unless there is a reason for another one.
const (
	SplitDefault LaneSplit = ""       // bulk has its share, interactive has the rest
	SplitLoan    LaneSplit = "loan"   // interactive has all but the minimum: it has a burst, and bulk has time to spare
	SplitDue     LaneSplit = "due"    // bulk has nearly half: it would be late otherwise, and interactive has no burst
	SplitBehind  LaneSplit = "behind" // bulk has two thirds: as SplitDue, and interactive has needed little for minutes
)

// The bulk lane's share of the budget in each split but SplitLoan. A larger dueBulkShare makes bulk waits shorter and
// interactive waits longer.
const (
	defaultBulkShare = 0.40
	dueBulkShare     = 0.46
	behindBulkShare  = 0.65
)

// When splits begin and end. The values were chosen by simulation (docs/scaling.md), which is not sensitive to any of
// them. Slack is a fraction of MaxWait. A loan ends while much slack is left: returning workers takes a minute, and
// ages of messages are known late.
const (
	lendSlack       = 3.0 / 4          // slack from which bulk lends
	endLoanSlack    = 1.0 / 2          // slack below which a loan ends, and above which SplitDue and SplitBehind end
	minBulkMaxWait  = 300.0            // seconds: a bulk queue with a shorter MaxWait counts as interactive
	pressedOverrun  = 10.0             // seconds by which an interactive backlog may exceed MaxWait
	calmShare       = 1.0 / 4          // of the budget: interactive needs little if it needs less
	minLoanDuration = time.Minute      // SQS counts some messages only after this
	splitInterval   = 10 * time.Minute // between changes, except to SplitDefault: prevents flapping
)

// SplitState is what one decision leaves to the next about the split.
type SplitState struct {
	Current LaneSplit `json:"split,omitempty"`
	Since   time.Time `json:"since,omitzero"`
}

// updateSplit returns the next split, and the bulk lane's budget. bulkShare is the share of SplitDefault. It marks the
// plans whose lane gains by the change.
func (s SplitState) updateSplit(plans []*queuePlan, budget int, bulkShare float64, now time.Time) (SplitState, int) {
	before := s.Current.bulkShare(bulkShare)
	s = s.nextSplit(measureLoad(plans, budget, bulkShare), now)
	after := s.Current.bulkShare(bulkShare)
	for _, p := range plans {
		p.gainsShare = after != before && after > before == p.isBulk()
	}
	return s, int(float64(budget) * after)
}

// bulkShare returns the bulk lane's share of the budget in the split.
func (s LaneSplit) bulkShare(defaultShare float64) float64 {
	switch s {
	case SplitLoan:
		return 0
	case SplitDue:
		return max(defaultShare, dueBulkShare)
	case SplitBehind:
		return max(defaultShare, behindBulkShare)
	}
	return defaultShare
}

// isBulk reports whether the queue belongs to the lane that lends.
func (p *queuePlan) isBulk() bool { return p.Lane != video.Interactive && p.MaxWait >= minBulkMaxWait }

// laneLoad is what the split depends on.
type laneLoad struct {
	longBurst bool    // an interactive backlog will last longer than it takes to borrow workers
	burstOver bool    // no interactive backlog will last longer than its MaxWait
	lowDemand bool    // interactive has needed little for some minutes
	slack     float64 // fraction of MaxWait that bulk has left when its default share has done all work
}

func measureLoad(plans []*queuePlan, budget int, bulkShare float64) laneLoad {
	l := laneLoad{burstOver: true}
	needed := 0
	for _, p := range filterByLane(plans, false) {
		needed += p.demand
		if p.invalid {
			continue
		}
		seconds := p.Reading.Visible * p.Reading.ServiceTime / float64(max(MinCeiling, p.previous))
		l.longBurst = l.longBurst || p.previous > 0 && seconds > p.MaxWait+pressedOverrun
		l.burstOver = l.burstOver && seconds <= p.MaxWait
	}
	l.lowDemand = float64(needed) < calmShare*float64(budget)
	l.slack = computeSlack(filterByLane(plans, true), max(1, float64(budget)*bulkShare))
	return l
}

// computeSlack returns the smallest fraction of its MaxWait that a queue has left when a number of workers has
// processed all messages; negative if it is late.
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

// nextSplit returns the split that follows: back to SplitDefault when the reason for the current one is gone, and to
// another one if there is a reason for it and the last change is not recent.
func (s SplitState) nextSplit(l laneLoad, now time.Time) SplitState {
	switch {
	case s.Current == SplitLoan:
		if l.slack < endLoanSlack || l.burstOver && elapsedSince(s.Since, now) >= minLoanDuration {
			return SplitState{SplitDefault, now}
		}
	case s.Current != SplitDefault && (l.longBurst || l.slack > endLoanSlack):
		return SplitState{SplitDefault, now}
	case elapsedSince(s.Since, now) < splitInterval:
	case s.Current == SplitDefault && l.longBurst && l.slack >= lendSlack:
		return SplitState{SplitLoan, now}
	case s.Current != SplitBehind && l.lowDemand && l.slack < 0:
		return SplitState{SplitBehind, now}
	case s.Current == SplitDefault && !l.longBurst && l.slack < 0:
		return SplitState{SplitDue, now}
	}
	return s
}

// elapsedSince returns how long ago t was; the maximum duration if t is zero or in the future.
func elapsedSince(t, now time.Time) time.Duration {
	if t.IsZero() || t.After(now) {
		return 1<<63 - 1
	}
	return now.Sub(t)
}
