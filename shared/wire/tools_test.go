package wire

import (
	"testing"

	"sluice/shared/ffmpeg"
	"sluice/shared/video"
)

// Outside of a hop there is nothing to record, and what the tools say is passed on.
func TestToolsPassOnWhatIsSaid(t *testing.T) {
	broken := tools{ffmpeg.Tools{Dir: t.TempDir()}}
	if err := broken.Run(t.Context(), ffmpeg.Run{Dir: t.TempDir(), File: "../out of it", Container: "mov"}); video.KindOf(err) != video.Internal {
		t.Errorf("ffmpeg: %v, want Internal", err)
	}
	if _, err := broken.Probe(t.Context(), t.TempDir(), "in", ""); video.KindOf(err) != video.Internal {
		t.Errorf("ffprobe: %v, want Internal", err)
	}
	if _, err := broken.Packets(t.Context(), t.TempDir(), "in", "", 0); video.KindOf(err) != video.Internal {
		t.Errorf("ffprobe packets: %v, want Internal", err)
	}
}
