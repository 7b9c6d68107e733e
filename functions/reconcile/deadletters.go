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

// DeadLetterQueues are the dead-letter queues.
type DeadLetterQueues interface {
	// ConsumeBatch takes some messages out of the dead-letter queue of a service, those for which file returns nil, and returns
	// how many it found.
	ConsumeBatch(ctx context.Context, s services.Service, file func(context.Context, video.DeadLetter) error) (int, error)
}

// DeadLetterStore keeps dead letters as rows.
type DeadLetterStore interface {
	// CreateDeadLetter files a letter; one that is filed already is left as it is.
	CreateDeadLetter(ctx context.Context, l video.DeadLetter) error
	// CountOpenDeadLetters returns how many of a service's nobody has decided about, those that were just filed maybe not among them.
	CountOpenDeadLetters(ctx context.Context, service string) (int, error)
}

// shutdownReserve is what is kept of the time for what is under way when it is up.
const shutdownReserve = 5 * time.Second

// drainDeadLetterQueues files all that lies in the dead-letter queues: SQS can't be searched, and forgets after 14 days. What fails for
// one queue is returned and does not keep it from the others.
//
// It asks each queue once a minute, 43,800 times a month. Lambda as the queues' consumer would ask each of them 657,000
// times (docs/cost.md), which is more than all the rest of an idle Sluice; and who consumes the dead letters had better
// have none of its own. The price is that a letter is seen a minute later.
func (t Reconciler) drainDeadLetterQueues(ctx context.Context) error {
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end.Add(-shutdownReserve))
		defer cancel()
	}
	filed, failed := 0, []error(nil)
	for _, s := range services.Map {
		if s.Inbox == nil {
			continue
		}
		n, err := t.drainQueue(ctx, s)
		filed, failed = filed+n, append(failed, err)
	}
	if filed > 0 {
		t.Log.WarnContext(ctx, "dead letters filed", "letters", filed)
	}
	return errors.Join(failed...)
}

// countOpenDeadLetters counts the letters that somebody has to decide about.
func (t Reconciler) countOpenDeadLetters(ctx context.Context) error {
	all, failed := 0, []error(nil)
	for _, s := range services.Map {
		if s.Inbox != nil {
			n, err := t.DeadLetters.CountOpenDeadLetters(ctx, s.Name)
			all, failed = all+n, append(failed, err)
		}
	}
	if all > 0 {
		t.Log.WarnContext(ctx, "dead letters wait for a decision", "letters", all, metrics.LogAttr(t.Now(), metric.DeadLetters.NewValue(float64(all))))
	}
	return errors.Join(failed...)
}

// drainQueue files what one queue has, until it has nothing more, something fails or the time is up: then the rest waits for
// the next run.
func (t Reconciler) drainQueue(ctx context.Context, s services.Service) (filed int, err error) {
	for ctx.Err() == nil {
		n, err := t.DeadLetterQueues.ConsumeBatch(ctx, s, t.storeDeadLetter)
		if filed += n; n == 0 || err != nil {
			return filed, err
		}
	}
	return filed, nil
}

func (t Reconciler) storeDeadLetter(ctx context.Context, l video.DeadLetter) error {
	l.Created = t.Now()
	return t.DeadLetters.CreateDeadLetter(ctx, l)
}
