// Package inbox is the back door of a service: it takes a batch from the service's queue, decodes each message, calls
// the handler, sends what the handler returns, and only then lets the message be deleted. The incoming message is the
// outbox: a crash anywhere means that it is delivered again.
//
// Rights: the function's own event source mapping receives and deletes; this package calls sqs:SendMessage on the
// queues that the map names and on the service's own dead-letter queue, and sns:Publish on the topic.
//
// It refuses what is no event, is of a type that the inbox does not take, or was refused by the handler as Invalid:
// such a message goes to the dead letters at once, with its reason, and harms no neighbour in its batch.
package inbox

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/events"
	"sluice/shared/metrics"
	"sluice/shared/services"
	"sluice/shared/video"
)

// Handler takes an event and returns the events that follow from it. It may be called twice with the same event and
// must then return the same. An error of kind Invalid, NotFound or Forbidden is final; any other is tried again.
type Handler func(ctx context.Context, e events.Event) ([]events.Event, error)

// GiveUp returns what to tell the owner of the work when an event will not be handled any more.
type GiveUp func(e events.Event, err error) []events.Event

// Sender sends events where the map says. It returns nil only when all were accepted.
type Sender interface {
	Send(ctx context.Context, es ...events.Event) error
}

// Inbox is the queue that messages came from.
type Inbox interface {
	// Bury files a message that will not be handled, with the reason.
	Bury(ctx context.Context, m lambdaevents.SQSMessage, reason error) error
	// Hide keeps a message from being delivered again for d.
	Hide(ctx context.Context, m lambdaevents.SQSMessage, d time.Duration) error
}

// Consumer handles the batches of one service's inbox.
type Consumer struct {
	Service services.Service
	Handle  Handler
	GiveUp  GiveUp // may be nil
	Send    Sender
	Queue   Inbox
	Jitter  func() float64                                                                                      // 0 to 1, of the waits between attempts; nil: at random
	Hop     func(ctx context.Context, m lambdaevents.SQSMessage, e events.Event) (context.Context, func(error)) // tracing; may be nil
	Log     *slog.Logger
}

