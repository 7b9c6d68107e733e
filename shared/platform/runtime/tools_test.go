package runtime

import (
	"testing"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/ffmpeg"
)

// Outside of a hop there is nothing to record, and what the tools say is passed on.
func TestToolsPassOnWhatIsSaid(t *testing.T) {
	broken := tools{ffmpeg.Tools{Dir: t.TempDir()}}
	if err := broken.Run(t.Context(), ffmpeg.Run{Dir: t.TempDir(), File: "../out of it", Container: "mov"}); errs.KindOf(err) != errs.Internal {
		t.Errorf("ffmpeg: %v, want Internal", err)
	}
	if _, err := broken.Probe(t.Context(), t.TempDir(), "in", ""); errs.KindOf(err) != errs.Internal {
		t.Errorf("ffprobe: %v, want Internal", err)
	}
	if _, err := broken.Packets(t.Context(), t.TempDir(), "in", "", 0); errs.KindOf(err) != errs.Internal {
		t.Errorf("ffprobe packets: %v, want Internal", err)
	}
}
