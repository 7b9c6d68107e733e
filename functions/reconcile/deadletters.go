package reconcile

import (
	"context"
	"errors"
	"time"

	"sluice/shared/domain/metric"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/telemetry/metrics"
)

// DeadLetterQueues reads the services' dead-letter queues.
type DeadLetterQueues interface {
	// ConsumeBatch receives some messages from the dead-letter queue of a service, deletes those for which save returns
	// nil, and returns how many it has received.
	ConsumeBatch(
		ctx context.Context, s services.Service, save func(context.Context, video.DeadLetter) error,
	) (int, error)
}

// DeadLetterStore keeps dead letters in the table.
type DeadLetterStore interface {
	// CreateDeadLetter stores a dead letter. It leaves one alone that is stored already.
	CreateDeadLetter(ctx context.Context, l video.DeadLetter) error
	// CountOpenDeadLetters returns how many dead letters of a service were neither redriven nor discarded. It may miss
	// those of the last seconds.
	CountOpenDeadLetters(ctx context.Context, service string) (int, error)
}

// shutdownReserve is how long before the context's deadline nothing new is begun.
const shutdownReserve = 5 * time.Second

// drainDeadLetterQueues moves the messages of all dead-letter queues to the table: SQS can't be searched, and deletes
// messages after 14 days. An error of one queue does not stop the others; all are returned.
//
// It polls each queue once a minute, 43,800 times a month. Lambda as the queues' consumer would poll each of them
// 657,000 times (docs/cost.md), which would be most of the cost of an idle installation, and would need a dead-letter
// queue of its own. In return, a dead letter is stored up to a minute later.
func (r Reconciler) drainDeadLetterQueues(ctx context.Context) error {
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end.Add(-shutdownReserve))
		defer cancel()
	}
	save := func(ctx context.Context, l video.DeadLetter) error {
		l.Created = r.Now()
		return r.DeadLetters.CreateDeadLetter(ctx, l)
	}
	stored, failed := 0, []error(nil)
	for _, s := range services.Map {
		for more := s.Inbox != nil; more && ctx.Err() == nil; { // until the queue is empty or something fails
			n, err := r.DeadLetterQueues.ConsumeBatch(ctx, s, save)
			stored, failed, more = stored+n, append(failed, err), n > 0 && err == nil
		}
	}
	if stored > 0 {
		r.Log.WarnContext(ctx, "dead letters stored", "letters", stored)
	}
	return errors.Join(failed...)
}

// countOpenDeadLetters logs how many dead letters an administrator has to redrive or discard, and writes the metric.
func (r Reconciler) countOpenDeadLetters(ctx context.Context) error {
	all, failed := 0, []error(nil)
	for _, s := range services.Map {
		if s.Inbox != nil {
			n, err := r.DeadLetters.CountOpenDeadLetters(ctx, s.Name)
			all, failed = all+n, append(failed, err)
		}
	}
	if all > 0 {
		r.Log.WarnContext(ctx, "dead letters are open", "letters", all,
			metrics.LogAttr(r.Now(), metric.DeadLetters.NewValue(float64(all))))
	}
	return errors.Join(failed...)
}
