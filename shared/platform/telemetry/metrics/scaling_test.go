package metrics_test

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/metric"
	"sluice/shared/platform/telemetry/logs"
	"sluice/shared/platform/telemetry/metrics"
	"sluice/shared/platform/telemetry/metrics/metricstest"
)

func TestLogScaling(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := logs.New("reconcile", &out)
	idle := metrics.QueueScaling{Queue: "sluice-purge", Ceiling: 2}
	if metrics.LogScaling(t.Context(), log, noon, []metrics.QueueScaling{idle, idle}); out.Len() > 0 {
		t.Errorf("while idle: %s", &out)
	}
	metrics.LogScaling(t.Context(), log, noon, []metrics.QueueScaling{
		idle,
		{Queue: "sluice-encode", Depth: 9, InFlight: 2, OldestAge: 90 * time.Second, Wanted: 5, Ceiling: 3, Reason: "short"},
		{Queue: "sluice-publish.fifo", InFlight: 1, Wanted: 1, Ceiling: 4},
	})
	want := []string{
		"Wanted[sluice-encode]=5", "Ceiling[sluice-encode]=3", "Wanted[sluice-publish.fifo]=1", "Ceiling[sluice-publish.fifo]=4",
	}
	if d := cmp.Diff(want, metricstest.ReadTexts(t, out.Bytes())); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	line := metricstest.ReadLines(t, out.Bytes())[0]
	if line["depth"] != 9.0 || line["in_flight"] != 2.0 || line["oldest_seconds"] != 90.0 || line["reason"] != "short" {
		t.Errorf("line %v", line)
	}
}

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
		{"half a GB, a millisecond begun", metric.FunctionSize{Memory: 512, Disk: 512, ARM: true}, 10*time.Millisecond + 1, 0.2e-6 + 0.011*0.0000133334/2},
		{"a disk", metric.FunctionSize{Memory: 1024, Disk: 10240, ARM: true}, time.Minute, 0.2e-6 + 60*(0.0000133334+9.5*0.0000000309)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.of.InvocationCost(tt.d); math.Abs(got-tt.want) > 1e-12 {
				t.Errorf("$%v, not $%v", got, tt.want)
			}
		})
	}
}
