package queue

import (
	"log/slog"
	"strconv"
	"strings"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/shared/domain/metric"
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
