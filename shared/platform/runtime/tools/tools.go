// Package tools gives functions the original files and the tools that read them, ffmpeg and ffprobe. It needs
// s3:GetObject on the originals.
package tools

import (
	"context"
	"log/slog"
	"os"
	"time"

	"sluice/shared/domain/metric"
	"sluice/shared/domain/services"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/runtime/buckets"
	"sluice/shared/platform/source"
	"sluice/shared/platform/telemetry/metrics"
)

// OpenOriginals returns the original files, for a service that reads whole ones.
func OpenOriginals(r runtime.Runtime) source.Originals {
	return loggedOriginals{buckets.OpenSource(r), r.Log}
}

// NewTools returns ffmpeg and ffprobe.
func NewTools(r runtime.Runtime) source.Tools {
	logSandbox(r.Log, ffmpeg.CurrentSandbox())
	return tracedTools{ffmpeg.Tools{Dir: os.Getenv(services.EnvFFmpegDir)}, r.Log}
}

// logSandbox logs and counts which set of sandbox layers this process has.
func logSandbox(log *slog.Logger, s ffmpeg.Sandbox) {
	ctx := context.Background()
	log.InfoContext(ctx, "sandbox chosen", "reason", s.Reason,
		metrics.LogAttr(time.Now(), metric.SandboxStarts.NewValueFor(string(s.Layers), 1)))
	if s.Err != nil {
		log.ErrorContext(ctx, "no sandbox: every message fails", "error", s.Err)
	}
}
