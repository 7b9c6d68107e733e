package runtime

import (
	"context"
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

// measureCost returns the cost, in dollars, of an invocation from began until now. An invocation that Lambda stops is
// not counted.
func (m *costMeter) measureCost(began time.Time) metric.Value {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := time.Since(began) + m.startup
	m.startup = 0
	return metric.Dollars.NewValue(m.function.InvocationCost(d))
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
			r.Log.InfoContext(
				ctx, "invoked", "seconds", time.Since(began).Seconds(),
				metrics.LogAttr(time.Now(), r.meter.measureCost(began)),
			)
		}()
		return f(ctx, in)
	}
}
