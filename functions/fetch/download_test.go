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

func TestURLIsDownloaded(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{
		"a byte": 1, "one part": partSize, "a byte more": partSize + 1, "many parts": 5*partSize - 7,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newFetchEnv(t)
			s := startTestServer(t, (&fileHost{body: testBytes(size)}).ServeHTTP)
			if code, err := env.deliverEvent(t, s, video.Origin{URL: s.url}); code != "" || err != nil {
				t.Fatal(code, err)
			}
			env.requireOriginal(t, testBytes(size))
			if code, err := env.deliverEvent(t, s, video.Origin{URL: s.url}); code != "" || err != nil {
				t.Errorf("after completion: %q, %v", code, err)
			}
		})
	}
}

func TestURLWithoutContentLengthIsDownloaded(t *testing.T) {
	t.Parallel()
	env := newFetchEnv(t)
	s := startTestServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(testBytes(partSize))
		w.(http.Flusher).Flush()
		_, _ = w.Write(testBytes(9))
	})
	if code, err := env.deliverEvent(t, s, video.Origin{URL: s.url}); code != "" || err != nil {
		t.Fatal(code, err)
	}
	env.requireOriginal(t, append(testBytes(partSize)[:partSize:partSize], testBytes(9)...))
}

// After a broken connection the whole parts are not downloaded again, if the host identifies versions; they are not
// uploaded again if it does not support ranges.
func TestDownloadResumesWithRangeRequest(t *testing.T) {
	t.Parallel()
	const at = 2*partSize + 7 // where the connection breaks
	yesterday := time.Now().Add(-24 * time.Hour)
	goesOn := fmt.Sprintf("bytes=%d-", 2*partSize-1)
	for _, tt := range []struct {
		name  string
		host  fileHost
		asks  string // Range header of the second delivery
		sends int    // parts that the second delivery uploads
	}{
		{"an ETag", fileHost{etag: `"a"`}, goesOn, 2},
		{"a date", fileHost{modified: yesterday}, goesOn, 2},
		{"no ranges", fileHost{etag: `"a"`, ignoresRanges: true}, goesOn, 2},
		{"a weak ETag", fileHost{etag: `W/"a"`}, "", 4},
		{"just modified", fileHost{modified: time.Now()}, "", 4},
		{"versions can't be told apart", fileHost{}, "", 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env, h := newFetchEnv(t), &tt.host
			h.body, h.breaksAfter = testBytes(3*partSize+9), at
			s := startTestServer(t, h.ServeHTTP)
			if code, err := env.deliverEvent(t, s, video.Origin{URL: s.url}); errs.KindOf(err) != errs.Transient ||
				errs.ProblemOf(err).Code != "source_cut_short" {
				t.Fatalf("%q, %v", code, err)
			}
			h.breaksAfter, env.writtenParts = 0, nil
			if code, err := env.deliverEvent(t, s, video.Origin{URL: s.url}); code != "" || err != nil {
				t.Fatal(code, err)
			}
			env.requireOriginal(t, h.body)
			if diff := cmp.Diff([]string{"", tt.asks}, h.ranges); diff != "" {
				t.Error(diff)
			}
			if len(env.writtenParts) != tt.sends {
				t.Errorf("sent parts %v to S3, want %d", env.writtenParts, tt.sends)
			}
		})
	}
}

// All parts were uploaded, but the function died before it completed the upload.
func TestDownloadWithAllPartsOnlyCompletes(t *testing.T) {
	t.Parallel()
	env, h := newFetchEnv(t), &fileHost{body: testBytes(2 * partSize), etag: `"a"`}
	s := startTestServer(t, h.ServeHTTP)
	f := fetch.Fetcher{Uploads: failingCompletion{env, errReset}, Web: s, Now: fixedNow}
	if _, err := f.Handle(t.Context(), newFetchRequested(env, video.Origin{URL: s.url})); !errors.Is(err, errReset) {
		t.Fatal(err)
	}
	env.writtenParts = nil
	if code, err := env.deliverEvent(t, s, video.Origin{URL: s.url}); code != "" || err != nil ||
		len(env.writtenParts) > 0 {
		t.Fatal(code, err, env.writtenParts)
	}
	env.requireOriginal(t, h.body)
}

