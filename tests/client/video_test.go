package client_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/tests/client"
	"sluice/tests/client/fake"
)

func TestGetVideoDecodesResponse(t *testing.T) {
	t.Parallel()
	a := fake.New(t)
	a.Intercept = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
		w.Write([]byte(`{"id":"vid_1","title":"A film","state":"failed","created_at":"2026-11-22T12:00:00Z",
			"source":{"name":"a.mp4","size":5,"content_type":"video/mp4"},
			"media":{"width":640,"height":360,"duration_seconds":1.5,"frame_rate":29.97,"video_codec":"h264","audio_codec":"aac"},
			"renditions":["360p"],"progress":{"stage":"encode","percent":40,"tasks_done":2,"tasks_total":5},
			"stages":[{"name":"encode","state":"failed","started_at":"2026-11-22T12:00:01Z","ended_at":null,"seconds":2.5}],
			"playback":{"id":"p","hls":"https://h/m.m3u8","watch":"https://h/w"},
			"error":{"code":"encode_failed","message":"It broke."},"new_field":1}`))
		return true
	}
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	began := at.Add(time.Second)
	want := client.Video{
		ID: "vid_1", Title: "A film", State: "failed", CreatedAt: at,
		Source: client.Source{Name: "a.mp4", Size: 5, ContentType: "video/mp4"},
		Media: &client.Media{Width: 640, Height: 360, Duration: 1.5, FrameRate: 29.97,
			VideoCodec: "h264", AudioCodec: "aac"},
		Renditions: []string{"360p"},
		Progress:   client.Progress{Stage: "encode", Percent: 40, TasksDone: 2, TasksTotal: 5},
		Stages:     []client.Stage{{Name: "encode", State: "failed", Started: &began, Seconds: 2.5}},
		Playback:   client.Playback{ID: "p", HLS: "https://h/m.m3u8", WatchPage: "https://h/w"},
		Error:      &client.Failure{Code: "encode_failed", Message: "It broke."},
	}
	got, err := newTestClient(a).GetVideo(t.Context(), "vid_1")
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, document (-want +got):\n%s", err, diff)
	}
}

func TestWaitForVideoPollsUntilFinalState(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		states []string
	}{
		{"ready at once", []string{"ready"}},
		{"in the end", []string{"uploaded", "processing", "processing", "ready"}},
		{"failed", []string{"uploaded", "failed"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := fake.New(t)
			for _, state := range test.states {
				a.Videos = append(a.Videos, client.Video{ID: "vid_1", State: state})
			}
			c := newTestClient(a)
			c.Sleep = func(_ context.Context, d time.Duration) error {
				if d != time.Minute {
					t.Errorf("pause of %v, want 1m", d)
				}
				return nil
			}
			var seen []string
			v, err := c.WaitForVideo(t.Context(), "vid_1", time.Minute, func(v client.Video) {
				seen = append(seen, v.State)
			})
			if diff := cmp.Diff(test.states, seen); err != nil || diff != "" || !v.IsFinal() {
				t.Errorf("error %v, state %s, documents (-want +got):\n%s", err, v.State, diff)
			}
		})
	}
}

func TestWaitForVideoStopsWhenContextIsCancelled(t *testing.T) {
	t.Parallel()
	a := fake.New(t)
	a.Videos = []client.Video{{State: "processing"}}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := newTestClient(a).WaitForVideo(ctx, "vid_1", 0, func(client.Video) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want one of the context", err)
	}
}

func TestErrorResponsesAreParsedAsProblems(t *testing.T) {
	t.Parallel()
	const s3 = `<?xml version="1.0"?><Error><Code>NoSuchUpload</Code><Message>Gone.</Message></Error>`
	for _, test := range []struct {
		name, body string
		want       client.Problem
		text       string
	}{
		{
			"RFC 9457",
			`{"title":"Not Found","status":404,"detail":"No such video.","code":"video_not_found","request_id":"r"}`,
			client.Problem{Status: 404, Code: "video_not_found", Detail: "No such video.", RequestID: "r"},
			"refused with 404 video_not_found: No such video.",
		},
		{"the gateway's", `{"message":"Missing Authentication Token"}`,
			client.Problem{Status: 404, Detail: "Missing Authentication Token", RequestID: "amzn"},
			"refused with 404: Missing Authentication Token"},
		{"S3's", s3, client.Problem{Status: 404, Code: "NoSuchUpload", Detail: "Gone.", RequestID: "amzn"},
			"refused with 404 NoSuchUpload: Gone."},
		{
			"nothing", ``, client.Problem{Status: 404, Detail: "not found", RequestID: "amzn"},
			"refused with 404: not found",
		},
		{"a page", `<html><body>oops`, client.Problem{Status: 404, Detail: "not found", RequestID: "amzn"},
			"refused with 404: not found"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := fake.New(t)
			a.Intercept = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
				w.Header().Set("X-Amzn-Requestid", "amzn")
				w.WriteHeader(404)
				w.Write([]byte(test.body))
				return true
			}
			_, err := newTestClient(a).GetVideo(t.Context(), "vid_1")
			var got *client.Problem
			if !errors.As(err, &got) {
				t.Fatalf("error %v, want a problem", err)
			}
			if diff := cmp.Diff(test.want, *got); diff != "" || got.Error() != test.text {
				t.Errorf("%q, problem (-want +got):\n%s", got.Error(), diff)
			}
		})
	}
}

func TestClientSendsItsToken(t *testing.T) {
	t.Parallel()
	a := fake.New(t)
	a.Videos = []client.Video{{ID: "vid_1"}}
	_, err := client.New(a.URL, "slc_2_wrong").GetVideo(t.Context(), "vid_1")
	var p *client.Problem
	if !errors.As(err, &p) || p.Code != "unauthenticated" {
		t.Errorf("error %v, want unauthenticated", err)
	}
	if _, err := newTestClient(a).GetVideo(t.Context(), "vid_1"); err != nil {
		t.Errorf("with the right token: %v", err)
	}
}
