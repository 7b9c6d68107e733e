package scaling

import (
	"slices"
	"time"
)

// State is what is kept from one decision to the next, and what may be shown of it. While nothing waits anywhere it is
// not written, so that At may be long ago: nothing has changed since.
type State struct {
	Version int                `json:"version"` // one more with each change
	At      time.Time          `json:"at"`      // of the decision
	Budget  int                `json:"budget"`  // that was divided
	Queues  []Share            `json:"queues"`
	Lanes   Lanes              `json:"lanes,omitzero"`
	Service map[string]float64 `json:"service,omitempty"` // measured seconds of one message, by service
}

// Share is what was decided for a queue, and what of: Reading.Visible messages waited, Reading.InFlight were worked on,
// Wanted workers would have kept the promise, Workers it may have, for this Reason.
type Share struct {
	Ceiling
	Reading Reading   `json:"reading"`
	Feed    string    `json:"feed"`         // id of the event source mapping
	Set     time.Time `json:"set,omitzero"` // when that last took the ceiling; zero: it may have another
}

// Of returns what was decided for a queue.
func (s State) Of(name string) (Share, bool) {
	i := slices.IndexFunc(s.Queues, func(k Share) bool { return k.Name == name })
	if i < 0 {
		return Share{}, false
	}
	return s.Queues[i], true
}

// Decision returns what the next decision must know of this one.
func (s State) Decision() Decision {
	d := Decision{Lanes: s.Lanes}
	for _, k := range s.Queues {
		d.Ceilings = append(d.Ceilings, k.Ceiling)
	}
	return d
}

// Quiet reports whether nothing waits, is worked on or is remembered, so that to decide again changes nothing.
func (s State) Quiet() bool {
	return s.Lanes.Split == Usual && !slices.ContainsFunc(s.Queues, func(k Share) bool {
		r, m := k.Reading, k.Memory
		return k.Reason == Held || r.Visible+r.InFlight > 0 || m.Need+m.Recent+m.Former > 0
	})
}
