package metric_test

import (
	"math"
	"testing"
	"time"

	"sluice/shared/domain/metric"
)

func TestInvocationCost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		of   metric.FunctionSize
		d    time.Duration
		want float64
	}{
		{"a second of a GB", metric.FunctionSize{Memory: 1024, ARM: true}, time.Second, 0.2e-6 + 0.0000133334},
		{"on the other processor", metric.FunctionSize{Memory: 1024}, time.Second, 0.2e-6 + 0.0000166667},
		{
			"half a GB, a millisecond begun", metric.FunctionSize{Memory: 512, Disk: 512, ARM: true},
			10*time.Millisecond + 1, 0.2e-6 + 0.011*0.0000133334/2,
		},
		{
			"a disk", metric.FunctionSize{Memory: 1024, Disk: 10240, ARM: true}, time.Minute,
			0.2e-6 + 60*(0.0000133334+9.5*0.0000000309),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.of.InvocationCost(tt.d); math.Abs(got-tt.want) > 1e-12 {
				t.Errorf("$%v, not $%v", got, tt.want)
			}
		})
	}
}
