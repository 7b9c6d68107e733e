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

// Hint is what somebody tells the Steerer who knows more than the queues: what is being sent, before they count it, and
// how long work takes.
type Hint struct {
	Sent    map[string]int     `json:"sent,omitempty"`    // messages, by queue
	Service map[string]float64 `json:"service,omitempty"` // seconds of one message, by service
}

// IsZero reports whether nothing is told.
func (h Hint) IsZero() bool { return len(h.Sent)+len(h.Service) == 0 }

// Handler is a consumer's handler of events.
type Handler = func(ctx context.Context, e events.Event) ([]events.Event, error)

// When somebody is woken.
const (
	fanOut  = 16   // messages in a queue from one event are many
	samples = 8    // times of work make a mean
	moved   = 0.25 // a mean that is off by that part is told again
)

// Watcher watches what a consumer takes and what follows from it, and wakes the Steerer where that matters. It is of one
// process, and has no lock: a function handles one batch at a time.
type Watcher struct {
	Wake func(ctx context.Context, h Hint) error
	Now  func() time.Time
	Log  *slog.Logger

	woken time.Time
	mean  float64 // of the times of encode, the latest counting most
	seen  int
	told  float64
}

// Watch returns the handler with the Watcher behind it. It neither fails nor changes what h does.
func (w *Watcher) Watch(h Handler) Handler {
	return func(ctx context.Context, e events.Event) ([]events.Event, error) {
		out, err := h(ctx, e)
		if err == nil {
			w.see(ctx, e, out)
		}
		return out, err
	}
}

func (w *Watcher) see(ctx context.Context, e events.Event, out []events.Event) {
	hint := Hint{Sent: many(out), Service: w.service(e)}
	now := w.Now()
	if hint.IsZero() || now.Sub(w.woken) < gap {
		return
	}
	if err := w.Wake(ctx, hint); err != nil {
		w.Log.WarnContext(ctx, "workers are not steered now, but within a minute", "error", err)
		return
	}
	w.woken = now
	if hint.Service != nil {
		w.told = w.mean
	}
}

// many counts by queue what is being sent, if it is many for one of them.
func many(out []events.Event) map[string]int {
	sent, most := map[string]int{}, 0
	for _, e := range out {
		if q, ok := services.QueueFor(string(e.Type), e.Lane()); ok {
			sent[q.Name]++
			most = max(most, sent[q.Name])
		}
	}
	if most < fanOut {
		return nil
	}
	return sent
}

// service returns how long the work of encode takes, if that is to be told.
func (w *Watcher) service(e events.Event) map[string]float64 {
	if d, ok := e.Data.(video.TaskDone); ok && !d.Began.IsZero() {
		w.seen++
		w.mean += (max(0, d.At.Sub(d.Began).Seconds()) - w.mean) / float64(min(w.seen, 4*samples))
	}
	if w.seen < samples || math.Abs(w.mean-w.told) <= moved*w.told {
		return nil
	}
	return map[string]float64{"encode": w.mean}
}