// Versions are not mixed.
func TestFileReplacedDuringDownloadFails(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]*fileHost{
		"another ETag":            {body: testBytes(4 * partSize), etag: `"b"`},
		"shorter, another ETag":   {body: testBytes(9), etag: `"b"`},
		"shorter, the same ETag":  {body: testBytes(9), etag: `"a"`, ignoresRanges: true},
		"no ETag any more":        {body: testBytes(4 * partSize)},
		"another ETag, no ranges": {body: testBytes(4 * partSize), etag: `"b"`, ignoresRanges: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, first := newFetchEnv(t), &fileHost{
				body: testBytes(3 * partSize), etag: `"a"`, breaksAfter: 2*partSize + 7,
			}
			s := startTestServer(t, first.ServeHTTP)
			if _, err := env.deliverEvent(t, s, video.Origin{URL: s.url}); errs.KindOf(err) != errs.Transient {
				t.Fatal(err)
			}
			*first = *h
			if code, err := env.deliverEvent(t, s, video.Origin{URL: s.url}); code != "source_replaced" {
				t.Errorf("%q, %v", code, err)
			}
		})
	}
}

func TestHTTPErrorStatusFailsWithCode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int
		header http.Header
		kind   errs.Kind // of the error, if another attempt may succeed
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
		{
			"too large", 200, http.Header{"Content-Length": {fmt.Sprint(video.MaxSourceBytes + 1)}}, "",
			"source_too_large",
		},
		{"empty", 200, nil, "", "empty"},
		{"busy", 429, nil, errs.Transient, "url_unavailable"},
		{"server error", 503, nil, errs.Transient, "url_unavailable"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env := newFetchEnv(t)
			s := startTestServer(t, func(w http.ResponseWriter, _ *http.Request) {
				for name, values := range tt.header {
					w.Header()[name] = values
				}
				w.WriteHeader(tt.status)
			})
			code, err := env.deliverEvent(t, s, video.Origin{URL: s.url})
			if err != nil {
				code = string(errs.ProblemOf(err).Code)
			}
			if code != tt.code || errs.KindOf(err) != tt.kind {
				t.Errorf("%q, %v, want %s", code, err, tt.code)
			}
		})
	}
}

// failingCompletion is a bucket that can't complete uploads.
type failingCompletion struct {
	*fetchEnv
	err error
}

func (f failingCompletion) CompleteUpload(context.Context, string, string, []blob.Part) (string, error) {
	return "", f.err
}

// Another delivery of the message may have replaced a part: the next attempt lists the parts again.
func TestReplacedPartIsRetried(t *testing.T) {
	t.Parallel()
	env := newFetchEnv(t)
	s := startTestServer(t, (&fileHost{body: testBytes(9)}).ServeHTTP)
	f := fetch.Fetcher{
		Uploads: failingCompletion{env, errs.New("s3", errs.Invalid, "part_missing", "A part is another.")}, Web: s,
		Now: fixedNow,
	}
	if out, err := f.Handle(
		t.Context(), newFetchRequested(env, video.Origin{URL: s.url}),
	); errs.KindOf(err) != errs.Transient {
		t.Errorf("%v, %v", out, err)
	}
}

// When the context ends, the whole parts are kept.
func TestCancelledDownloadKeepsWholeParts(t *testing.T) {
	t.Parallel()
	env := newFetchEnv(t)
	ctx, cancel := context.WithCancel(t.Context())
	s := startTestServer(t, func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("ETag", `"a"`)
		_, _ = rw.Write(testBytes(2*partSize + 7))
		rw.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	env.failAfterParts(2)
	go func() {
		<-env.full
		cancel()
	}()
	f := fetch.Fetcher{Uploads: env, Web: s, Now: fixedNow}
	if out, err := f.Handle(ctx, newFetchRequested(env, video.Origin{URL: s.url})); errs.KindOf(err) != errs.Transient {
		t.Fatalf("%v, %v", out, err)
	}
	if diff := cmp.Diff([]int{1, 2, 10_000}, env.listPartNumbers(t)); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}

// Nothing is fetched for an upload that was aborted.
func TestAbortedUploadIsIgnored(t *testing.T) {
	t.Parallel()
	env := newFetchEnv(t)
	if err := env.AbortUpload(t.Context(), sourceKey, env.uploadID); err != nil {
		t.Fatal(err)
	}
	if code, err := env.deliverEvent(t, nil, video.Origin{URL: "https://films.example.com/"}); code != "" || err != nil {
		t.Error(code, err)
	}
}

func TestOnExhaustedFailsVideo(t *testing.T) {
	t.Parallel()
	f, e := fetch.Fetcher{Now: fixedNow}, events.New("acme", "vid_1", noon, video.FetchRequested{})
	for code, err := range map[string]error{
		"fetch_failed": errReset,
		"source_slow":  errs.New("x", errs.Transient, "source_slow", "It is slow."),
	} {
		if p := f.OnExhausted(e, err)[0].Data.(video.FetchFailed).Problem; string(p.Code) != code || p.Message == "" {
			t.Errorf("problem %v, want %s", p, code)
		}
	}
	if _, err := f.Handle(
		t.Context(), events.New("acme", "vid_1", noon, video.UploadCompleted{}),
	); errs.KindOf(err) != errs.Invalid {
		t.Errorf("foreign event: %v, want Invalid", err)
	}
}
