package runtime

import (
	"context"
	"time"

	"sluice/events"
	"sluice/shared/domain/metric"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/telemetry/metrics"
)

// logSandbox logs and counts which set of sandbox layers this process has.
func (r Runtime) logSandbox(s ffmpeg.Sandbox) {
	ctx := context.Background()
	r.Log.InfoContext(ctx, "sandbox chosen", "reason", s.Reason,
		metrics.LogAttr(time.Now(), metric.SandboxStarts.NewValueFor(string(s.Layers), 1)))
	if s.Err != nil {
		r.Log.ErrorContext(ctx, "no sandbox: every message fails", "error", s.Err)
	}
}

// requireSandbox returns a handler that does as h if the service runs no tools or has a sandbox for them, and else
// fails each message with cage_unavailable, without looking at it.
func (r Runtime) requireSandbox(h queue.Handler, s ffmpeg.Sandbox) queue.Handler {
	if r.Service.Layer != "ffmpeg" || s.Err == nil {
		return h
	}
	return func(context.Context, events.Event) ([]events.Event, error) { return nil, s.Unavailable() }
}