// Batch is the Lambda handler. A message is either handled, buried or reported as failed; a report never names a
// message that was not in the batch. On a FIFO inbox the messages after a failed one of the same group are left alone
// and reported too, so that order holds. They wait as long as that one: SQS delivers nothing of a group of which
// anything is still hidden.
func (c *Consumer) Batch(ctx context.Context, batch lambdaevents.SQSEvent) (lambdaevents.SQSEventResponse, error) {
	failed := []lambdaevents.SQSBatchItemFailure{} // never null: a local cloud takes that for "all failed"
	stopped := map[string]time.Duration{}          // groups, and how long they wait
	work, done := before(ctx, toReport)
	defer done()
	for _, m := range batch.Records {
		group := m.Attributes["MessageGroupId"]
		if wait, stop := stopped[group]; stop {
			c.later(work, m, wait)
		} else if wait, again := c.message(work, delivery{m, time.Now()}); !again {
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
	toReport = 2 * time.Second
	toHide   = time.Second
)

// before returns a context that ends some time before ctx does.
func before(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, end.Add(-d))
}

func (c *Consumer) jitter() float64 {
	if c.Jitter == nil {
		return rand.Float64()
	}
	return c.Jitter()
}

// later lets a message come back after a while and not only after the queue's visibility timeout, which is made for
// the longest work. There is time for it when that of the work in ctx is over.
func (c *Consumer) later(ctx context.Context, m lambdaevents.SQSMessage, wait time.Duration) {
	if end, ok := ctx.Deadline(); ok { // for all messages together
		var done context.CancelFunc
		ctx, done = context.WithDeadline(context.WithoutCancel(ctx), end.Add(toReport-toHide))
		defer done()
	}
	if err := c.Queue.Hide(ctx, m, wait); err != nil {
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

// message handles one message, which may be deleted then; unless it is to come again, after a wait.
func (c *Consumer) message(ctx context.Context, m delivery) (wait time.Duration, again bool) {
	es, err := decode(m.SQSMessage)
	if err != nil {
		c.hold(ctx, m)
		return c.end(ctx, m, c.bury(ctx, m, err))
	}
	for _, e := range es {
		if wait, again := c.event(ctx, m, e); again {
			return wait, true
		}
	}
	return 0, false
}

// event handles one event of a message.
func (c *Consumer) event(ctx context.Context, m delivery, e events.Event) (wait time.Duration, again bool) {
	end := func(error) {}
	if c.Hop != nil {
		ctx, end = c.Hop(ctx, m.SQSMessage, e)
	}
	c.hold(ctx, m)
	ctx, twice := metrics.Watch(ctx)
	out, err := c.try(ctx, m, e)
	if err == nil {
		err = c.Send.Send(ctx, out...)
	}
	defer end(err) // a dead letter is no success, although its message is dealt with
	if err == nil {
		c.handled(ctx, m, e, len(out), twice())
		return 0, false
	}
	return c.end(ctx, m, c.failed(ctx, m, e, err))
}

// handled logs what has been done; twice: nothing, as it was done before.
func (c *Consumer) handled(ctx context.Context, m delivery, e events.Event, sent int, twice bool) {
	took := time.Since(m.began)
	counts := []metrics.Value{metrics.Work.Is(metrics.Took(took))}
	if twice {
		counts = append(counts, metrics.Duplicate.Is(1))
	}
	c.Log.InfoContext(ctx, "handled", "type", e.Type, "attempt", m.attempt(), "sent", sent, "seconds", took.Seconds(), m.line(counts...))
}

// failed deals with an event that could not be handled; it returns why its message is to come again, nil if not.
func (c *Consumer) failed(ctx context.Context, m delivery, e events.Event, err error) error {
	if retry(err) && m.attempt() < c.Service.Inbox.Attempts {
		return err
	}
	if c.GiveUp != nil && c.takes(e) {
		if err := c.Send.Send(ctx, c.GiveUp(e, err)...); err != nil {
			return err
		}
	}
	return c.bury(ctx, m, err)
}

// end says when a message comes again that is not dealt with, and sees to it.
func (c *Consumer) end(ctx context.Context, m delivery, err error) (wait time.Duration, again bool) {
	if err == nil {
		return 0, false
	}
	wait = Backoff(c.Service.Timeout, m.attempt(), c.jitter())
	c.Log.ErrorContext(ctx, "message will be delivered again", "message_id", m.MessageId, "attempt", m.attempt(), "in_seconds", wait.Seconds(), "error", err,
		m.line(metrics.Retried.Is(1)))
	c.later(ctx, m.SQSMessage, wait)
	return wait, true
}

var errExhausted = video.Refuse("inbox.try", video.Internal, "attempts_exhausted",
	"The work never came to an end, however often it was begun. Upload the file again; if that ends like this too, export it with a smaller frame size, and upload that.")

// try handles the event, unless every attempt so far has ended without a word: the function died of it, or was never
// let run. On a FIFO inbox a message may have been left alone each time, so there it is tried.
func (c *Consumer) try(ctx context.Context, m delivery, e events.Event) ([]events.Event, error) {
	switch in := c.Service.Inbox; {
	case !c.takes(e):
		return nil, notTaken.Refuse("inbox.try", video.Invalid, fmt.Errorf("%s does not take %s", c.Service.Name, e.Type))
	case m.attempt() > in.Attempts && !in.FIFO:
		return nil, errExhausted
	}
	return c.handle(ctx, e)
}

func (c *Consumer) takes(e events.Event) bool {
	return slices.Contains(c.Service.Inbox.Takes, string(e.Type))
}

// handle calls the handler with a deadline; a panic is an error of this message alone.
func (c *Consumer) handle(ctx context.Context, e events.Event) (out []events.Event, err error) {
	ctx, cancel := c.deadline(ctx)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			c.Log.ErrorContext(ctx, "panic", "type", e.Type, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = video.E("inbox.handle", video.Internal, fmt.Errorf("panic: %v", r))
		}
	}()
	return c.Handle(ctx, e)
}

func (c *Consumer) bury(ctx context.Context, m delivery, reason error) error {
	if err := c.Queue.Bury(ctx, m.SQSMessage, reason); err != nil {
		return err
	}
	c.Log.WarnContext(ctx, "message is a dead letter", "message_id", m.MessageId, "attempt", m.attempt(), "reason", reason,
		m.line(metrics.Dead.Is(1)))
	return nil
}

// longWork is from where on it pays to tell SQS when an attempt must be over, so that the message of a crashed
// function comes back soon after and not after six timeouts.
const longWork = time.Minute

// hold tells SQS when this attempt must be over.
func (c *Consumer) hold(ctx context.Context, m delivery) {
	end, ok := ctx.Deadline()
	if !ok || c.Service.Timeout < longWork {
		return
	}
	ctx, done := context.WithTimeout(ctx, toHide)
	defer done()
	if err := c.Queue.Hide(ctx, m.SQSMessage, time.Until(end)+15*time.Second); err != nil {
		c.Log.WarnContext(ctx, "visibility not set", "message_id", m.MessageId, "error", err)
	}
}

// deadline ends the work before the runtime ends the process. What came of the work is sent without that deadline: the
// time between the two is for saying so.
func (c *Consumer) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return before(ctx, min(10*time.Second, c.Service.Timeout/3))
}

// retry reports whether another delivery may end better.
func retry(err error) bool {
	switch video.KindOf(err) {
	case video.Invalid, video.NotFound, video.Forbidden, video.TooLarge, video.Unauthenticated:
		return false
	case video.Conflict, video.Transient, video.Internal:
		return true
	}
	return true
}
