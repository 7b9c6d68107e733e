package queue

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/metric"
	"sluice/shared/domain/services"
	"sluice/shared/platform/invocation"
	"sluice/shared/platform/telemetry/metrics"
)

// delivery is a message and the time when its handling started.
type delivery struct {
	lambdaevents.SQSMessage
	started time.Time
}

// attemptNumber returns how often SQS has delivered the message, 1 for the first time.
func (d delivery) attemptNumber() int {
	n, _ := strconv.Atoi(d.Attributes["ApproximateReceiveCount"])
	return n
}

// metricsAttr returns the attribute of a log line that counts values for the message's queue. With the first delivery
// it adds the time that the message waited in the queue; later deliveries were delayed on purpose.
func (d delivery) metricsAttr(counts ...metric.Value) slog.Attr {
	if sent := parseMillis(d.Attributes["SentTimestamp"]); d.attemptNumber() <= 1 && !sent.IsZero() {
		counts = append(counts, metric.WaitTime.NewValue(metric.ToMilliseconds(d.started.Sub(sent))))
	}
	for i := range counts {
		counts[i].DimensionValue = d.EventSourceARN[strings.LastIndexByte(d.EventSourceARN, ':')+1:]
	}
	return metrics.LogAttr(time.Now(), counts...)
}

// handleMessage handles the events of one message. It reports whether SQS shall deliver the message again, and when.
// s is its event if the span of that has started already; else nil.
func (c *Consumer) handleMessage(ctx context.Context, d delivery, s *startedEvent) (wait time.Duration, again bool) {
	if s != nil {
		return c.handleEvent(s)
	}
	es, err := decodeEvents(d.SQSMessage)
	if err != nil {
		c.setVisibilityTimeout(ctx, d)
		return c.scheduleRedelivery(ctx, d, c.sendToDeadLetterQueue(ctx, d, err))
	}
	for _, e := range es {
		if wait, again := c.handleEvent(c.startEvent(ctx, d, e)); again {
			return wait, true
		}
	}
	return 0, false
}

// handleEvent handles one event of a message. It reports whether SQS shall deliver the message again, and when.
func (c *Consumer) handleEvent(s *startedEvent) (wait time.Duration, again bool) {
	ctx, d, e := s.ctx, s.delivery, s.Event
	c.setVisibilityTimeout(ctx, d)
	var err error
	if s.Out, err = c.attemptEvent(ctx, d, e); err == nil {
		err = c.Send.Send(ctx, s.Out...)
	}
	defer s.end(err) // the span of a dead letter ends with its error
	if err != nil {
		return c.scheduleRedelivery(ctx, d, c.handleFailure(ctx, d, e, err))
	}
	c.reportHandled(s, time.Since(d.started))
	return 0, false
}

// reportHandled logs that an event was handled, and its metrics. took is the time that it took.
func (c *Consumer) reportHandled(s *startedEvent, took time.Duration) {
	counts := []metric.Value{metric.WorkTime.NewValue(metric.ToMilliseconds(took))}
	if s.isDuplicate() { // it changed nothing
		counts = append(counts, metric.Duplicates.NewValue(1))
	}
	c.Log.InfoContext(s.ctx, "handled", "type", s.Event.Type, "attempt", s.attemptNumber(), "sent", len(s.Out),
		"seconds", took.Seconds(), s.metricsAttr(counts...))
}

// handleFailure handles the error of an event. It returns the error for which SQS shall deliver the message again,
// nil if the message was sent to the dead-letter queue.
func (c *Consumer) handleFailure(ctx context.Context, d delivery, e events.Event, err error) error {
	if !slices.Contains(finalKinds, errs.KindOf(err)) && d.attemptNumber() < c.Service.Inbox.MaxAttempts {
		return err
	}
	if c.OnExhausted != nil && c.acceptsType(e) {
		if err := c.Send.Send(ctx, c.OnExhausted(e, err)...); err != nil {
			return err
		}
	}
	return c.sendToDeadLetterQueue(ctx, d, err)
}

// scheduleRedelivery sets the time of the next delivery if err is not nil, and returns it.
func (c *Consumer) scheduleRedelivery(ctx context.Context, d delivery, err error) (wait time.Duration, again bool) {
	if err == nil {
		return 0, false
	}
	jitter := c.Jitter
	if jitter == nil {
		jitter = rand.Float64
	}
	wait = Backoff(c.Service.Timeout, d.attemptNumber(), jitter())
	c.Log.ErrorContext(ctx, "message will be delivered again", "message_id", d.MessageId, "attempt", d.attemptNumber(),
		"in_seconds", wait.Seconds(), "error", err, d.metricsAttr(metric.Retries.NewValue(1)))
	c.delayRedelivery(ctx, d.SQSMessage, wait)
	return wait, true
}

