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
)

func TestCreateVideo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.do(t, acme, "POST", "/v1/videos", `{"url":"https://example.com/films/a.mp4?x=1","external_id":"e1","metadata":{"season":"1"}}`)
	if r.status != 201 || r.str("state") != "waiting" || r.str("title") != "a.mp4" || r.str("external_id") != "e1" {
		t.Fatalf("got %d %s", r.status, r.text)
	}
	v, err := w.rows.Video(t.Context(), "acme", r.str("id"))
	if err != nil {
		t.Fatal(err)
	}
	want := video.FetchRequested{Origin: video.Origin{URL: "https://example.com/films/a.mp4?x=1"}, Key: "t/acme/" + v.ID + "/source", Multipart: v.Fetch.Multipart}
	if diff := cmp.Diff(&want, v.Fetch); diff != "" {
		t.Error(diff)
	}
	if !v.Watch.Deadline.Equal(noon.Add(15 * time.Minute)) {
		t.Errorf("the deadline is %s", v.Watch.Deadline)
	}
	if diff := cmp.Diff([]events.Event{events.Of("acme", v.ID, noon, want)}, w.sent.events); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(w.logs.String(), "x=1") {
		t.Error("the URL is in the log")
	}
}

func TestCreateVideoRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.CheckURL = func(address string) error {
		if strings.HasPrefix(address, "https://") {
			return nil
		}
		return errs.Refuse("test", errs.Invalid, "url_not_https", "No.")
	}
	w.remake(t)
	for body, code := range map[string]string{
		`{}`:                   "field_missing",
		`{"url":"http://a/b"}`: "url_not_https",
		`{"url":"https://example.com/a","title":"` + strings.Repeat("x", 201) + `"}`: "title_invalid",
		`{"url":"https://example.com/a","file_name":"\u0000"}`:                       "file_name_invalid",
		`{"url":"https://example.com/a","content_type":"video"}`:                     "content_type_invalid",
		`{"url":"https://example.com/a","metadata":{"a b":""}}`:                      "metadata_key_invalid",
		`{"url":"https://example.com/a","size":1}`:                                   "field_unknown",
	} {
		if r := w.do(t, acme, "POST", "/v1/videos", body); r.str("code") != code {
			t.Errorf("%s: %d %s, want %s", body, r.status, r.text, code)
		}
	}
	if len(w.sent.events) > 0 {
		t.Errorf("said %v", w.sent.events)
	}
}

// The row is the outbox: what could not be said is said when the deadline passes.
func TestPromise01_AFileIsAskedForWhateverHappens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Publisher = failing{}
	w.remake(t)
	r := w.do(t, acme, "POST", "/v1/videos", `{"url":"https://example.com/a.mp4"}`)
	if r.status != 201 {
		t.Fatalf("got %d %s", r.status, r.text)
	}
	v, err := w.rows.Video(t.Context(), "acme", r.str("id"))
	if err != nil {
		t.Fatal(err)
	}
	refs, err := w.rows.Due(t.Context(), v.Watch.Deadline, 10)
	if diff := cmp.Diff([]video.Ref{{Tenant: "acme", ID: v.ID}}, refs); diff != "" || err != nil {
		t.Fatal(err, diff)
	}
	_, out := video.Apply(v, video.DeadlinePassed{At: v.Watch.Deadline, State: v.State, Deadline: v.Watch.Deadline})
	if diff := cmp.Diff([]video.Event{*v.Fetch}, out); diff != "" {
		t.Error(diff)
	}
}

type failing struct{}

func (failing) Send(context.Context, ...events.Event) error {
	return errs.E("test", errs.Transient, errors.New("down"))
}

// A fetch that is under way when its video is deleted must come to nothing.
func TestADeletedVideoIsNotFetched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.do(t, acme, "POST", "/v1/videos", `{"url":"https://example.com/a.mp4"}`).str("id")
	if len(w.s3.uploads) != 1 {
		t.Fatalf("%d uploads", len(w.s3.uploads))
	}
	if got := w.do(t, acme, "DELETE", "/v1/videos/"+id, ""); got.status != 202 || len(w.s3.uploads) != 0 {
		t.Errorf("%d, and %d uploads are left", got.status, len(w.s3.uploads))
	}
}
