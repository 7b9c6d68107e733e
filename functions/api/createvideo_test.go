package api_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/tests/apitest"
)

func TestCreateVideoRequestsFetch(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	r := fx.DoRequest(
		t, apitest.Acme, "POST", "/v1/videos",
		`{"url":"https://example.com/films/a.mp4?x=1","external_id":"e1","metadata":{"season":"1"}}`,
	)
	if r.Status != 201 || r.Field("state") != "waiting" || r.Field("title") != "a.mp4" ||
		r.Field("external_id") != "e1" {
		t.Fatalf("got %d %s", r.Status, r.Text)
	}
	v, err := fx.Store.LoadVideo(t.Context(), "acme", r.Field("id"))
	if err != nil {
		t.Fatal(err)
	}
	want := video.FetchRequested{
		Origin: video.Origin{URL: "https://example.com/films/a.mp4?x=1"}, Key: "t/acme/" + v.ID + "/source",
		MultipartID: v.Fetch.MultipartID,
	}
	if diff := cmp.Diff(&want, v.Fetch); diff != "" {
		t.Error(diff)
	}
	if !v.Deadline.At.Equal(apitest.Noon.Add(15 * time.Minute)) {
		t.Errorf("the deadline is %s", v.Deadline.At)
	}
	if diff := cmp.Diff([]events.Event{events.New("acme", v.ID, apitest.Noon, want)}, fx.Outbox.Events); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(fx.Logs.String(), "x=1") {
		t.Error("the URL is in the log")
	}
}

func TestCreateVideoRejectsInvalidFields(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	fx.CheckURL = func(address string) error {
		if strings.HasPrefix(address, "https://") {
			return nil
		}
		return errs.New("test", errs.Invalid, "url_not_https", "No.")
	}
	fx.RebuildHandlers(t)
	for body, code := range map[string]string{
		`{}`:                   "field_missing",
		`{"url":"http://a/b"}`: "url_not_https",
		`{"url":"https://example.com/a","title":"` + strings.Repeat("x", 201) + `"}`: "title_invalid",
		`{"url":"https://example.com/a","file_name":"\u0000"}`:                       "file_name_invalid",
		`{"url":"https://example.com/a","content_type":"video"}`:                     "content_type_invalid",
		`{"url":"https://example.com/a","metadata":{"a b":""}}`:                      "metadata_key_invalid",
		`{"url":"https://example.com/a","size":1}`:                                   "field_unknown",
	} {
		if r := fx.DoRequest(t, apitest.Acme, "POST", "/v1/videos", body); r.Field("code") != code {
			t.Errorf("%s: %d %s, want %s", body, r.Status, r.Text, code)
		}
	}
	if len(fx.Outbox.Events) > 0 {
		t.Errorf("sent %v", fx.Outbox.Events)
	}
}

func TestPromise01_FetchIsRequestedAtDeadlineWhenSendFailed(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	fx.Publisher = failingPublisher{}
	fx.RebuildHandlers(t)
	r := fx.DoRequest(t, apitest.Acme, "POST", "/v1/videos", `{"url":"https://example.com/a.mp4"}`)
	if r.Status != 201 {
		t.Fatalf("got %d %s", r.Status, r.Text)
	}
	v, err := fx.Store.LoadVideo(t.Context(), "acme", r.Field("id"))
	if err != nil {
		t.Fatal(err)
	}
	refs, err := fx.Store.ListOverdueVideos(t.Context(), v.Deadline.At, 10)
	if diff := cmp.Diff([]video.Ref{{Tenant: "acme", ID: v.ID}}, refs); diff != "" || err != nil {
		t.Fatal(err, diff)
	}
	_, out := video.Apply(v, video.DeadlinePassed{At: v.Deadline.At, State: v.State, Deadline: v.Deadline.At})
	if diff := cmp.Diff([]video.Event{*v.Fetch}, out); diff != "" {
		t.Error(diff)
	}
}

type failingPublisher struct{}

func (failingPublisher) Send(context.Context, ...events.Event) error {
	return errs.E("test", errs.Transient, errors.New("down"))
}

// No file may arrive after the purge.
func TestDeleteVideoAbortsFetch(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	id := fx.DoRequest(t, apitest.Acme, "POST", "/v1/videos", `{"url":"https://example.com/a.mp4"}`).Field("id")
	if n := fx.Bucket.CountUploads(); n != 1 {
		t.Fatalf("%d multipart uploads", n)
	}
	if got := fx.DoRequest(t, apitest.Acme, "DELETE", "/v1/videos/"+id, ""); got.Status != 202 ||
		fx.Bucket.CountUploads() != 0 {
		t.Errorf("%d, and %d multipart uploads are open", got.Status, fx.Bucket.CountUploads())
	}
}
