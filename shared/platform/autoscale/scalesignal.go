package autoscale

import (
	"context"
	"log/slog"
	"math"
	"time"

	"sluice/events"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// ScaleSignal is what somebody tells the Steerer who knows more than the queues: what is being sent, before they count it, and
// how long work takes.
type ScaleSignal struct {
	MessagesSent map[string]int     `json:"sent,omitempty"`    // messages, by queue
	ServiceTimes map[string]float64 `json:"service,omitempty"` // seconds of one message, by service
}

// IsZero reports whether nothing is told.
func (h ScaleSignal) IsZero() bool { return len(h.MessagesSent)+len(h.ServiceTimes) == 0 }

// EventHandler is a consumer's handler of events.
type EventHandler = func(ctx context.Context, e events.Event) ([]events.Event, error)

// When somebody is woken.
const (
	minFanOut         = 16   // messages in a queue from one event are many
	minSamples        = 8    // times of work make a mean
	minRelativeChange = 0.25 // a mean that is off by that part is told again
)

// ScaleNotifier watches what a consumer takes and what follows from it, and wakes the Steerer where that matters. It is of one
// process, and has no lock: a function handles one batch at a time.
type ScaleNotifier struct {
	Notify func(ctx context.Context, h ScaleSignal) error
	Now    func() time.Time
	Log    *slog.Logger

	lastNotified        time.Time
	meanServiceTime     float64 // of the times of encode, the latest counting most
	sampleCount         int
	reportedServiceTime float64
}

// WrapHandler returns the handler with the Watcher behind it. It neither fails nor changes what h does.
func (w *ScaleNotifier) WrapHandler(h EventHandler) EventHandler {
	return func(ctx context.Context, e events.Event) ([]events.Event, error) {
		out, err := h(ctx, e)
		if err == nil {
			w.notifyIfNeeded(ctx, e, out)
		}
		return out, err
	}
}

func (w *ScaleNotifier) notifyIfNeeded(ctx context.Context, e events.Event, out []events.Event) {
	hint := ScaleSignal{MessagesSent: countLargeFanOut(out), ServiceTimes: w.changedServiceTime(e)}
	now := w.Now()
	if hint.IsZero() || now.Sub(w.lastNotified) < minDecisionInterval {
		return
	}
	if err := w.Notify(ctx, hint); err != nil {
		w.Log.WarnContext(ctx, "workers are not steered now, but within a minute", "error", err)
		return
	}
	w.lastNotified = now
	if hint.ServiceTimes != nil {
		w.reportedServiceTime = w.meanServiceTime
	}
}

// countLargeFanOut counts by queue what is being sent, if it is many for one of them.
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

// changedServiceTime returns how long the work of encode takes, if that is to be told.
func (w *ScaleNotifier) changedServiceTime(e events.Event) map[string]float64 {
	if d, ok := e.Data.(video.TaskDone); ok && !d.Started.IsZero() {
		w.sampleCount++
		w.meanServiceTime += (max(0, d.At.Sub(d.Started).Seconds()) - w.meanServiceTime) / float64(min(w.sampleCount, 4*minSamples))
	}
	if w.sampleCount < minSamples || math.Abs(w.meanServiceTime-w.reportedServiceTime) <= minRelativeChange*w.reportedServiceTime {
		return nil
	}
	return map[string]float64{"encode": w.meanServiceTime}
}
