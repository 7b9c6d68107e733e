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

// delivery is a message that was taken up.
type delivery struct {
	lambdaevents.SQSMessage
	started time.Time
}

// attemptNumber returns how often the message was delivered, this time included.
func (d delivery) attemptNumber() int {
	n, _ := strconv.Atoi(d.Attributes["ApproximateReceiveCount"])
	return n
}

// metricsAttr returns what makes a line of the log count these of the message's queue and, with the first delivery, how long the
// message has waited for it. Later ones have waited because they were told to.
func (d delivery) metricsAttr(counts ...metric.Value) slog.Attr {
	if sent := parseMillis(d.Attributes["SentTimestamp"]); d.attemptNumber() <= 1 && !sent.IsZero() {
		counts = append(counts, metric.WaitTime.NewValue(metric.ToMilliseconds(d.started.Sub(sent))))
	}
	for i := range counts {
		counts[i].DimensionValue = d.EventSourceARN[strings.LastIndexByte(d.EventSourceARN, ':')+1:]
	}
	return metrics.LogAttr(time.Now(), counts...)
}
