package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/events"
	"sluice/shared/platform/invocation"
	"sluice/shared/platform/telemetry/metrics"
)

// Item is one event of a batch that a BatchHandler handles together with others.
type Item struct {
	Context context.Context // of the event's span; it ends before the time for handling the event alone
	Event   events.Event
	Out     []events.Event // set by the handler: the events to send
	Handled bool           // set by the handler; if false, the event is handled again, alone
}

// BatchHandler handles events of a batch together, where that takes fewer calls than one after the other. The events of
// a group are in their order, and the handler handles all events of a group or none. For what it has handled, the same
// holds as for a Handler; what it has not is given to the Handler, so it reports no errors.
type BatchHandler func(ctx context.Context, items []*Item)

// startedEvent is an event whose span has started.
type startedEvent struct {
	delivery
	Item
	ctx         context.Context // of the span
	isDuplicate func() bool
	end         func(error) // ends the span
}

// startEvent starts the span of an event.
func (c *Consumer) startEvent(ctx context.Context, d delivery, e events.Event) *startedEvent {
	s := &startedEvent{delivery: d, end: func(error) {}}
	if c.StartSpan != nil {
		ctx, s.end = c.StartSpan(ctx, d.SQSMessage, e)
	}
	s.ctx, s.isDuplicate = metrics.WithDuplicateMark(ctx)
	s.Event = e
	return s
}

var errGroupStopped = errors.New("a message of the same group has failed before it")

// cancel ends the span of an event that is not handled now. s may be nil.
func (s *startedEvent) cancel() {
	if s != nil {
		s.end(errGroupStopped)
	}
}

// handleTogether gives the events of a batch to HandleTogether, and sends what follows. It returns the events whose
// spans it has started, by the index of their message; those that are not Handled are to be handled alone. Only
// first deliveries are handled together: one message that fails each time does not delay the others twice.
func (c *Consumer) handleTogether(ctx context.Context, records []lambdaevents.SQSMessage) map[int]*startedEvent {
	all := map[int]*startedEvent{}
	if c.HandleTogether == nil {
		return all
	}
	picked := c.pickTogether(records)
	var items []*Item
	for i, m := range records {
		e, ok := picked[i]
		if !ok {
			continue
		}
		s := c.startEvent(ctx, delivery{m, time.Now()}, e)
		var done context.CancelFunc
		s.Context, done = invocation.WithReserve(s.ctx, c.Service.Timeout/2)
		defer done()
		all[i], items = s, append(items, &s.Item)
	}
	if len(items) == 0 {
		return all
	}
	c.attemptTogether(ctx, items)
	for _, s := range all {
		if s.Handled {
			c.reportHandled(s, time.Since(s.started)/time.Duration(len(items)))
			s.end(nil)
		}
	}
	return all
}

// pickTogether returns the events that may be handled together, by the index of their message: those of the groups of
// which all messages are valid events and were delivered for the first time.
func (c *Consumer) pickTogether(records []lambdaevents.SQSMessage) map[int]events.Event {
	picked, apart := map[int]events.Event{}, map[string]bool{}
	for i, m := range records {
		es, err := decodeEvents(m)
		if err != nil || len(es) != 1 || !c.acceptsType(es[0]) || (delivery{SQSMessage: m}).attemptNumber() > 1 {
			apart[m.Attributes["MessageGroupId"]] = true
			continue
		}
		picked[i] = es[0]
	}
	for i := range picked {
		if apart[records[i].Attributes["MessageGroupId"]] {
			delete(picked, i)
		}
	}
	return picked
}

// attemptTogether calls HandleTogether and sends what follows. It takes half of the service's time at most: the other
// half is for handling the events alone. After a panic, or if something can't be sent, no event counts as handled.
func (c *Consumer) attemptTogether(ctx context.Context, items []*Item) {
	var err error
	defer func() {
		if r := recover(); r != nil {
			c.Log.ErrorContext(ctx, "panic", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = errors.New("panic")
		}
		for _, i := range items {
			i.Handled = i.Handled && err == nil
		}
	}()
	ctx, cancel := invocation.WithReserve(ctx, c.Service.Timeout/2)
	defer cancel()
	c.HandleTogether(ctx, items)
	var out []events.Event
	for _, i := range items {
		if !i.Handled {
			continue
		}
		for _, e := range i.Out {
			if e.Trace == "" && c.TraceHeader != nil {
				e.Trace = c.TraceHeader(i.Context)
			}
			out = append(out, e)
		}
	}
	if err = c.Send.Send(ctx, out...); err != nil {
		c.Log.WarnContext(ctx, "a batch is handled again, one event after the other", "error", err)
	}
}
