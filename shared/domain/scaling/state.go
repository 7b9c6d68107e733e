package scaling

import (
	"slices"
	"time"
)

// State is the stored state of the autoscaler: the last decision and what it was based on. It is also shown by the
// API. While all queues are empty it is not written, so that At may be long ago.
type State struct {
	Version      int                `json:"version"` // one more with each change
	At           time.Time          `json:"at"`      // when the decision was made
	Budget       int                `json:"budget"`  // the budget that was divided
	Queues       []QueueState       `json:"queues"`
	Split        SplitState         `json:"lanes,omitzero"`
	ServiceTimes map[string]float64 `json:"service,omitempty"` // measured seconds per message, by service
}

// QueueState is the decision for one queue, and the reading that it was based on.
type QueueState struct {
	Ceiling
	Reading   Reading   `json:"reading"`
	MappingID string    `json:"feed"`         // id of the event source mapping
	AppliedAt time.Time `json:"set,omitzero"` // when the mapping was last set; zero: it may differ
}

// FindQueue returns the state of a queue. ok is false if there is none.
func (s State) FindQueue(name string) (q QueueState, ok bool) {
	i := slices.IndexFunc(s.Queues, func(queue QueueState) bool { return queue.Name == name })
	if i < 0 {
		return QueueState{}, false
	}
	return s.Queues[i], true
}

// ToDecision returns the decision, as input for the next one.
func (s State) ToDecision() Decision {
	d := Decision{Split: s.Split}
	for _, q := range s.Queues {
		d.Ceilings = append(d.Ceilings, q.Ceiling)
	}
	return d
}

// IsIdle reports whether all queues are empty and no demand is remembered, so that another decision would change
// nothing.
func (s State) IsIdle() bool {
	return s.Split.Current == SplitDefault && !slices.ContainsFunc(s.Queues, func(q QueueState) bool {
		r, h := q.Reading, q.History
		return q.Reason == ReasonHeld || r.Visible+r.InFlight > 0 || h.Need+h.RecentPeak+h.FormerPeak > 0
	})
}
