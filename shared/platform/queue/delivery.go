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
	began time.Time
}

// attempt returns how often the message was delivered, this time included.
func (d delivery) attempt() int {
	n, _ := strconv.Atoi(d.Attributes["ApproximateReceiveCount"])
	return n
}

// line returns what makes a line of the log count these of the message's queue and, with the first delivery, how long the
// message has waited for it. Later ones have waited because they were told to.
func (d delivery) line(counts ...metric.Value) slog.Attr {
	if sent := millis(d.Attributes["SentTimestamp"]); d.attempt() <= 1 && !sent.IsZero() {
		counts = append(counts, metric.Wait.Is(metric.Took(d.began.Sub(sent))))
	}
	for i := range counts {
		counts[i].Of = d.EventSourceARN[strings.LastIndexByte(d.EventSourceARN, ':')+1:]
	}
	return metrics.Line(time.Now(), counts...)
}
