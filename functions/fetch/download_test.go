package fetch_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/functions/fetch"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
)

func TestAURLIsFetched(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"a byte": 1, "one part": partSize, "a byte more": partSize + 1, "many parts": 5*partSize - 7} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := newSite(t, (&host{body: film(size)}).ServeHTTP)
			if code, err := w.deliver(t, s, video.Origin{URL: s.url}); code != "" || err != nil {
				t.Fatal(code, err)
			}
			w.fetched(t, film(size))
			if code, err := w.deliver(t, s, video.Origin{URL: s.url}); code != "" || err != nil {
				t.Errorf("after it is done: %q, %v", code, err)
			}
		})
	}
}

func TestAURLOfAnUnknownLength(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(film(partSize))
		w.(http.Flusher).Flush()
		_, _ = w.Write(film(9))
	})
	if code, err := w.deliver(t, s, video.Origin{URL: s.url}); code != "" || err != nil {
		t.Fatal(code, err)
	}
	w.fetched(t, append(film(partSize)[:partSize:partSize], film(9)...))
}

// What is there when a connection breaks is not sent again, where the host can tell versions apart and do ranges.
func TestADownloadGoesOnWhereItEnded(t *testing.T) {
	t.Parallel()
	const at = 2*partSize + 7 // where it breaks
	yesterday := time.Now().Add(-24 * time.Hour)
	goesOn := fmt.Sprintf("bytes=%d-", 2*partSize-1)
	for _, tt := range []struct {
		name  string
		host  host
		asks  string // at the second delivery
		sends int    // parts, at the second delivery
	}{
		{"an ETag", host{etag: `"a"`}, goesOn, 2},
		{"a date", host{modified: yesterday}, goesOn, 2},
		{"no ranges", host{etag: `"a"`, whole: true}, goesOn, 2},
		{"a weak ETag", host{etag: `W/"a"`}, "", 4},
		{"just modified", host{modified: time.Now()}, "", 4},
		{"versions can't be told apart", host{}, "", 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, h := newWorld(t), &tt.host
			h.body, h.breaks = film(3*partSize+9), at
			s := newSite(t, h.ServeHTTP)
			if code, err := w.deliver(t, s, video.Origin{URL: s.url}); errs.KindOf(err) != errs.Transient || errs.ProblemOf(err).Code != "source_cut_short" {
				t.Fatalf("%q, %v", code, err)
			}
			h.breaks, w.took = 0, nil
			if code, err := w.deliver(t, s, video.Origin{URL: s.url}); code != "" || err != nil {
				t.Fatal(code, err)
			}
			w.fetched(t, h.body)
			if diff := cmp.Diff([]string{"", tt.asks}, h.asked); diff != "" {
				t.Error(diff)
			}
			if len(w.took) != tt.sends {
				t.Errorf("sent parts %v to S3, want %d", w.took, tt.sends)
			}
		})
	}
}

// All parts were there, and the function died before it could say so.
func TestADownloadThatOnlyNeedsItsEnd(t *testing.T) {
	t.Parallel()
	w, h := newWorld(t), &host{body: film(2 * partSize), etag: `"a"`}
	s := newSite(t, h.ServeHTTP)
	f := fetch.Fetcher{Into: dying{w, errReset}, Web: s, Now: now}
	if _, err := f.Handle(t.Context(), requested(w, video.Origin{URL: s.url})); !errors.Is(err, errReset) {
		t.Fatal(err)
	}
	w.took = nil
	if code, err := w.deliver(t, s, video.Origin{URL: s.url}); code != "" || err != nil || len(w.took) > 0 {
		t.Fatal(code, err, w.took)
	}
	w.fetched(t, h.body)
}

// No two versions are mixed.
func TestAFileThatIsReplacedMeanwhile(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]*host{
		"another ETag":            {body: film(4 * partSize), etag: `"b"`},
		"shorter, another ETag":   {body: film(9), etag: `"b"`},
		"shorter, the same ETag":  {body: film(9), etag: `"a"`, whole: true},
		"no ETag any more":        {body: film(4 * partSize)},
		"another ETag, no ranges": {body: film(4 * partSize), etag: `"b"`, whole: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, first := newWorld(t), &host{body: film(3 * partSize), etag: `"a"`, breaks: 2*partSize + 7}
			s := newSite(t, first.ServeHTTP)
			if _, err := w.deliver(t, s, video.Origin{URL: s.url}); errs.KindOf(err) != errs.Transient {
				t.Fatal(err)
			}
			*first = *h
			if code, err := w.deliver(t, s, video.Origin{URL: s.url}); code != "source_replaced" {
				t.Errorf("%q, %v", code, err)
			}
		})
	}
}

