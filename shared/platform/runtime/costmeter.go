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

// processStart is about when this process began.
var processStart = time.Now()

// costMeter knows what the function's invocations cost.
type costMeter struct {
	function metric.FunctionSize
	mu       sync.Mutex
	startup  time.Duration // of the process, which Lambda asks for too; 0 once it is counted
}

func newCostMeter(s services.Service) *costMeter {
	return &costMeter{
		function: metric.FunctionSize{Memory: s.Memory, Disk: s.Disk, ARM: runtime.GOARCH == "arm64"},
		startup:  max(1, time.Since(processStart)),
	}
}

// measureCost returns the dollars of an invocation that began at a time and ends now. One that Lambda has to end counts
// nothing.
func (m *costMeter) measureCost(began time.Time) metric.Value {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := time.Since(began) + m.startup
	m.startup = 0
	return metric.Dollars.NewValue(m.function.InvocationCost(d))
}

// Start starts calling f with each event of the service, and logs what each call costs. It does not return.
func Start[In, Out any](k Runtime, f func(context.Context, In) (Out, error)) {
	lambda.Start(exitAfterResponse(LogInvocationCost(k, f), ffmpeg.Suspicion, k.exitProcess))
}

// LogInvocationCost returns a function that logs what each invocation of f costs.
func LogInvocationCost[In, Out any](k Runtime, f func(context.Context, In) (Out, error)) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (Out, error) {
		began := time.Now()
		defer func() {
			k.Log.InfoContext(ctx, "invoked", "seconds", time.Since(began).Seconds(), metrics.LogAttr(time.Now(), k.meter.measureCost(began)))
		}()
		return f(ctx, in)
	}
}