var errAttemptsExhausted = errs.New("queue.attemptEvent", errs.Internal, "attempts_exhausted",
	"The work never came to an end, however often it was begun. Upload the file again; if that ends like this too, export it with a smaller frame size, and upload that.")

// attemptEvent calls the handler with a deadline; a panic becomes an error of this event. It does not call it if the
// message has been delivered more than MaxAttempts times: then every attempt has crashed the function, or the function
// was throttled. On a FIFO queue the message may not have been handled at any of those deliveries, because it followed
// a failed one, so the handler is called.
func (c *Consumer) attemptEvent(ctx context.Context, d delivery, e events.Event) (out []events.Event, err error) {
	switch in := c.Service.Inbox; {
	case !c.acceptsType(e):
		return nil, typeNotAccepted.ToError("queue.attemptEvent", errs.Invalid,
			fmt.Errorf("%s does not handle %s", c.Service.Name, e.Type))
	case d.attemptNumber() > in.MaxAttempts && !in.FIFO:
		return nil, errAttemptsExhausted
	}
	// The rest of the function's time is for sending the handler's events or reporting its failure.
	ctx, cancel := invocation.WithReserve(ctx, min(10*time.Second, c.Service.Timeout/3))
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
func (c *Consumer) sendToDeadLetterQueue(ctx context.Context, d delivery, reason error) error {
	if err := c.Queue.SendToDeadLetterQueue(ctx, d.SQSMessage, reason); err != nil {
		return err
	}
	c.Log.WarnContext(ctx, "message is a dead letter", "message_id", d.MessageId, "attempt", d.attemptNumber(),
		"reason", reason, d.metricsAttr(metric.DeadLettered.NewValue(1)))
	return nil
}

// longTimeout is the timeout of functions from which on setVisibilityTimeout is worth a call.
const longTimeout = time.Minute

// setVisibilityTimeout sets the visibility timeout to the rest of this attempt and 15 s. If the function crashes, SQS
// delivers the message again soon, and not after the queue's visibility timeout of six function timeouts.
func (c *Consumer) setVisibilityTimeout(ctx context.Context, d delivery) {
	end, ok := ctx.Deadline()
	if !ok || c.Service.Timeout < longTimeout {
		return
	}
	ctx, done := context.WithTimeout(ctx, visibilityCallTimeout)
	defer done()
	if err := c.Queue.ChangeVisibility(ctx, d.SQSMessage, time.Until(end)+15*time.Second); err != nil {
		c.Log.WarnContext(ctx, "visibility not set", "message_id", d.MessageId, "error", err)
	}
}

// finalKinds are the errors after which another attempt can't succeed.
var finalKinds = []errs.Kind{errs.Invalid, errs.NotFound, errs.Forbidden, errs.TooLarge, errs.Unauthenticated,
	errs.Exhausted}

// Problems without a message: the cause says what is wrong.
var (
	typeNotAccepted = errs.Problem{Code: "type_not_taken"}
	messageInvalid  = errs.Problem{Code: "message_invalid"}
)

// decodeEvents returns the events of a message: one event of Sluice, or one for each object of an S3 notification,
// which may be none. Invalid, code message_invalid: the message breaks its schema, or an object is not an original.
func decodeEvents(m lambdaevents.SQSMessage) ([]events.Event, error) {
	objects, ok, err := events.DecodeS3Notification([]byte(m.Body))
	if !ok {
		e, err := events.Decode([]byte(m.Body))
		e.Sender = m.Attributes["SenderId"]
		return []events.Event{e}, err
	}
	var out []events.Event
	for _, o := range objects {
		tenant, id, isOriginal := services.ParseOriginalKey(o.Key)
		if !isOriginal {
			return nil, messageInvalid.ToError("queue.decodeEvents", errs.Invalid,
				fmt.Errorf("key %q is not the key of an original", o.Key))
		}
		out = append(out, events.Event{
			ID: id + ":" + string(events.ObjectCreated) + ":" + o.ETag, Type: events.ObjectCreated, Time: o.At,
			Tenant: tenant, Video: id, Data: o,
		})
	}
	return out, err
}
