package scaling

import (
	"slices"
	"time"

	"sluice/shared/domain/services"
)

// MinPollers: a provisioned poller keeps ten workers busy, and a mapping that has such pollers has at least two of them
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html).
const (
	MinPollers       = 2
	workersPerPoller = 10
)

// ProvisionedQueues are the names of the queues whose mappings have pollers of their own, paid by the hour, instead of
// a maximum concurrency. They start from twenty workers and climb faster; what they may have is counted in tens.
type ProvisionedQueues []string

// MinWorkers returns the fewest workers that all queues together can be given.
func (p ProvisionedQueues) MinWorkers() int {
	return services.MinConcurrency() + len(p)*(MinPollers*workersPerPoller-services.MinWorkers)
}

// IdleCeilings returns the ceilings that the law gives the queues of the map while nothing waits, in the map's order:
// those to begin with.
func (p ProvisionedQueues) IdleCeilings(budget int) []Ceiling {
	now := time.Unix(0, 0)
	in := Input{Budget: budget, Now: now}
	for _, q := range services.ListQueues() {
		l := p.QueueInput(q)
		l.Reading = Reading{At: now, ServiceTime: q.Inbox.ServiceTime.Seconds()}
		in.Queues = append(in.Queues, l)
	}
	return DecideCeilings(in).Ceilings
}

// QueueInput returns a queue of the map as the law sees it, without a reading.
func (p ProvisionedQueues) QueueInput(q services.Queue) Queue {
	l := Queue{
		Name: q.Name, Lane: q.Lane.Name, MaxWait: q.Lane.TargetWait.Seconds(), Weight: q.Lane.Weight, Max: q.Inbox.MaxWorkers,
	}
	if slices.Contains(p, q.Name) {
		l.Min, l.Unit = MinPollers*workersPerPoller, workersPerPoller
	}
	return l
}

// PollersFor returns how many pollers a ceiling is; 0 if the queue has none of its own.
func (p ProvisionedQueues) PollersFor(c Ceiling) int {
	if !slices.Contains(p, c.Name) {
		return 0
	}
	return max(MinPollers, c.Workers/workersPerPoller)
}
