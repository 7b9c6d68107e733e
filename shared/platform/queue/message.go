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

// handleMessage handles one message, which may be deleted then; unless it is to come again, after a wait.
func (c *Consumer) handleMessage(ctx context.Context, m delivery) (wait time.Duration, again bool) {
	es, err := decodeEvents(m.SQSMessage)
	if err != nil {
		c.setVisibilityTimeout(ctx, m)
		return c.scheduleRedelivery(ctx, m, c.sendToDeadLetterQueue(ctx, m, err))
	}
	for _, e := range es {
		if wait, again := c.handleEvent(ctx, m, e); again {
			return wait, true
		}
	}
	return 0, false
}

// handleEvent handles one event of a message.
func (c *Consumer) handleEvent(ctx context.Context, m delivery, e events.Event) (wait time.Duration, again bool) {
	end := func(error) {}
	if c.StartSpan != nil {
		ctx, end = c.StartSpan(ctx, m.SQSMessage, e)
	}
	c.setVisibilityTimeout(ctx, m)
	ctx, twice := metrics.WithDuplicateMark(ctx)
	out, err := c.attemptEvent(ctx, m, e)
	if err == nil {
		err = c.Send.Send(ctx, out...)
	}
	defer end(err) // a dead letter is no success, although its message is dealt with
	if err == nil {
		c.logHandled(ctx, m, e, len(out), twice())
		return 0, false
	}
	return c.scheduleRedelivery(ctx, m, c.handleFailure(ctx, m, e, err))
}

// logHandled logs what has been done; twice: nothing, as it was done before.
func (c *Consumer) logHandled(ctx context.Context, m delivery, e events.Event, sent int, twice bool) {
	took := time.Since(m.started)
	counts := []metric.Value{metric.WorkTime.NewValue(metric.ToMilliseconds(took))}
	if twice {
		counts = append(counts, metric.Duplicates.NewValue(1))
	}
	c.Log.InfoContext(ctx, "handled", "type", e.Type, "attempt", m.attemptNumber(), "sent", sent, "seconds", took.Seconds(), m.metricsAttr(counts...))
}

// handleFailure deals with an event that could not be handled; it returns why its message is to come again, nil if not.
func (c *Consumer) handleFailure(ctx context.Context, m delivery, e events.Event, err error) error {
	if isRetryable(err) && m.attemptNumber() < c.Service.Inbox.MaxAttempts {
		return err
	}
	if c.OnExhausted != nil && c.acceptsType(e) {
		if err := c.Send.Send(ctx, c.OnExhausted(e, err)...); err != nil {
			return err
		}
	}
	return c.sendToDeadLetterQueue(ctx, m, err)
}

// scheduleRedelivery says when a message comes again that is not dealt with, and sees to it.
func (c *Consumer) scheduleRedelivery(ctx context.Context, m delivery, err error) (wait time.Duration, again bool) {
	if err == nil {
		return 0, false
	}
	wait = Backoff(c.Service.Timeout, m.attemptNumber(), c.nextJitter())
	c.Log.ErrorContext(ctx, "message will be delivered again", "message_id", m.MessageId, "attempt", m.attemptNumber(), "in_seconds", wait.Seconds(), "error", err,
		m.metricsAttr(metric.Retries.NewValue(1)))
	c.delayRedelivery(ctx, m.SQSMessage, wait)
	return wait, true
}

var errAttemptsExhausted = errs.New("inbox.try", errs.Internal, "attempts_exhausted",
	"The work never came to an end, however often it was begun. Upload the file again; if that ends like this too, export it with a smaller frame size, and upload that.")

// attemptEvent handles the event, unless every attempt so far has ended without a word: the function died of it, or was never
// let run. On a FIFO inbox a message may have been left alone each time, so there it is tried.
func (c *Consumer) attemptEvent(ctx context.Context, m delivery, e events.Event) ([]events.Event, error) {
	switch in := c.Service.Inbox; {
	case !c.acceptsType(e):
		return nil, typeNotAccepted.ToError("inbox.try", errs.Invalid, fmt.Errorf("%s does not take %s", c.Service.Name, e.Type))
	case m.attemptNumber() > in.MaxAttempts && !in.FIFO:
		return nil, errAttemptsExhausted
	}
	return c.callHandler(ctx, e)
}

func (c *Consumer) acceptsType(e events.Event) bool {
	return slices.Contains(c.Service.Inbox.EventTypes, string(e.Type))
}

// callHandler calls the handler with a deadline; a panic is an error of this message alone.
func (c *Consumer) callHandler(ctx context.Context, e events.Event) (out []events.Event, err error) {
	ctx, cancel := c.withHandlerDeadline(ctx)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			c.Log.ErrorContext(ctx, "panic", "type", e.Type, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = errs.E("inbox.handle", errs.Internal, fmt.Errorf("panic: %v", r))
		}
	}()
	return c.Handle(ctx, e)
}

func (c *Consumer) sendToDeadLetterQueue(ctx context.Context, m delivery, reason error) error {
	if err := c.Queue.SendToDeadLetterQueue(ctx, m.SQSMessage, reason); err != nil {
		return err
	}
	c.Log.WarnContext(ctx, "message is a dead letter", "message_id", m.MessageId, "attempt", m.attemptNumber(), "reason", reason,
		m.metricsAttr(metric.DeadLettered.NewValue(1)))
	return nil
}

// longTimeout is from where on it pays to tell SQS when an attempt must be over, so that the message of a crashed
// function comes back soon after and not after six timeouts.
const longTimeout = time.Minute

// setVisibilityTimeout tells SQS when this attempt must be over.
func (c *Consumer) setVisibilityTimeout(ctx context.Context, m delivery) {
	end, ok := ctx.Deadline()
	if !ok || c.Service.Timeout < longTimeout {
		return
	}
	ctx, done := context.WithTimeout(ctx, visibilityCallTimeout)
	defer done()
	if err := c.Queue.ChangeVisibility(ctx, m.SQSMessage, time.Until(end)+15*time.Second); err != nil {
		c.Log.WarnContext(ctx, "visibility not set", "message_id", m.MessageId, "error", err)
	}
}

// withHandlerDeadline ends the work before the runtime ends the process. What came of the work is sent without that deadline: the
// time between the two is for saying so.
func (c *Consumer) withHandlerDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return withEarlierDeadline(ctx, min(10*time.Second, c.Service.Timeout/3))
}

// isRetryable reports whether another delivery may end better.
func isRetryable(err error) bool {
	switch errs.KindOf(err) {
	case errs.Invalid, errs.NotFound, errs.Forbidden, errs.TooLarge, errs.Unauthenticated:
		return false
	case errs.Conflict, errs.Transient, errs.Internal:
		return true
	}
	return true
}
