package tools

import (
	"context"
	"log/slog"
	"time"

	"sluice/shared/domain/metric"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/telemetry/trace"
)

// tracedTools records a span for each run of ffmpeg and ffprobe. The span of ffmpeg is sent when it starts, so that the
// trace of a function that Lambda stops shows it. It also logs what each run of ffmpeg took: seconds, CPU seconds of
// all its threads, and the set of sandbox layers.
type tracedTools struct {
	ffmpeg.Tools
	log *slog.Logger
}

func (t tracedTools) Run(ctx context.Context, r ffmpeg.Command) error {
	began, cpu := time.Now(), time.Duration(0)
	r.CPU = &cpu
	ctx, span := trace.StartLongSpan(ctx, "ffmpeg")
	err := t.Tools.Run(ctx, r)
	span.End(err)
	t.log.InfoContext(ctx, "ffmpeg ended", "seconds", time.Since(began).Seconds(), "cpu_seconds", cpu.Seconds(),
		metric.Sandbox, ffmpeg.CurrentSandbox().Layers)
	return err
}

func (t tracedTools) ProbeStreams(ctx context.Context, dir, file, container string) ([]byte, error) {
	ctx, span := trace.StartSpan(ctx, "ffprobe")
	doc, err := t.Tools.ProbeStreams(ctx, dir, file, container)
	span.End(err)
	return doc, err
}

func (t tracedTools) ProbePackets(ctx context.Context, dir, file, container string, from float64) ([]byte, error) {
	ctx, span := trace.StartSpan(ctx, "ffprobe packets")
	doc, err := t.Tools.ProbePackets(ctx, dir, file, container, from)
	span.End(err)
	return doc, err
}
