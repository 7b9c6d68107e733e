package runtime

import (
	"testing"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/ffmpeg"
)

// Without a span, nothing is recorded.
func TestTracedToolsReturnErrorsUnchanged(t *testing.T) {
	broken := tracedTools{ffmpeg.Tools{Dir: t.TempDir()}}
	if err := broken.Run(
		t.Context(), ffmpeg.Command{Dir: t.TempDir(), File: "../out of it", Container: "mov"},
	); errs.KindOf(err) != errs.Internal {
		t.Errorf("ffmpeg: %v, want Internal", err)
	}
	if _, err := broken.ProbeStreams(t.Context(), t.TempDir(), "in", ""); errs.KindOf(err) != errs.Internal {
		t.Errorf("ffprobe: %v, want Internal", err)
	}
	if _, err := broken.ProbePackets(t.Context(), t.TempDir(), "in", "", 0); errs.KindOf(err) != errs.Internal {
		t.Errorf("ffprobe packets: %v, want Internal", err)
	}
}
