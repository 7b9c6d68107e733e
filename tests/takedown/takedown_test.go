// Package takedown tests that a video which is deleted can't be played from then on: at once where the function play
// serves, and within a minute at the CDN, whose edge function runs here in Node.js.
package takedown

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/events"
	"sluice/functions/play"
	"sluice/functions/publish"
	"sluice/functions/purge"
	"sluice/functions/reconcile"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/cdn"
	"sluice/shared/platform/denylist"
	"sluice/shared/platform/httpapi"
	"sluice/shared/platform/store"
)

const playbackID = "pabcdefgh234567abcdefgh234567abcd"

// deployment has a video that is ready, with the services that take it down, a CDN, and a clock.
type deployment struct {
	table   store.Store
	media   *blob.Memory
	cdn     *cdn.Memory
	now     time.Time
	signals func(ctx context.Context) error // what becomes of a signal that the deny list has changed
}

func newDeployment(t *testing.T) *deployment {
	t.Helper()
	d := &deployment{
		table: store.NewMemory(), media: &blob.Memory{}, cdn: &cdn.Memory{},
		now: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC),
	}
	d.signals = func(ctx context.Context) error { return d.newUpdater().Run(ctx) }
	v := video.Video{Tenant: "acme", ID: "vid_1", Playback: playbackID, State: video.Ready, Version: 7}
	u := video.Upload{Tenant: v.Tenant, ID: "upl_1", Video: v.ID}
	if err := d.table.CreateVideo(t.Context(), v, u); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"master.m3u8", "720p/00001.m4s"} {
		if err := d.media.PutObject(
			t.Context(), playback.ObjectPrefix(playbackID)+name, strings.NewReader(name), blob.Metadata{},
		); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func (d *deployment) clock() time.Time { return d.now }

func (d *deployment) newUpdater() reconcile.DenyListUpdater {
	return reconcile.DenyListUpdater{
		Entries: d.table, CDN: d.cdn, Now: d.clock, Log: slog.New(slog.DiscardHandler),
	}
}

// sendEvent gives an event to publish and returns the requests to purge that follow.
func (d *deployment) sendEvent(t *testing.T, e video.Event) (purges []events.Event) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	o := publish.VideoOwner{
		Videos: d.table, Playlists: d.media, Now: d.clock, Log: log,
		DenyList: denylist.SignallingStore{Rules: d.table, Log: log, Invoke: func(ctx context.Context, _ any) error {
			return d.signals(ctx)
		}},
		FairShare: publish.FairShare{
			Limits: d.table, WaitQueue: d.table, Videos: d.table, MaxInFlight: 4, Now: d.clock,
		},
	}
	out, err := o.Handle(t.Context(), events.New("acme", "vid_1", d.now, e))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range out {
		if e.Type == events.PurgeRequested {
			purges = append(purges, e)
		}
	}
	return purges
}

