package scaling

import (
	"slices"
	"time"

	"sluice/shared/domain/services"
)

// LeastPollers: a provisioned poller keeps ten workers busy, and a mapping that has such pollers has at least two of them
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html).
const (
	LeastPollers = 2
	perPoller    = 10
)

// Provisioned are the names of the queues whose mappings have pollers of their own, paid by the hour, instead of a
// maximum concurrency. They start from twenty workers and climb faster; what they may have is counted in tens.
type Provisioned []string

// Least returns the fewest workers that all queues together can be given.
func (p Provisioned) Least() int {
	return services.LeastConcurrency() + len(p)*(LeastPollers*perPoller-services.LeastWorkers)
}

// Idle returns the ceilings that the law gives the queues of the map while nothing waits, in the map's order: those to
// begin with.
func (p Provisioned) Idle(budget int) []Ceiling {
	now := time.Unix(0, 0)
	in := Input{Budget: budget, Now: now}
	for _, q := range services.Queues() {
		l := p.QueueInput(q)
		l.Reading = Reading{At: now, Service: q.Inbox.Typical.Seconds()}
		in.Queues = append(in.Queues, l)
	}
	return Decide(in).Ceilings
}

// QueueInput returns a queue of the map as the law sees it, without a reading.
func (p Provisioned) QueueInput(q services.Queue) Queue {
	l := Queue{
		Name: q.Name, Lane: Lane(q.Lane.Name), Promise: q.Lane.Aim.Seconds(), Weight: q.Lane.Weight, Max: q.Inbox.MaxWorkers,
	}
	if slices.Contains(p, q.Name) {
		l.Min, l.Unit = LeastPollers*perPoller, perPoller
	}
	return l
}

// Pollers returns how many pollers a ceiling is; 0 if the queue has none of its own.
func (p Provisioned) Pollers(c Ceiling) int {
	if !slices.Contains(p, c.Name) {
		return 0
	}
	return max(LeastPollers, c.Workers/perPoller)
}
