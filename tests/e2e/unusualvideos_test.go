//go:build integration

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"sluice/tests/clouds"
)

// TestUnusualVideosBecomeReady uploads videos with unusual properties. Each must become ready with all its frames, and
// with audio only if the source has audio.
func TestUnusualVideosBecomeReady(t *testing.T) {
	clouds.SkipOnSecondCloud(t)
	t.Parallel()
	d := openDeployment(t)
	c := d.newTenantClient(t, "odd")
	const h264 = " -c:v libx264 -preset ultrafast -bf 2 -pix_fmt yuv420p"
	const sound = " -f lavfi -i sine=440:r=48000:d=2 -c:a aac"
	pictures := func(size, rate, seconds string) string {
		return "-f lavfi -i testsrc2=s=" + size + ":r=" + rate + ":d=" + seconds
	}
	for _, tt := range []struct {
		name, args string
		media      string // size, audio codec and frame rate
		rendition  string // the only rendition
		shows      string // its size and number of frames
	}{
		{"no sound", pictures("640x360", "25", "2") + h264, "640x360  25", "360p", "640x360 50"},
		{"portrait", pictures("360x640", "25", "2") + sound + h264, "360x640 aac 25", "360p", "360x640 50"},
		{
			"odd sides",
			pictures("321x243", "25", "2") + ",format=yuv444p" + sound + strings.ReplaceAll(h264, "420", "444"),
			"321x243 aac 25", "242p", "320x242 50",
		},
		// from 0.04 s to 1.96 s
		{
			"variable frame rate",
			pictures("640x360", "25", "2") + sound + h264 + " -vf select='mod(n,7)' -fps_mode vfr", "640x360 aac 20",
			"360p", "640x360 38",
		},
		{"one frame", pictures("640x360", "1", "1") + h264, "640x360  1", "360p", "640x360 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := uploadUntilReady(t, c, d.makeVideo(t, "film.mp4", tt.args))
			m := v.Media
			if got := fmt.Sprintf("%dx%d %s %g", m.Width, m.Height, m.AudioCodec, m.FrameRate); got != tt.media {
				t.Errorf("it is taken for %s, not %s", got, tt.media)
			}
			path := d.downloadRendition(t, v.Playback.HLS, tt.rendition)
			size := strings.TrimSpace(string(d.runTool(
				t, "ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "stream=width,height", "-of",
				"csv=s=x:p=0", path,
			)))
			if got := fmt.Sprintf("%s %d", size, len(d.decodeFrames(t, path))); got != tt.shows ||
				len(v.Renditions) != 1 {
				t.Errorf("%v: %s, not %s", v.Renditions, got, tt.shows)
			}
		})
	}
}
