// Package inbox is the back door of a service: it takes a batch from the service's queue, decodes each message, calls
// the handler, sends what the handler returns, and only then lets the message be deleted. The incoming message is the
// outbox: a crash anywhere means that it is delivered again.
//
// Rights: the function's own event source mapping receives and deletes; this package calls sqs:SendMessage on the
// queues that the map names and on the service's own dead-letter queue, and sns:Publish on the topic.
//
// It refuses what is no event, is of a type that the inbox does not take, or was refused by the handler as Invalid:
// such a message goes to the dead letters at once, with its reason, and harms no neighbour in its batch.
package queue

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/events"
	"sluice/shared/domain/services"
)

// Handler takes an event and returns the events that follow from it. It may be called twice with the same event and
// must then return the same. An error of kind Invalid, NotFound or Forbidden is final; any other is tried again.
type Handler func(ctx context.Context, e events.Event) ([]events.Event, error)

// OnExhausted returns what to tell the owner of the work when an event will not be handled any more.
type OnExhausted func(e events.Event, err error) []events.Event

// Sender sends events where the map says. It returns nil only when all were accepted.
type Sender interface {
	Send(ctx context.Context, es ...events.Event) error
}

// InboundQueue is the queue that messages came from.
type InboundQueue interface {
	// SendToDeadLetterQueue files a message that will not be handled, with the reason.
	SendToDeadLetterQueue(ctx context.Context, m lambdaevents.SQSMessage, reason error) error
	// ChangeVisibility keeps a message from being delivered again for d.
	ChangeVisibility(ctx context.Context, m lambdaevents.SQSMessage, d time.Duration) error
}

// Consumer handles the batches of one service's inbox.
type Consumer struct {
	Service     services.Service
	Handle      Handler
	OnExhausted OnExhausted // may be nil
	Send        Sender
	Queue       InboundQueue
	Jitter      func() float64                                                                                      // 0 to 1, of the waits between attempts; nil: at random
	StartSpan   func(ctx context.Context, m lambdaevents.SQSMessage, e events.Event) (context.Context, func(error)) // tracing; may be nil
	Log         *slog.Logger
}

// HandleBatch is the Lambda handler. A message is either handled, buried or reported as failed; a report never names a
// message that was not in the batch. On a FIFO inbox the messages after a failed one of the same group are left alone
// and reported too, so that order holds. They wait as long as that one: SQS delivers nothing of a group of which
// anything is still hidden.
func (c *Consumer) HandleBatch(ctx context.Context, batch lambdaevents.SQSEvent) (lambdaevents.SQSEventResponse, error) {
	failed := []lambdaevents.SQSBatchItemFailure{} // never null: a local cloud takes that for "all failed"
	stopped := map[string]time.Duration{}          // groups, and how long they wait
	work, done := withEarlierDeadline(ctx, reportReserve)
	defer done()
	for _, m := range batch.Records {
		group := m.Attributes["MessageGroupId"]
		if wait, stop := stopped[group]; stop {
			c.delayRedelivery(work, m, wait)
		} else if wait, again := c.handleMessage(work, delivery{m, time.Now()}); !again {
			continue
		} else if c.Service.Inbox.FIFO {
			stopped[group] = wait
		}
		failed = append(failed, lambdaevents.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
	}
	return lambdaevents.SQSEventResponse{BatchItemFailures: failed}, nil
}

// What is kept of an invocation's time to report in, and how long the calls may take that only say when a message
// comes back: where SQS does not answer, the work goes on, and one that Lambda ends reports nothing.
const (
	reportReserve         = 2 * time.Second
	visibilityCallTimeout = time.Second
)

// withEarlierDeadline returns a context that ends some time before ctx does.
func withEarlierDeadline(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, end.Add(-d))
}

func (c *Consumer) nextJitter() float64 {
	if c.Jitter == nil {
		return rand.Float64()
	}
	return c.Jitter()
}

// delayRedelivery lets a message come back after a while and not only after the queue's visibility timeout, which is made for
// the longest work. There is time for it when that of the work in ctx is over.
func (c *Consumer) delayRedelivery(ctx context.Context, m lambdaevents.SQSMessage, wait time.Duration) {
	if end, ok := ctx.Deadline(); ok { // for all messages together
		var done context.CancelFunc
		ctx, done = context.WithDeadline(context.WithoutCancel(ctx), end.Add(reportReserve-visibilityCallTimeout))
		defer done()
	}
	if err := c.Queue.ChangeVisibility(ctx, m, wait); err != nil {
		c.Log.WarnContext(ctx, "backoff not set", "message_id", m.MessageId, "error", err)
	}
}

// Backoff returns how long a message waits after its n-th failed attempt: a twelfth of the time that an attempt may
// take, doubled each time up to 5 minutes, of which jitter, 0 to 1, takes up to half. Work of minutes is given minutes
// to see an outage pass.
func Backoff(limit time.Duration, n int, jitter float64) time.Duration {
	d := min(limit/12<<min(max(n-1, 0), 10), 5*time.Minute)
	return d - time.Duration(jitter*float64(d)/2)
}
