package autoscale

import (
	"context"
	"log/slog"
	"math"
	"time"

	"sluice/events"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/queue"
)

// ScaleSignal tells the Autoscaler what it can't read from the queues: messages that are being sent and that SQS does
// not count yet, and how long handling a message takes. It is the JSON input of the function that runs the Autoscaler.
type ScaleSignal struct {
	MessagesSent map[string]int     `json:"sent,omitempty"`    // number of messages by queue
	ServiceTimes map[string]float64 `json:"service,omitempty"` // seconds for one message by service
}

// IsZero reports whether the signal is empty.
func (s ScaleSignal) IsZero() bool { return len(s.MessagesSent)+len(s.ServiceTimes) == 0 }

// EventHandler handles one event and returns the events that follow.
type EventHandler = func(ctx context.Context, e events.Event) ([]events.Event, error)

// When a signal is sent.
const (
	minFanOut         = 16   // messages that one event sends to a queue
	minSamples        = 8    // handling times before their mean counts
	minRelativeChange = 0.25 // change of the mean since the last signal

	notifyTimeout = 2 * time.Second // of the handler's time, for a signal that it can do without
)

// ScaleNotifier observes the events that a service handles and sends, and calls Notify if the Autoscaler should run
// before its next scheduled run: after an event that sends many messages, and when encoding takes more or less time
// than it was told. It is not safe for concurrent use; a function handles one batch at a time.
type ScaleNotifier struct {
	Notify func(ctx context.Context, s ScaleSignal) error
	Now    func() time.Time
	Log    *slog.Logger

	lastNotified        time.Time
	meanServiceTime     float64 // of encode, in seconds; a moving average
	sampleCount         int
	reportedServiceTime float64
}

// WrapHandler returns a handler that calls h and observes what h has handled and returned. A failing Notify is only
// logged.
func (n *ScaleNotifier) WrapHandler(h EventHandler) EventHandler {
	return func(ctx context.Context, e events.Event) ([]events.Event, error) {
		out, err := h(ctx, e)
		if err == nil {
			n.notifyIfNeeded(ctx, e, out)
		}
		return out, err
	}
}

// WrapBatchHandler does the same as WrapHandler for a handler of batches: it observes what that has handled.
func (n *ScaleNotifier) WrapBatchHandler(h queue.BatchHandler) queue.BatchHandler {
	return func(ctx context.Context, items []*queue.Item) {
		h(ctx, items)
		for _, i := range items {
			if i.Handled {
				n.notifyIfNeeded(i.Context, i.Event, i.Out)
			}
		}
	}
}

func (n *ScaleNotifier) notifyIfNeeded(ctx context.Context, e events.Event, out []events.Event) {
	signal := ScaleSignal{MessagesSent: countLargeFanOut(out), ServiceTimes: n.changedServiceTime(e)}
	now := n.Now()
	if signal.IsZero() || now.Sub(n.lastNotified) < minDecisionInterval {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, notifyTimeout)
	defer cancel()
	if err := n.Notify(ctx, signal); err != nil {
		n.Log.WarnContext(ctx, "the autoscaler can't be started now; it runs within a minute", "error", err)
		if ctx.Err() != nil { // not with each event, while Lambda does not answer
			n.lastNotified = now
		}
		return
	}
	n.lastNotified = now
	if signal.ServiceTimes != nil {
		n.reportedServiceTime = n.meanServiceTime
	}
}

// countLargeFanOut returns how many messages are sent to each queue, if they are at least minFanOut for one of them;
// else nil.
func countLargeFanOut(out []events.Event) map[string]int {
	sent, most := map[string]int{}, 0
	for _, e := range out {
		if q, ok := services.QueueForEvent(string(e.Type), e.Lane()); ok {
			sent[q.Name]++
			most = max(most, sent[q.Name])
		}
	}
	if most < minFanOut {
		return nil
	}
	return sent
}

// changedServiceTime adds the handling time of a finished task, and returns the mean if it differs from the one last
// reported; else nil.
func (n *ScaleNotifier) changedServiceTime(e events.Event) map[string]float64 {
	if d, ok := e.Data.(video.EncodeDone); ok && !d.Started.IsZero() {
		n.sampleCount++
		n.meanServiceTime += (max(0, d.At.Sub(d.Started).Seconds()) - n.meanServiceTime) / float64(min(n.sampleCount,
			4*minSamples))
	}
	if n.sampleCount < minSamples || math.Abs(
		n.meanServiceTime-n.reportedServiceTime,
	) <= minRelativeChange*n.reportedServiceTime {
		return nil
	}
	return map[string]float64{"encode": n.meanServiceTime}
}
