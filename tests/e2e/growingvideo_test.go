//go:build integration

package e2e

import (
	"context"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/shared/domain/media"
	"sluice/tests/browser"
	"sluice/tests/client"
	"sluice/tests/clouds"
)

// TestPromise05_GrowingVideoPlaysWithoutStall plays a video of one minute while it is encoded. Playback must start
// before the video is ready and reach the end without a stall. Until then, each playlist must only grow and name only
// existing segments.
func TestPromise05_GrowingVideoPlaysWithoutStall(t *testing.T) {
	clouds.SkipOnSecondCloud(t)
	t.Parallel()
	if err := browser.CheckAvailable(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	d := openDeployment(t)
	c := d.newTenantClient(t, "grow")
	u, err := c.UploadFile(t.Context(), d.makeMinuteVideo(t), client.UploadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute)
	defer cancel()
	watched, lists := make(chan browser.WatchReport, 1), seenPlaylists{}
	watching := false
	v, err := c.WaitForVideo(ctx, u.VideoID, 300*time.Millisecond, func(v client.Video) {
		if v.State == client.Playable && !watching {
			watching = true
			go func() {
				r, err := browser.PlayWatchPage(
					ctx, d.root, v.Playback.WatchPage, browser.WatchOptions{Timeout: 10 * time.Minute},
				)
				if err != nil {
					t.Error(err)
				}
				watched <- r
			}()
		}
		if v.State == client.Playable || v.State == client.Ready {
			lists.checkPlaylists(t, d, v)
		}
	})
	if err != nil || v.State != client.Ready || !watching {
		t.Fatalf("%s, %v, %v; could be watched before: %t", v.State, v.Error, err, watching)
	}
	for name, text := range lists {
		if !strings.HasSuffix(text, media.EndTag) {
			t.Errorf("%s has no end:\n%s", name, text)
		}
	}
	r, end := <-watched, *v.Stages[len(v.Stages)-1].Ended
	t.Logf(
		"playable %v before ready; played from %v before that", end.Sub(v.PlayableAt),
		end.Sub(time.UnixMilli(r.StartedAt)),
	)
	if !r.Ended || r.Stalls > 0 || r.CurrentTime < 59.9 || r.Frames < 1450 {
		t.Errorf("played %d frames to %.2f s with %d stalls, ended: %v", r.Frames, r.CurrentTime, r.Stalls, r.Ended)
	}
	if began := time.UnixMilli(r.StartedAt); r.StartedAt == 0 || !began.Before(end) {
		t.Errorf("began at %s, and it was ready at %s", began, end)
	}
	if len(r.Errors)+len(r.ConsoleErrors)+len(r.ForeignRequests) > 0 {
		t.Errorf("errors %v, console %v, requests elsewhere %v", r.Errors, r.ConsoleErrors, r.ForeignRequests)
	}
}

// seenPlaylists has the media playlists of a video at the last check, by rendition.
type seenPlaylists map[string]string

// checkPlaylists compares the playlists of a video with the last check and with the objects that exist.
func (p seenPlaylists) checkPlaylists(t *testing.T, d deployment, v client.Video) {
	t.Helper()
	texts := map[string]string{}
	for _, name := range append(slices.Clone(v.Renditions), media.AudioRendition) {
		texts[name] = string(getBody(t, resolveURL(t, v.Playback.HLS, name+"/"+media.PlaylistName)))
	}
	there := d.listMediaObjects(t, "v/"+v.Playback.ID+"/") // after the playlists were read
	for name, text := range texts {
		if !strings.HasPrefix(text, p[name]) {
			t.Fatalf("%s: after\n%s\ncomes\n%s", name, p[name], text)
		}
		for line := range strings.Lines(text) {
			if file := strings.TrimSpace(line); path.Ext(file) == ".m4s" &&
				there["v/"+v.Playback.ID+"/"+name+"/"+file] == "" {
				t.Fatalf("%s names %s, which is not there", name, file)
			}
		}
	}
	maps.Copy(p, texts)
}
