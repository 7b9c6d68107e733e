package scaling

import (
	"slices"
	"time"

	"sluice/shared/domain/services"
)

// A provisioned poller serves ten workers, and a mapping with provisioned pollers has at least two
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html).
const (
	MinPollers       = 2
	workersPerPoller = 10
)

// ProvisionedQueues are the names of the queues whose event source mappings have provisioned pollers, which are paid
// by the hour, instead of a maximum concurrency. They have at least twenty workers and scale up faster. Their ceilings
// are multiples of ten.
type ProvisionedQueues []string

// MinWorkers returns the sum of the minimum ceilings of all queues.
func (p ProvisionedQueues) MinWorkers() int {
	return services.MinConcurrency() + len(p)*(MinPollers*workersPerPoller-services.MinWorkers)
}

// IdleCeilings returns the ceilings while all queues are empty, in the order of the service map. A deployment starts
// with them.
func (p ProvisionedQueues) IdleCeilings(budget int) []Ceiling {
	now := time.Unix(0, 0)
	in := Input{Budget: budget, Now: now}
	for _, q := range services.ListQueues() {
		input := p.QueueInput(q)
		input.Reading = Reading{At: now, ServiceTime: q.Inbox.ServiceTime.Seconds()}
		in.Queues = append(in.Queues, input)
	}
	return DecideCeilings(in).Ceilings
}

// QueueInput returns a queue of the service map as input for a decision, without a reading.
func (p ProvisionedQueues) QueueInput(q services.Queue) Queue {
	input := Queue{
		Name: q.Name, Lane: q.Lane.Name, MaxWait: q.Lane.TargetWait.Seconds(), Weight: q.Lane.Weight,
		Max: q.Inbox.FixedWorkers,
	}
	if slices.Contains(p, q.Name) {
		input.Min, input.Unit = MinPollers*workersPerPoller, workersPerPoller
	}
	return input
}

// PollersFor returns the number of provisioned pollers for a ceiling; 0 if the queue has none.
func (p ProvisionedQueues) PollersFor(c Ceiling) int {
	if !slices.Contains(p, c.Name) {
		return 0
	}
	return max(MinPollers, c.Workers/workersPerPoller)
}
