package metrics

import (
	"context"
	"log/slog"
	"time"

	"sluice/shared/domain/metric"
)

// QueueScaling is a queue as the law of scaling sees it.
type QueueScaling struct {
	Queue     string        // its name, as AWS/SQS has it
	Depth     int           // messages that wait
	InFlight  int           // messages that are worked on
	OldestAge time.Duration // age of the oldest; 0 if not known
	Wanted    int           // workers that would keep its promise
	Ceiling   int           // workers that it may have
	Reason    string        // for the ceiling
}

// LogScaling logs each queue that has anything to do, with what is wanted and allowed as metrics; the rest of it SQS counts
// itself, and is in the line only. While all queues are empty it says nothing.
func LogScaling(ctx context.Context, log *slog.Logger, at time.Time, queues []QueueScaling) {
	for _, q := range queues {
		if q.Depth <= 0 && q.InFlight <= 0 {
			continue
		}
		log.InfoContext(ctx, "queue", "depth", q.Depth, "in_flight", q.InFlight, "oldest_seconds", q.OldestAge.Seconds(), "reason", q.Reason,
			LogAttr(at, metric.Wanted.NewValueFor(q.Queue, float64(q.Wanted)), metric.Ceiling.NewValueFor(q.Queue, float64(q.Ceiling))))
	}
}
