package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/tests/apitest"
)

func TestShowVideoReturnsProgressAndLinks(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	u, _ := fx.CreateUpload(t, apitest.Acme)
	v := fx.ApplyEvents(t, "acme", u.Video, video.UploadCompleted{At: apitest.Noon}, video.MediaInspected{
		UploadedAt: apitest.Noon, At: apitest.Noon, Plan: video.Plan{
			Rate: video.Rate{Num: 30000, Den: 1001}, SegmentFrames: 60, Borders: []int{0, 60, 120}, Audio: true,
			Renditions: []video.Rendition{{Name: "720p"}, {Name: "360p"}},
		},
		Media: video.Media{
			Container: "mov", VideoCodec: "h264", AudioCodec: "aac", Width: 1280, Height: 720,
			Rate: video.Rate{Num: 30000, Den: 1001}, Frames: 120, Duration: 4.004,
		},
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
	got := fx.DoRequest(t, apitest.Reader, "GET", "/v1/videos/"+v.ID, "")
	if got.Status != 200 {
		t.Fatalf("%d %s", got.Status, got.Text)
	}
	requireJSON(t, want, got)
}

func TestShowVideoReturnsPlayableTimeAndLinks(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	u, _ := fx.CreateUpload(t, apitest.Acme)
	plan := video.Plan{Rate: video.Rate{Num: 25, Den: 1}, SegmentFrames: 50, Borders: []int{0, 400, 800}}
	fx.ApplyEvents(
		t, "acme", u.Video,
		video.MediaInspected{
			UploadedAt: apitest.Noon, At: apitest.Noon, Plan: plan, Media: video.Media{Rate: plan.Rate},
		},
	)
	if got := fx.DoRequest(
		t, apitest.Reader, "GET", "/v1/videos/"+u.Video, "",
	); strings.Contains(got.Text, "playable_at") {
		t.Errorf("playable_at before the video is playable: %s", got.Text)
	}
	fx.ApplyEvents(t, "acme", u.Video, video.EncodeDone{At: apitest.Noon, Result: video.Result{Task: plan.Tasks()[0]}})
	got := fx.DoRequest(t, apitest.Reader, "GET", "/v1/videos/"+u.Video, "")
	if got.Field("state") != "playable" || got.Field("playable_at") != "2026-11-22T12:00:00.000Z" ||
		!strings.Contains(got.Text, "/master.m3u8") {
		t.Errorf("%d %s", got.Status, got.Text)
	}
	if d := cmp.Diff(
		[]string{u.Video}, fx.GetWithQuery(t, apitest.Reader, "/v1/videos", "state=playable").VideoIDs(),
	); d != "" {
		t.Error(d)
	}
}

func TestShowVideoReturnsErrorWithoutLinks(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	u, _ := fx.CreateUpload(t, apitest.Acme)
	fx.ApplyEvents(
		t, "acme", u.Video, video.UploadCompleted{At: apitest.Noon},
		video.MediaRefused{
			UploadedAt: apitest.Noon, At: apitest.Noon,
			Problem: errs.Problem{Code: "no_video", Message: "There is no picture."},
		},
	)
	got := fx.DoRequest(t, apitest.Reader, "GET", "/v1/videos/"+u.Video, "")
	var out struct {
		State      video.State
		Error      errs.Problem
		Media      *struct{}
		Renditions []string
		Playback   struct{ ID string }
	}
	if err := json.Unmarshal([]byte(got.Text), &out); err != nil {
		t.Fatal(err)
	}
	if out.State != video.Failed || out.Error.Code != "no_video" || out.Media != nil || out.Renditions == nil {
		t.Errorf("%s", got.Text)
	}
	if out.Playback.ID == "" || strings.Contains(got.Text, "http") {
		t.Errorf("a failed video has links: %s", got.Text)
	}
}

// The watch page stays on the API's host.
func TestMediaLinksUseTheCDN(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	fx.PublicURL, fx.MediaURL = "https://api.example/prod/", "https://d1.cloudfront.net/"
	u, _ := fx.CreateUpload(t, apitest.Acme)
	got := fx.DoRequest(t, apitest.Reader, "GET", "/v1/videos/"+u.Video, "")
	var out struct {
		Playback struct{ ID, HLS, Watch string }
	}
	if err := json.Unmarshal([]byte(got.Text), &out); err != nil {
		t.Fatal(err)
	}
	if want := "https://d1.cloudfront.net/p/public/" + out.Playback.ID + "/master.m3u8"; out.Playback.HLS != want {
		t.Errorf("hls %s, want %s", out.Playback.HLS, want)
	}
	if want := "https://api.example/prod/watch/" + out.Playback.ID; out.Playback.Watch != want {
		t.Errorf("watch %s, want %s", out.Playback.Watch, want)
	}
}

// A custom domain has the stage at its root. The event of a request to it still names the stage.
func TestLinksOnACustomDomainHaveNoStage(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	fx.PublicURL = "https://video.example"
	u, created := fx.CreateUpload(t, apitest.Acme)
	got := fx.DoRequest(t, apitest.Reader, "GET", "/v1/videos/"+u.Video, "")
	var out struct {
		Playback struct{ ID, HLS, Watch string }
	}
	if err := json.Unmarshal([]byte(got.Text), &out); err != nil {
		t.Fatal(err)
	}
	if out.Playback.HLS != "https://video.example/p/public/"+out.Playback.ID+"/master.m3u8" ||
		out.Playback.Watch != "https://video.example/watch/"+out.Playback.ID {
		t.Errorf("links %+v", out.Playback)
	}
	list := fx.DoRequest(t, apitest.Reader, "GET", "/v1/videos?limit=1", "")
	description := fx.DoRequest(t, apitest.Nobody, "GET", "/v1/openapi.json", "")
	for name, r := range map[string]apitest.Result{"upload": created, "video": got, "list": list} {
		if text := r.Text + fmt.Sprint(r.Header); strings.Contains(text, "/prod") ||
			strings.Contains(text, "api.example.com") {
			t.Errorf("%s: %s", name, text)
		}
	}
	servers := description.JSON["servers"].([]any)
	base, err := url.Parse("https://video.example/v1/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	server, err := base.Parse(servers[0].(map[string]any)["url"].(string))
	if err != nil || server.String() != "https://video.example/" || len(servers) != 1 {
		t.Errorf("servers %v: %v, %v", servers, server, err)
	}
}

func requireJSON(tb testing.TB, want string, got apitest.Result) {
	tb.Helper()
	var wanted map[string]any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		tb.Fatal(err)
	}
	if d := cmp.Diff(wanted, got.JSON); d != "" {
		tb.Error(d)
	}
}
