package metrics

import (
	"context"
	"log/slog"
	"time"

	"sluice/shared/domain/metric"
)

// Scaled is a queue as the law of scaling sees it.
type Scaled struct {
	Queue    string        // its name, as AWS/SQS has it
	Depth    int           // messages that wait
	InFlight int           // messages that are worked on
	Oldest   time.Duration // age of the oldest; 0 if not known
	Wanted   int           // workers that would keep its promise
	Ceiling  int           // workers that it may have
	Reason   string        // for the ceiling
}

// Scaling logs each queue that has anything to do, with what is wanted and allowed as metrics; the rest of it SQS counts
// itself, and is in the line only. While all queues are empty it says nothing.
func Scaling(ctx context.Context, log *slog.Logger, at time.Time, queues []Scaled) {
	for _, q := range queues {
		if q.Depth <= 0 && q.InFlight <= 0 {
			continue
		}
		log.InfoContext(ctx, "queue", "depth", q.Depth, "in_flight", q.InFlight, "oldest_seconds", q.Oldest.Seconds(), "reason", q.Reason,
			Line(at, metric.Wanted.In(q.Queue, float64(q.Wanted)), metric.Ceiling.In(q.Queue, float64(q.Ceiling))))
	}
}
