package metrics_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
		{
			Queue: "sluice-encode", Depth: 9, InFlight: 2, OldestAge: 90 * time.Second, MaxWait: time.Minute,
			Wanted: 5, Ceiling: 3, Reason: "short",
		},
		{Queue: "sluice-publish.fifo", InFlight: 1, Wanted: 1, Ceiling: 4},
	})
	want := []string{
		"Wanted[sluice-encode]=5", "Ceiling[sluice-encode]=3", "Late[]=1.5",
		"Wanted[sluice-publish.fifo]=1", "Ceiling[sluice-publish.fifo]=4",
	}
	if d := cmp.Diff(want, metricstest.ReadTexts(t, out.Bytes())); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	line := metricstest.ReadLines(t, out.Bytes())[0]
	if line["depth"] != 9.0 || line["in_flight"] != 2.0 || line["oldest_seconds"] != 90.0 || line["reason"] != "short" {
		t.Errorf("line %v", line)
	}
}
