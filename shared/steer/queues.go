package steer

import (
	"time"

	"sluice/shared/scale"
	"sluice/shared/services"
)

// law returns a queue of the map as the law sees it, without a reading.
func law(q services.Queue) scale.Queue {
	return scale.Queue{
		Name: q.Name, Lane: scale.Lane(q.Lane.Name), Promise: q.Lane.Aim.Seconds(), Weight: q.Lane.Weight,
		Max: q.Inbox.MaxWorkers,
	}
}

// Idle returns the ceilings that the law gives the queues of the map while nothing waits, in the map's order: those to
// begin with.
func Idle(budget int) []scale.Ceiling {
	now := time.Unix(0, 0)
	in := scale.Input{Budget: budget, Now: now}
	for _, q := range services.Queues() {
		l := law(q)
		l.Reading = scale.Reading{At: now, Service: q.Inbox.Typical.Seconds()}
		in.Queues = append(in.Queues, l)
	}
	return scale.Decide(in).Ceilings
}
