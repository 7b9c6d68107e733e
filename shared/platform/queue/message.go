package queue

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/metric"
	"sluice/shared/platform/telemetry/metrics"
)

// handleMessage handles the events of one message. It reports whether SQS shall deliver the message again, and when.
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

// handleEvent handles one event of a message. It reports whether SQS shall deliver the message again, and when.
func (c *Consumer) handleEvent(ctx context.Context, m delivery, e events.Event) (wait time.Duration, again bool) {
	end := func(error) {}
	if c.StartSpan != nil {
		ctx, end = c.StartSpan(ctx, m.SQSMessage, e)
	}
	c.setVisibilityTimeout(ctx, m)
	ctx, isDuplicate := metrics.WithDuplicateMark(ctx)
	out, err := c.attemptEvent(ctx, m, e)
	if err == nil {
		err = c.Send.Send(ctx, out...)
	}
	defer end(err) // the span of a dead letter ends with its error
	if err != nil {
		return c.scheduleRedelivery(ctx, m, c.handleFailure(ctx, m, e, err))
	}
	took := time.Since(m.started)
	counts := []metric.Value{metric.WorkTime.NewValue(metric.ToMilliseconds(took))}
	if isDuplicate() { // it changed nothing
		counts = append(counts, metric.Duplicates.NewValue(1))
	}
	c.Log.InfoContext(ctx, "handled", "type", e.Type, "attempt", m.attemptNumber(), "sent", len(out), "seconds", took.Seconds(), m.metricsAttr(counts...))
	return 0, false
}

// handleFailure handles the error of an event. It returns the error for which SQS shall deliver the message again,
// nil if the message was sent to the dead-letter queue.
func (c *Consumer) handleFailure(ctx context.Context, m delivery, e events.Event, err error) error {
	if !slices.Contains(finalKinds, errs.KindOf(err)) && m.attemptNumber() < c.Service.Inbox.MaxAttempts {
		return err
	}
	if c.OnExhausted != nil && c.acceptsType(e) {
		if err := c.Send.Send(ctx, c.OnExhausted(e, err)...); err != nil {
			return err
		}
	}
	return c.sendToDeadLetterQueue(ctx, m, err)
}

// scheduleRedelivery sets the time of the next delivery if err is not nil, and returns it.
func (c *Consumer) scheduleRedelivery(ctx context.Context, m delivery, err error) (wait time.Duration, again bool) {
	if err == nil {
		return 0, false
	}
	jitter := c.Jitter
	if jitter == nil {
		jitter = rand.Float64
	}
	wait = Backoff(c.Service.Timeout, m.attemptNumber(), jitter())
	c.Log.ErrorContext(ctx, "message will be delivered again", "message_id", m.MessageId, "attempt", m.attemptNumber(), "in_seconds", wait.Seconds(), "error", err,
		m.metricsAttr(metric.Retries.NewValue(1)))
	c.delayRedelivery(ctx, m.SQSMessage, wait)
	return wait, true
}

var errAttemptsExhausted = errs.New("queue.attemptEvent", errs.Internal, "attempts_exhausted",
	"The work never came to an end, however often it was begun. Upload the file again; if that ends like this too, export it with a smaller frame size, and upload that.")

// attemptEvent calls the handler with a deadline; a panic becomes an error of this event. It does not call it if the
// message has been delivered more than MaxAttempts times: then every attempt has crashed the function, or the function
// was throttled. On a FIFO queue the message may not have been handled at any of those deliveries, because it followed
// a failed one, so the handler is called.
func (c *Consumer) attemptEvent(ctx context.Context, m delivery, e events.Event) (out []events.Event, err error) {
	switch in := c.Service.Inbox; {
	case !c.acceptsType(e):
		return nil, typeNotAccepted.ToError("queue.attemptEvent", errs.Invalid, fmt.Errorf("%s does not handle %s", c.Service.Name, e.Type))
	case m.attemptNumber() > in.MaxAttempts && !in.FIFO:
		return nil, errAttemptsExhausted
	}
	// The rest of the function's time is for sending the handler's events or reporting its failure.
	ctx, cancel := withEarlierDeadline(ctx, min(10*time.Second, c.Service.Timeout/3))
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			c.Log.ErrorContext(ctx, "panic", "type", e.Type, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = errs.E("queue.attemptEvent", errs.Internal, fmt.Errorf("panic: %v", r))
		}
	}()
	return c.Handle(ctx, e)
}

// acceptsType reports whether the service handles events of e's type.
func (c *Consumer) acceptsType(e events.Event) bool {
	return slices.Contains(c.Service.Inbox.EventTypes, string(e.Type))
}

// sendToDeadLetterQueue sends a message to the dead-letter queue and logs it.
func (c *Consumer) sendToDeadLetterQueue(ctx context.Context, m delivery, reason error) error {
	if err := c.Queue.SendToDeadLetterQueue(ctx, m.SQSMessage, reason); err != nil {
		return err
	}
	c.Log.WarnContext(ctx, "message is a dead letter", "message_id", m.MessageId, "attempt", m.attemptNumber(), "reason", reason,
		m.metricsAttr(metric.DeadLettered.NewValue(1)))
	return nil
}

// longTimeout is the timeout of functions from which on setVisibilityTimeout is worth a call.
const longTimeout = time.Minute

// setVisibilityTimeout sets the visibility timeout to the rest of this attempt and 15 s. If the function crashes, SQS
// delivers the message again soon, and not after the queue's visibility timeout of six function timeouts.
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

// finalKinds are the errors after which another attempt can't succeed.
var finalKinds = []errs.Kind{errs.Invalid, errs.NotFound, errs.Forbidden, errs.TooLarge, errs.Unauthenticated}
