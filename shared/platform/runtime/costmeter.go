package runtime

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"sluice/shared/domain/metric"
	"sluice/shared/domain/services"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/telemetry/metrics"
)

// processStart is about when this process started.
var processStart = time.Now()

// costMeter computes the cost of the function's invocations.
type costMeter struct {
	function metric.FunctionSize
	mu       sync.Mutex
	startup  time.Duration // of the process, which Lambda bills too; 0 once it is counted
}

func newCostMeter(s services.Service) *costMeter {
	return &costMeter{
		function: metric.FunctionSize{Memory: s.Memory, Disk: s.Disk, ARM: runtime.GOARCH == "arm64"},
		startup:  max(1, time.Since(processStart)),
	}
}

// logAttr returns members for the log line of an invocation that began at a time and ends now: its cost in dollars, as
// a metric and, if it is the first one of the process, startup_seconds: the time from the start of the process to that
// of its handler. What Lambda does before, to provide the environment and the code, is in neither. An invocation that
// Lambda stops has no such line.
func (m *costMeter) logAttr(began time.Time) slog.Attr {
	m.mu.Lock()
	startup := m.startup
	m.startup = 0
	m.mu.Unlock()
	now := time.Now()
	cost := metric.Dollars.NewValue(m.function.InvocationCost(now.Sub(began) + startup))
	members := []any{metrics.LogAttr(now, cost)}
	if startup > 0 {
		members = append(members, slog.Float64("startup_seconds", startup.Seconds()))
	}
	return slog.Group("", members...)
}

// Start calls f with each event of the service and logs the cost of each call. It does not return.
func Start[In, Out any](r Runtime, f func(context.Context, In) (Out, error)) {
	lambda.Start(exitAfterResponse(LogInvocationCost(r, f), ffmpeg.CompromiseReason, r.exitProcess))
}

// LogInvocationCost returns a function that calls f and logs the cost of the call.
func LogInvocationCost[In, Out any](
	r Runtime, f func(context.Context, In) (Out, error),
) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (Out, error) {
		began := time.Now()
		defer func() {
			r.Log.InfoContext(ctx, "invoked", "seconds", time.Since(began).Seconds(), r.meter.logAttr(began))
		}()
		return f(ctx, in)
	}
}
