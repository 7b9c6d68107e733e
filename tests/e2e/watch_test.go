//go:build integration

package e2e

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sluice/tests/browser"
)

// A video of one minute plays from its start to its end in Chromium on the watch page, at its own pace, with sound, and
// asks nothing of anybody else.
func TestAMinutePlaysInABrowser(t *testing.T) {
	t.Parallel()
	if err := browser.Available(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	w := open(t)
	v := ready(t, w.tenant(t, "watch"), w.minute(t))
	r, err := browser.Watch(t.Context(), w.root, v.Playback.Watch, browser.Options{Timeout: 3 * time.Minute})
	if err != nil {
		t.Fatalf("%v: %+v", err, r)
	}
	if !r.Ended || math.Abs(r.Duration-60) > 0.05 || r.CurrentTime < 59.9 {
		t.Errorf("played to %.2f of %.2f s, ended: %v", r.CurrentTime, r.Duration, r.Ended)
	}
	if r.Frames == 0 || r.AudioBytes == 0 || r.Height < 360 {
		t.Errorf("%d frames, %d bytes of sound, %d lines", r.Frames, r.AudioBytes, r.Height)
	}
	if len(r.Errors)+len(r.Console)+len(r.Outside) > 0 {
		t.Errorf("errors %v, console %v, requests elsewhere %v", r.Errors, r.Console, r.Outside)
	}
}

// minute joins footage to a film of exactly one minute.
func (w world) minute(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "minute.mp4")
	w.tool(t, "ffmpeg", "-v", "error", "-stream_loop", "11", "-i", w.footage("bigbuckbunny.mp4"), "-t", "60",
		"-c:v", "libx264", "-preset", "ultrafast", "-crf", "26", "-g", "50", "-c:a", "aac", "-af", "aresample=async=1", "-movflags", "+faststart", path)
	return path
}
