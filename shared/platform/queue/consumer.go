// Package queue receives and sends the events of a service through SQS and SNS.
//
// A [Consumer] handles a batch of messages from the service's queue: it decodes each message, calls the handler,
// sends the events that the handler returns, and only then lets Lambda delete the message. After a crash at any
// point, SQS delivers the message again. A [Publisher] sends events to the queue of the service that handles them, or
// to the topic, as services.Map says. [DeadLetterConsumer] empties the dead-letter queues, [Redriver] sends dead
// letters again, and [DepthReader] counts messages.
//
// IAM actions: sqs:SendMessage on the queues of the receivers and on the service's own dead-letter queue,
// sqs:ChangeMessageVisibility on its queue, and sns:Publish on the topic. The event source mapping receives and deletes
// messages. What the other types need is said at each.
//
// A message goes to the dead-letter queue at once, with a reason, if it is no event, if its type is not one that the
// service handles, or if the handler rejects it with a final kind of error (see [Handler]). Any other error makes the
// message visible again after a backoff. When the service's MaxAttempts are exhausted, the consumer sends the events of
// [OnExhausted], and the message goes to the dead-letter queue too. Other messages of the batch are not affected.
package queue

import (
	"context"
	"log/slog"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/events"
	"sluice/shared/domain/services"
	"sluice/shared/platform/invocation"
)

// Handler handles an event and returns the events to send. It may be called again with the same event and must then
// return the same. An error of kind Invalid, NotFound, Forbidden, TooLarge or Unauthenticated is final; other errors
// are retried.
type Handler func(ctx context.Context, e events.Event) ([]events.Event, error)

// OnExhausted returns the events that report the failure of an event that will not be handled any more.
type OnExhausted func(e events.Event, err error) []events.Event

// Sender sends events to the queues and the topic of services.Map. It returns nil only if all were accepted.
type Sender interface {
	Send(ctx context.Context, es ...events.Event) error
}

// InboundQueue is the queue that the messages of a batch came from.
type InboundQueue interface {
	// SendToDeadLetterQueue sends a message that will not be handled to the dead-letter queue, with the reason.
	SendToDeadLetterQueue(ctx context.Context, m lambdaevents.SQSMessage, reason error) error
	// ChangeVisibility makes SQS deliver a message again after d, not earlier.
	ChangeVisibility(ctx context.Context, m lambdaevents.SQSMessage, d time.Duration) error
}

// Consumer handles the batches of one service's queue.
type Consumer struct {
	Service services.Service
	Handle  Handler
	// HandleTogether handles first deliveries of a FIFO queue; Handle, what it has not handled, and everything else. It
	// may be nil.
	HandleTogether BatchHandler
	OnExhausted    OnExhausted // may be nil
	Send           Sender
	Queue          InboundQueue
	Jitter         func() float64 // a number from 0 to 1 for Backoff; nil: random
	// StartSpan starts the span of an event; the function that it returns ends it. It may be nil.
	StartSpan func(ctx context.Context, m lambdaevents.SQSMessage, e events.Event) (context.Context, func(error))
	// TraceHeader returns the trace header for the events that follow one that was handled with others. It may be nil.
	TraceHeader func(ctx context.Context) string
	Log         *slog.Logger
}

// HandleBatch is the Lambda handler. Each message is handled, sent to the dead-letter queue, or reported as failed.
// On a FIFO queue, the messages of the same group after a failed one are not handled but reported as failed too, so
// that they stay in order. They get the same visibility timeout as the failed one, because SQS delivers no message of
// a group while another one is invisible.
func (c *Consumer) HandleBatch(
	ctx context.Context, batch lambdaevents.SQSEvent,
) (lambdaevents.SQSEventResponse, error) {
	failed := []lambdaevents.SQSBatchItemFailure{} // not nil: a local cloud takes null for "all failed"
	stopped := map[string]time.Duration{}          // by group: visibility timeout
	work, done := invocation.WithReserve(ctx, reportReserve)
	defer done()
	started := c.handleTogether(work, batch.Records)
	for i, m := range batch.Records {
		group, s := m.Attributes["MessageGroupId"], started[i]
		if s != nil && s.Handled {
			continue
		}
		if wait, stop := stopped[group]; stop {
			c.delayRedelivery(work, m, wait)
			s.cancel()
		} else if wait, again := c.handleMessage(work, delivery{m, time.Now()}, s); !again {
			continue
		} else if c.Service.Inbox.FIFO {
			stopped[group] = wait
		}
		failed = append(failed, lambdaevents.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
	}
	return lambdaevents.SQSEventResponse{BatchItemFailures: failed}, nil
}

// reportReserve is the part of an invocation's time that is kept for its report; an invocation that Lambda ends reports
// nothing. visibilityCallTimeout limits calls that only set a visibility timeout: if SQS does not answer, work goes on.
const (
	reportReserve         = 2 * time.Second
	visibilityCallTimeout = time.Second
)

// delayRedelivery sets the visibility timeout of a failed message to wait. That of the queue is longer, because it
// allows for the longest work. The call may use reportReserve after the deadline of ctx.
func (c *Consumer) delayRedelivery(ctx context.Context, m lambdaevents.SQSMessage, wait time.Duration) {
	if end, ok := ctx.Deadline(); ok { // the same deadline for all messages of the batch
		var done context.CancelFunc
		ctx, done = context.WithDeadline(context.WithoutCancel(ctx), end.Add(reportReserve-visibilityCallTimeout))
		defer done()
	}
	if err := c.Queue.ChangeVisibility(ctx, m, wait); err != nil {
		c.Log.WarnContext(ctx, "backoff not set", "message_id", m.MessageId, "error", err)
	}
}

// Backoff returns the time until the next delivery after the n-th failed attempt: limit/12, doubled with each
// attempt, at most 5 minutes, minus up to half of it for a jitter from 0 to 1. limit is the longest time that an
// attempt may take.
func Backoff(limit time.Duration, n int, jitter float64) time.Duration {
	d := min(limit/12<<min(max(n-1, 0), 10), 5*time.Minute)
	return d - time.Duration(jitter*float64(d)/2)
}
