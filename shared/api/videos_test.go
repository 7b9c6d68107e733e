package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// save moves a video on through events.
func (w *world) save(tb testing.TB, tenant, id string, es ...video.Event) video.Video {
	tb.Helper()
	v, err := w.rows.Video(tb.Context(), tenant, id)
	if err != nil {
		tb.Fatal(err)
	}
	for _, e := range es {
		next, _ := video.Apply(v, e)
		if next.Version == v.Version {
			continue
		}
		v = next
		if err := w.rows.Save(tb.Context(), v, v.Entry("test", noon)); err != nil {
			tb.Fatal(err)
		}
	}
	return v
}

func TestShowVideo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, _ := w.upload(t, acme)
	v := w.save(t, "acme", u.Video, video.UploadCompleted{At: noon}, video.MediaInspected{
		UploadedAt: noon, At: noon, Plan: video.Plan{
			Rate: video.Rate{Num: 30000, Den: 1001}, SegmentFrames: 60, Borders: []int{0, 60, 120}, Audio: true,
			Renditions: []video.Rendition{{Name: "720p"}, {Name: "360p"}},
		},
		Media: video.Media{Container: "mov", VideoCodec: "h264", AudioCodec: "aac", Width: 1280, Height: 720, Rate: video.Rate{Num: 30000, Den: 1001}, Frames: 120, Duration: 4.004},
	})
	want := fmt.Sprintf(`{
		"id": %q, "title": "a.mp4", "state": "processing", "created_at": "2026-11-22T12:00:00.000Z",
		"source": {"name": "a.mp4", "size": 20971520, "content_type": "application/octet-stream"},
		"media": {"width": 1280, "height": 720, "duration_seconds": 4.004, "frame_rate": 29.97, "video_codec": "h264", "audio_codec": "aac"},
		"renditions": ["720p", "360p"],
		"progress": {"stage": "encode", "percent": 10, "tasks_done": 0, "tasks_total": 3},
		"stages": [
			{"name": "upload", "state": "done", "started_at": "2026-11-22T12:00:00.000Z", "ended_at": "2026-11-22T12:00:00.000Z", "seconds": 0},
			{"name": "inspect", "state": "done", "started_at": "2026-11-22T12:00:00.000Z", "ended_at": "2026-11-22T12:00:00.000Z", "seconds": 0},
			{"name": "encode", "state": "running", "started_at": "2026-11-22T12:00:00.000Z", "seconds": 0},
			{"name": "publish", "state": "waiting", "seconds": 0}],
		"playback": {"id": %[2]q, "hls": "https://api.example.com/prod/p/public/%[2]s/master.m3u8", "watch": "https://api.example.com/prod/watch/%[2]s"}
	}`, v.ID, v.Playback)
	got := w.do(t, reader, "GET", "/v1/videos/"+v.ID, "")
	if got.status != 200 {
		t.Fatalf("%d %s", got.status, got.text)
	}
	same(t, want, got)
}

// TestShowVideoThatIsPlayable: it says since when, has its links, and is found by its state.
func TestShowVideoThatIsPlayable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, _ := w.upload(t, acme)
	plan := video.Plan{Rate: video.Rate{Num: 25, Den: 1}, SegmentFrames: 50, Borders: []int{0, 400, 800}}
	w.save(t, "acme", u.Video, video.MediaInspected{UploadedAt: noon, At: noon, Plan: plan, Media: video.Media{Rate: plan.Rate}})
	if got := w.do(t, reader, "GET", "/v1/videos/"+u.Video, ""); strings.Contains(got.text, "playable_at") {
		t.Errorf("too early: %s", got.text)
	}
	w.save(t, "acme", u.Video, video.TaskDone{At: noon, Result: video.Result{Task: plan.Tasks()[0]}})
	got := w.do(t, reader, "GET", "/v1/videos/"+u.Video, "")
	if got.str("state") != "playable" || got.str("playable_at") != "2026-11-22T12:00:00.000Z" || !strings.Contains(got.text, "/master.m3u8") {
		t.Errorf("%d %s", got.status, got.text)
	}
	if d := cmp.Diff([]string{u.Video}, w.get(t, reader, "/v1/videos", "state=playable").ids()); d != "" {
		t.Error(d)
	}
}

func TestShowVideoThatFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, _ := w.upload(t, acme)
	w.save(t, "acme", u.Video, video.UploadCompleted{At: noon}, video.MediaRefused{UploadedAt: noon, At: noon, Problem: errs.Problem{Code: "no_video", Message: "There is no picture."}})
	got := w.do(t, reader, "GET", "/v1/videos/"+u.Video, "")
	var out struct {
		State      video.State
		Error      errs.Problem
		Media      *struct{}
		Renditions []string
		Playback   struct{ ID string }
	}
	if err := json.Unmarshal([]byte(got.text), &out); err != nil {
		t.Fatal(err)
	}
	if out.State != video.Failed || out.Error.Code != "no_video" || out.Media != nil || out.Renditions == nil {
		t.Errorf("%s", got.text)
	}
	if out.Playback.ID == "" || strings.Contains(got.text, "http") {
		t.Errorf("links to what can't be watched: %s", got.text)
	}
}

// TestLinksToMediaGoToTheCDN: where there is one; the page stays ours.
func TestLinksToMediaGoToTheCDN(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.PublicURL, w.MediaURL = "https://api.example/prod/", "https://d1.cloudfront.net/"
	u, _ := w.upload(t, acme)
	got := w.do(t, reader, "GET", "/v1/videos/"+u.Video, "")
	var out struct {
		Playback struct{ ID, HLS, Watch string }
	}
	if err := json.Unmarshal([]byte(got.text), &out); err != nil {
		t.Fatal(err)
	}
	if want := "https://d1.cloudfront.net/p/public/" + out.Playback.ID + "/master.m3u8"; out.Playback.HLS != want {
		t.Errorf("hls %s, want %s", out.Playback.HLS, want)
	}
	if want := "https://api.example/prod/watch/" + out.Playback.ID; out.Playback.Watch != want {
		t.Errorf("watch %s, want %s", out.Playback.Watch, want)
	}
}

func same(tb testing.TB, want string, got result) {
	tb.Helper()
	var w map[string]any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		tb.Fatal(err)
	}
	if d := cmp.Diff(w, got.json); d != "" {
		tb.Error(d)
	}
}