func TestHostsThatDoNotGiveTheFile(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int
		header http.Header
		kind   errs.Kind // of the error, where it is worth another try
		code   string
	}{
		{"unauthorized", 401, nil, "", "url_forbidden"},
		{"forbidden", 403, nil, "", "url_forbidden"},
		{"missing", 404, nil, "", "url_not_found"},
		{"gone", 410, nil, "", "url_not_found"},
		{"nothing", 204, nil, "", "url_refused"},
		{"a redirect to nowhere", 302, nil, "", "url_refused"},
		{"refused", 418, nil, "", "url_refused"},
		{"other bytes", 206, http.Header{"Content-Range": {"bytes 5-9/10"}}, "", "url_wrong_range"},
		{"bytes without a range", 206, nil, "", "url_wrong_range"},
		{"a private address", 302, http.Header{"Location": {"https://169.254.169.254/"}}, "", "url_not_public"},
		{"too large", 200, http.Header{"Content-Length": {fmt.Sprint(video.MaxSourceBytes + 1)}}, "", "source_too_large"},
		{"empty", 200, nil, "", "empty"},
		{"busy", 429, nil, errs.Transient, "url_unavailable"},
		{"their bad day", 503, nil, errs.Transient, "url_unavailable"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := newSite(t, func(w http.ResponseWriter, _ *http.Request) {
				for name, values := range tt.header {
					w.Header()[name] = values
				}
				w.WriteHeader(tt.status)
			})
			code, err := w.deliver(t, s, video.Origin{URL: s.url})
			if err != nil {
				code = errs.ProblemOf(err).Code
			}
			if code != tt.code || errs.KindOf(err) != tt.kind {
				t.Errorf("%q, %v, want %s", code, err, tt.code)
			}
		})
	}
}

// dying is a bucket that fails where an upload is completed.
type dying struct {
	*world
	err error
}

func (d dying) CompleteUpload(context.Context, string, string, []blob.Part) (string, error) {
	return "", d.err
}

// Another delivery of the message may have replaced a part: then all is looked at again.
func TestAPartThatIsAnotherWhenAllIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := newSite(t, (&host{body: film(9)}).ServeHTTP)
	f := fetch.Fetcher{Into: dying{w, errs.Refuse("s3", errs.Invalid, "part_missing", "A part is another.")}, Web: s, Now: now}
	if out, err := f.Handle(t.Context(), requested(w, video.Origin{URL: s.url})); errs.KindOf(err) != errs.Transient {
		t.Errorf("%v, %v", out, err)
	}
}

// When the time is up, what was there is kept.
func TestADownloadThatTakesTooLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	s := newSite(t, func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("ETag", `"a"`)
		_, _ = rw.Write(film(2*partSize + 7))
		rw.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	w.only(2)
	go func() {
		<-w.full
		cancel()
	}()
	f := fetch.Fetcher{Into: w, Web: s, Now: now}
	if out, err := f.Handle(ctx, requested(w, video.Origin{URL: s.url})); errs.KindOf(err) != errs.Transient {
		t.Fatalf("%v, %v", out, err)
	}
	if diff := cmp.Diff([]int{1, 2, 10_000}, w.parts(t)); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}

// An upload that was given up is nobody's, and nothing is fetched for it.
func TestAnUploadThatIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.AbortUpload(t.Context(), key, w.id); err != nil {
		t.Fatal(err)
	}
	if code, err := w.deliver(t, nil, video.Origin{URL: "https://films.example.com/"}); code != "" || err != nil {
		t.Error(code, err)
	}
}

func TestGivingUpFailsTheVideo(t *testing.T) {
	t.Parallel()
	f, e := fetch.Fetcher{Now: now}, events.Of("acme", "vid_1", noon, video.FetchRequested{})
	for code, err := range map[string]error{
		"fetch_failed": errReset,
		"source_slow":  errs.Refuse("x", errs.Transient, "source_slow", "It is slow."),
	} {
		if p := f.GiveUp(e, err)[0].Data.(video.FetchFailed).Problem; p.Code != code || p.Message == "" {
			t.Errorf("says %v, want %s", p, code)
		}
	}
	if _, err := f.Handle(t.Context(), events.Of("acme", "vid_1", noon, video.UploadCompleted{})); errs.KindOf(err) != errs.Invalid {
		t.Errorf("of another event: %v", err)
	}
}