// requestFromPlay returns the status with which the function play answers, and the text of its answer.
func (d *deployment) requestFromPlay(t *testing.T, file string) (int, string) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	h, err := (&play.Server{Media: d.media, DenyList: d.table, Now: d.clock, Log: log}).Handler()
	if err != nil {
		t.Fatal(err)
	}
	out, err := httpapi.NewGatewayFunc(h, log)(t.Context(), lambdaevents.APIGatewayProxyRequest{
		HTTPMethod: "GET", Path: "/p/public/" + playbackID + "/" + file,
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.StatusCode, out.Body
}

// requestFromCDN returns the status with which the edge function answers, and the text of its answer; 200 if it lets
// the request through to the cache. It reads what the CDN's copy of the deny list has now.
func (d *deployment) requestFromCDN(t *testing.T, file string) (int, string) {
	t.Helper()
	code, err := os.ReadFile("../../infra/cdn/token.js")
	if err != nil {
		t.Fatal(err)
	}
	items := d.cdn.Keys()
	if items == nil {
		items = map[string]string{}
	}
	in, err := json.Marshal(map[string]any{
		"code": string(code), "now": d.now.Unix(), "store": items, "method": "GET",
		"uris": []string{"/p/public/" + playbackID + "/" + file},
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "../../infra/testdata/edge.mjs")
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	var answers []struct {
		StatusCode int
		Body       struct{ Data string }
	}
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != 1 {
		t.Fatalf("%s: %v", out, err)
	}
	if answers[0].StatusCode == 0 {
		return 200, ""
	}
	return answers[0].StatusCode, answers[0].Body.Data
}

func requireDenied(t *testing.T, by string, status int, body string) {
	t.Helper()
	if status != 403 || !strings.Contains(body, `"video_denied"`) {
		t.Errorf("%s answers %d %s", by, status, body)
	}
}

func TestPromise05_DeletedVideoIsDeniedAtOnceWithoutCDN(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	for file, want := range map[string]int{"master.m3u8": 200, "720p/00001.m4s": 302} {
		if got, body := d.requestFromPlay(t, file); got != want {
			t.Fatalf("before: %s: %d %s", file, got, body)
		}
	}
	d.sendEvent(t, video.DeleteRequested{At: d.now})
	for _, file := range []string{"master.m3u8", "720p/00001.m4s"} { // nothing is purged yet
		status, body := d.requestFromPlay(t, file)
		requireDenied(t, "play", status, body)
	}
}

// The objects that edge locations have cached for a year are behind the deny list when the deletion is handled, or a
// minute later if the signal is lost, and invalidated before they leave it.
func TestPromise05_DeletedVideoIsDeniedWithinAMinuteAtCDN(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]bool{"told at once": false, "the signal is lost": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDeployment(t)
			if lost {
				d.signals = func(context.Context) error { return errors.New("lost") }
			}
			if got, body := d.requestFromCDN(t, "720p/00001.m4s"); got != 200 {
				t.Fatalf("before: %d %s", got, body)
			}
			purges := d.sendEvent(t, video.DeleteRequested{At: d.now})
			if lost {
				d.now = d.now.Add(time.Minute - time.Second)
				d.runUpdater(t)
			}
			status, body := d.requestFromCDN(t, "720p/00001.m4s")
			requireDenied(t, "the CDN", status, body)
			for range 3 { // the purge is late
				d.now = d.now.Add(time.Hour)
				d.runUpdater(t)
				d.cdn.EndInvalidations()
			}
			status, body = d.requestFromCDN(t, "720p/00001.m4s")
			requireDenied(t, "the CDN", status, body)
			d.purge(t, purges)
			d.sendEvent(t, video.PurgeDone{At: d.now, Round: 2})
			d.requireDenyListUntilInvalidation(t)
		})
	}
}

func (d *deployment) runUpdater(t *testing.T) {
	t.Helper()
	if err := d.newUpdater().Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// purge removes the video's objects.
func (d *deployment) purge(t *testing.T, requests []events.Event) {
	t.Helper()
	p := purge.Purger{Source: &blob.Memory{}, Media: d.media, Results: d.table, Now: d.clock}
	for _, e := range requests {
		if _, err := p.Handle(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if keys := d.media.ListKeys(""); len(keys) > 0 || len(requests) == 0 {
		t.Fatalf("%d requests to purge, and %q are left", len(requests), keys)
	}
}

// requireDenyListUntilInvalidation runs the updater every minute until it starts an invalidation. The CDN denies the
// video until that has ended; then its copy of the deny list is empty, and there is nothing left to play.
func (d *deployment) requireDenyListUntilInvalidation(t *testing.T) {
	t.Helper()
	for range 62 {
		d.now = d.now.Add(time.Minute)
		d.runUpdater(t)
	}
	status, body := d.requestFromCDN(t, "720p/00001.m4s")
	requireDenied(t, "the CDN", status, body)
	if paths := d.cdn.EndInvalidations(); len(paths) != 1 ||
		strings.Join(paths[0], " ") != "/v/"+playbackID+"/* /p/public/"+playbackID+"/*" {
		t.Errorf("invalidated %q", paths)
	}
	d.runUpdater(t)
	d.runUpdater(t)
	if keys := d.cdn.Keys(); len(keys) > 0 {
		t.Errorf("the copy still has %v", keys)
	}
	status, body = d.requestFromPlay(t, "master.m3u8")
	requireDenied(t, "play", status, body)
}
