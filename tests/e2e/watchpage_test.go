//go:build integration

package e2e

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sluice/tests/browser"
	"sluice/tests/clouds"
)

// TestMinuteVideoPlaysInBrowser plays a video of one minute on the watch page in Chromium, at normal speed and with
// audio. No other host may be requested.
func TestMinuteVideoPlaysInBrowser(t *testing.T) {
	clouds.SkipOnSecondCloud(t)
	t.Parallel()
	if err := browser.CheckAvailable(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	d := openDeployment(t)
	v := uploadUntilReady(t, d.newTenantClient(t, "watch"), d.makeMinuteVideo(t))
	r, err := browser.PlayWatchPage(
		t.Context(), d.root, v.Playback.WatchPage, browser.WatchOptions{Timeout: 10 * time.Minute},
	)
	if err != nil {
		t.Fatalf("%v: %+v", err, r)
	}
	if !r.Ended || math.Abs(r.Duration-60) > 0.05 || r.CurrentTime < 59.9 {
		t.Errorf("played to %.2f of %.2f s, ended: %v", r.CurrentTime, r.Duration, r.Ended)
	}
	if r.Frames == 0 || r.AudioBytes == 0 || r.Height < 360 {
		t.Errorf("%d frames, %d bytes of sound, %d lines", r.Frames, r.AudioBytes, r.Height)
	}
	if len(r.Errors)+len(r.ConsoleErrors)+len(r.ForeignRequests) > 0 {
		t.Errorf("errors %v, console %v, requests elsewhere %v", r.Errors, r.ConsoleErrors, r.ForeignRequests)
	}
}

// makeMinuteVideo creates a video of exactly one minute.
func (d deployment) makeMinuteVideo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "minute.mp4")
	d.runTool(t, "ffmpeg", "-v", "error", "-stream_loop", "11", "-i", d.footagePath("bigbuckbunny.mp4"), "-t", "60",
		"-c:v", "libx264", "-preset", "ultrafast", "-crf", "26", "-g", "50", "-c:a", "aac", "-af", "aresample=async=1",
		"-movflags", "+faststart", path)
	return path
}
