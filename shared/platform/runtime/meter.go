package runtime

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"sluice/shared/domain/metric"
	"sluice/shared/domain/services"
	"sluice/shared/platform/telemetry/metrics"
)

// begun is about when this process began.
var begun = time.Now()

// meter knows what the function's invocations cost.
type meter struct {
	function metric.Function
	mu       sync.Mutex
	start    time.Duration // of the process, which Lambda asks for too; 0 once it is counted
}

func newMeter(s services.Service) *meter {
	return &meter{
		function: metric.Function{Memory: s.Memory, Disk: s.Disk, ARM: runtime.GOARCH == "arm64"},
		start:    max(1, time.Since(begun)),
	}
}

// spent returns the dollars of an invocation that began at a time and ends now. One that Lambda has to end counts
// nothing.
func (m *meter) spent(began time.Time) metric.Value {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := time.Since(began) + m.start
	m.start = 0
	return metric.Dollars.Is(m.function.Cost(d))
}

// Start starts calling f with each event of the service, and logs what each call costs. It does not return.
func Start[In, Out any](k Kit, f func(context.Context, In) (Out, error)) { lambda.Start(Metered(k, f)) }

// Metered returns a function that logs what each invocation of f costs.
func Metered[In, Out any](k Kit, f func(context.Context, In) (Out, error)) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (Out, error) {
		began := time.Now()
		defer func() {
			k.Log.InfoContext(ctx, "invoked", "seconds", time.Since(began).Seconds(), metrics.Line(time.Now(), k.meter.spent(began)))
		}()
		return f(ctx, in)
	}
}
