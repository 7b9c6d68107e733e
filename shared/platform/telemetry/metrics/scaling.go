package metrics

import (
	"context"
	"log/slog"
	"time"

	"sluice/shared/domain/metric"
)

// QueueScaling is what was read of a queue and decided for it.
type QueueScaling struct {
	Queue     string        // name that the queue has on AWS
	Depth     int           // messages that wait
	InFlight  int           // messages that workers handle
	OldestAge time.Duration // age of the oldest message; 0 if not known
	MaxWait   time.Duration // age from which on a message is late
	Wanted    int           // workers that would meet its target wait
	Ceiling   int           // workers that it may have at most
	Reason    string        // why it has that ceiling
}

// LogScaling logs each queue that is not empty, with the wanted workers, the ceiling and, if the oldest message's
// age is known, the metric Late. The other values are no metrics because SQS publishes them itself.
func LogScaling(ctx context.Context, log *slog.Logger, at time.Time, queues []QueueScaling) {
	for _, q := range queues {
		if q.Depth <= 0 && q.InFlight <= 0 {
			continue
		}
		values := []metric.Value{
			metric.Wanted.NewValueFor(q.Queue, float64(q.Wanted)),
			metric.Ceiling.NewValueFor(q.Queue, float64(q.Ceiling)),
		}
		if q.OldestAge > 0 && q.MaxWait > 0 {
			values = append(values, metric.Late.NewValue(q.OldestAge.Seconds()/q.MaxWait.Seconds()))
		}
		log.InfoContext(
			ctx, "queue", "depth", q.Depth, "in_flight", q.InFlight, "oldest_seconds", q.OldestAge.Seconds(),
			"reason", q.Reason,
			LogAttr(at, values...),
		)
	}
}
