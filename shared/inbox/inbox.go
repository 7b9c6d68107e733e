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
	"strconv"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/events"
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
		wait, stop := stopped[group]
		if !stop {
			err := c.message(work, m)
			if err == nil {
				continue
			}
			wait = Backoff(c.Service.Timeout, attempt(m), c.jitter())
			c.Log.ErrorContext(ctx, "message will be delivered again", "message", m.MessageId, "attempt", attempt(m), "in_seconds", wait.Seconds(), "error", err)
		}
		if c.Service.Inbox.FIFO {
			stopped[group] = wait
		}
		c.later(ctx, m, wait)
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
// the longest work.
func (c *Consumer) later(ctx context.Context, m lambdaevents.SQSMessage, wait time.Duration) {
	ctx, done := before(ctx, toReport-toHide) // for all messages together
	defer done()
	if err := c.Queue.Hide(ctx, m, wait); err != nil {
		c.Log.WarnContext(ctx, "backoff not set", "message", m.MessageId, "error", err)
	}
}

// Backoff returns how long a message waits after its n-th failed attempt: a twelfth of the time that an attempt may
// take, doubled each time up to 5 minutes, of which jitter, 0 to 1, takes up to half. Work of minutes is given minutes
// to see an outage pass.
func Backoff(limit time.Duration, n int, jitter float64) time.Duration {
	d := min(limit/12<<min(max(n-1, 0), 10), 5*time.Minute)
	return d - time.Duration(jitter*float64(d)/2)
}

// message handles one message; nil means that it may be deleted.
func (c *Consumer) message(ctx context.Context, m lambdaevents.SQSMessage) error {
	c.hold(ctx, m)
	es, err := decode(m)
	if err != nil {
		return c.bury(ctx, m, err)
	}
	for _, e := range es {
		if !slices.Contains(c.Service.Inbox.Takes, string(e.Type)) {
			return c.bury(ctx, m, notTaken.Refuse("inbox.message", video.Invalid, fmt.Errorf("%s does not take %s", c.Service.Name, e.Type)))
		}
		if err := c.event(ctx, m, e); err != nil {
			return err
		}
	}
	return nil
}

func (c *Consumer) event(ctx context.Context, m lambdaevents.SQSMessage, e events.Event) error {
	end := func(error) {}
	if c.Hop != nil {
		ctx, end = c.Hop(ctx, m, e)
	}
	began := time.Now()
	out, err := c.try(ctx, m, e)
	if err == nil {
		err = c.Send.Send(ctx, out...)
	}
	defer end(err) // a dead letter is no success, although its message is dealt with
	if err == nil {
		c.Log.InfoContext(ctx, "handled", "type", e.Type, "sent", len(out), "seconds", time.Since(began).Seconds())
		return nil
	}
	if retry(err) && attempt(m) < c.Service.Inbox.Attempts {
		return err
	}
	if c.GiveUp != nil {
		if serr := c.Send.Send(ctx, c.GiveUp(e, err)...); serr != nil {
			return serr
		}
	}
	return c.bury(ctx, m, err)
}

var errExhausted = video.Refuse("inbox.try", video.Internal, "attempts_exhausted",
	"The work never came to an end, however often it was begun. Upload the file again; if that ends like this too, export it with a smaller frame size, and upload that.")

// try handles the event, unless every attempt so far has ended without a word: the function died of it, or was never
// let run. On a FIFO inbox a message may have been left alone each time, so there it is tried.
func (c *Consumer) try(ctx context.Context, m lambdaevents.SQSMessage, e events.Event) ([]events.Event, error) {
	if in := c.Service.Inbox; attempt(m) > in.Attempts && !in.FIFO {
		return nil, errExhausted
	}
	return c.handle(ctx, e)
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

func (c *Consumer) bury(ctx context.Context, m lambdaevents.SQSMessage, reason error) error {
	c.Log.WarnContext(ctx, "message is a dead letter", "message", m.MessageId, "attempt", attempt(m), "reason", reason)
	return c.Queue.Bury(ctx, m, reason)
}

// longWork is from where on it pays to tell SQS when an attempt must be over, so that the message of a crashed
// function comes back soon after and not after six timeouts.
const longWork = time.Minute

// hold tells SQS when this attempt must be over.
func (c *Consumer) hold(ctx context.Context, m lambdaevents.SQSMessage) {
	end, ok := ctx.Deadline()
	if !ok || c.Service.Timeout < longWork {
		return
	}
	ctx, done := context.WithTimeout(ctx, toHide)
	defer done()
	if err := c.Queue.Hide(ctx, m, time.Until(end)+15*time.Second); err != nil {
		c.Log.WarnContext(ctx, "visibility not set", "message", m.MessageId, "error", err)
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

func attempt(m lambdaevents.SQSMessage) int {
	n, _ := strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
	return n
}
