package scaling

import (
	"slices"
	"time"
)

// State is what is kept from one decision to the next, and what may be shown of it. While nothing waits anywhere it is
// not written, so that At may be long ago: nothing has changed since.
type State struct {
	Version      int                `json:"version"` // one more with each change
	At           time.Time          `json:"at"`      // of the decision
	Budget       int                `json:"budget"`  // that was divided
	Queues       []QueueState       `json:"queues"`
	Split        SplitState         `json:"lanes,omitzero"`
	ServiceTimes map[string]float64 `json:"service,omitempty"` // measured seconds of one message, by service
}

// QueueState is what was decided for a queue, and what of: Reading.Visible messages waited, Reading.InFlight were
// worked on, Wanted workers would have kept the promise, Workers it may have, for this Reason.
type QueueState struct {
	Ceiling
	Reading   Reading   `json:"reading"`
	MappingID string    `json:"feed"`         // id of the event source mapping
	AppliedAt time.Time `json:"set,omitzero"` // when that last took the ceiling; zero: it may have another
}

// FindQueue returns what was decided for a queue.
func (s State) FindQueue(name string) (QueueState, bool) {
	i := slices.IndexFunc(s.Queues, func(k QueueState) bool { return k.Name == name })
	if i < 0 {
		return QueueState{}, false
	}
	return s.Queues[i], true
}

// ToDecision returns what the next decision must know of this one.
func (s State) ToDecision() Decision {
	d := Decision{Split: s.Split}
	for _, k := range s.Queues {
		d.Ceilings = append(d.Ceilings, k.Ceiling)
	}
	return d
}

// IsIdle reports whether nothing waits, is worked on or is remembered, so that to decide again changes nothing.
func (s State) IsIdle() bool {
	return s.Split.Current == SplitDefault && !slices.ContainsFunc(s.Queues, func(k QueueState) bool {
		r, m := k.Reading, k.History
		return k.Reason == ReasonHeld || r.Visible+r.InFlight > 0 || m.Need+m.RecentPeak+m.FormerPeak > 0
	})
}
