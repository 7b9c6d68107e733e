package traceview_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/traceview"
)

// A span counts once, at its start, for whatever video it is, also if its document was sent twice.
func TestCountCalls(t *testing.T) {
	t.Parallel()
	from := time.Unix(1_790_000_000, 0)
	span := func(id, service, event string, at float64) string {
		return fmt.Sprintf(`{"trace_id": "1-6a000000-0123456789abcdef01234567", "id": %q, "name": %q, "start_time": %f,
			"annotations": {"service": %[2]q}, "metadata": {"default": {"type": %[4]q}},
			"subsegments": [{"id": "s%[1]s", "name": "S3", "start_time": %[3]f}]}`, id, service,
			float64(from.Unix())+at, event)
	}
	got := traceview.CountCalls([]traceview.TraceSample{{Fraction: 1, Documents: []string{
		span("a", "encode", "encode.requested.v1", 0), span("a", "encode", "encode.requested.v1", 0),
		span("b", "encode", "encode.requested.v1", 60),
		span("c", "encode", "encode.requested.v1", 60.1), span("d", "encode", "encode.requested.v1", -0.1),
		span("f", "api", "upload.requested.v1", 1), "{",
	}}, {Fraction: 0.25, Documents: []string{span("e", "api", "", 1)}}}, traceview.TimeRange{
		From: from, To: from.Add(time.Minute),
	})
	if d := cmp.Diff(map[traceview.CallKind]float64{
		{Service: "encode", Type: "encode.requested.v1"}: 2, {Service: "api"}: 4,
		{Service: "api", Type: "upload.requested.v1"}: 1,
	}, got); d != "" {
		t.Error(d)
	}
}
