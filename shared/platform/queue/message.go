package queue

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/metric"
	"sluice/shared/platform/telemetry/metrics"
)

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
	counts := []metric.Value{metric.Work.Is(metric.Took(took))}
	if twice {
		counts = append(counts, metric.Duplicate.Is(1))
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
		m.line(metric.Retried.Is(1)))
	c.later(ctx, m.SQSMessage, wait)
	return wait, true
}

var errExhausted = errs.Refuse("inbox.try", errs.Internal, "attempts_exhausted",
	"The work never came to an end, however often it was begun. Upload the file again; if that ends like this too, export it with a smaller frame size, and upload that.")

// try handles the event, unless every attempt so far has ended without a word: the function died of it, or was never
// let run. On a FIFO inbox a message may have been left alone each time, so there it is tried.
func (c *Consumer) try(ctx context.Context, m delivery, e events.Event) ([]events.Event, error) {
	switch in := c.Service.Inbox; {
	case !c.takes(e):
		return nil, notTaken.Refuse("inbox.try", errs.Invalid, fmt.Errorf("%s does not take %s", c.Service.Name, e.Type))
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
			err = errs.E("inbox.handle", errs.Internal, fmt.Errorf("panic: %v", r))
		}
	}()
	return c.Handle(ctx, e)
}

func (c *Consumer) bury(ctx context.Context, m delivery, reason error) error {
	if err := c.Queue.Bury(ctx, m.SQSMessage, reason); err != nil {
		return err
	}
	c.Log.WarnContext(ctx, "message is a dead letter", "message_id", m.MessageId, "attempt", m.attempt(), "reason", reason,
		m.line(metric.Dead.Is(1)))
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
	switch errs.KindOf(err) {
	case errs.Invalid, errs.NotFound, errs.Forbidden, errs.TooLarge, errs.Unauthenticated:
		return false
	case errs.Conflict, errs.Transient, errs.Internal:
		return true
	}
	return true
}
