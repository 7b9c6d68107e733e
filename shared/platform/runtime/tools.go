package runtime

import (
	"context"

	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/telemetry/trace"
)

// tools are ffmpeg and ffprobe as steps of the hop that runs them. A run of ffmpeg is seen while it lasts, so that a
// function that is stopped in the middle still shows what it was doing.
type tools struct{ ffmpeg.Tools }

func (t tools) Run(ctx context.Context, r ffmpeg.Run) error {
	ctx, span := trace.Long(ctx, "ffmpeg")
	err := t.Tools.Run(ctx, r)
	span.End(err)
	return err
}

func (t tools) Probe(ctx context.Context, dir, file, container string) ([]byte, error) {
	ctx, span := trace.Sub(ctx, "ffprobe")
	doc, err := t.Tools.Probe(ctx, dir, file, container)
	span.End(err)
	return doc, err
}

func (t tools) Packets(ctx context.Context, dir, file, container string, from float64) ([]byte, error) {
	ctx, span := trace.Sub(ctx, "ffprobe packets")
	doc, err := t.Tools.Packets(ctx, dir, file, container, from)
	span.End(err)
	return doc, err
}
