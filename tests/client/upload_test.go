package client_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/tests/client"
	"sluice/tests/client/fake"
)

// newTestClient returns a client of a that does not wait between attempts.
func newTestClient(a *fake.API) *client.Client {
	c := client.New(a.URL+"/", fake.Token)
	c.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return c
}

func newUploadFile(content []byte) client.File {
	return client.File{Name: "film.mp4", Size: int64(len(content)), Content: bytes.NewReader(content)}
}

// makeContent returns n bytes. No two parts of them are equal.
func makeContent(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(i ^ i>>8)
	}
	return out
}

func TestUploadSendsEveryByteOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		a := fake.New(t)
		a.PartSize = rapid.Int64Range(1, 9).Draw(rt, "part size")
		want := makeContent(rapid.IntRange(1, 450).Draw(rt, "size"))
		var last int64
		up, err := newTestClient(a).Upload(t.Context(), newUploadFile(want), client.UploadOptions{
			Progress: func(sent, total int64) {
				if total != int64(len(want)) || sent < last {
					rt.Errorf("progress %d of %d after %d, want it to grow to %d", sent, total, last, len(want))
				}
				last = sent
			},
		})
		if err != nil {
			rt.Fatal(err)
		}
		if up.VideoID != "vid_1" || up.State != "uploaded" || !bytes.Equal(a.UploadedObject(), want) ||
			last != int64(len(want)) {
			rt.Fatalf("uploaded %d of %d bytes as %+v, progress up to %d", len(a.UploadedObject()), len(want), up, last)
		}
		if got, want := a.CountRequests("POST /v1/uploads/upl_1/parts"), (up.Parts-1)/100; got != want {
			rt.Fatalf("asked %d times for the URLs of %d parts, want %d", got, up.Parts, want)
		}
	})
}

func TestUploadRetriesTransientErrors(t *testing.T) {
	t.Parallel()
	twice := func(request string, status int) func(http.ResponseWriter, *http.Request, int) bool {
		return func(w http.ResponseWriter, r *http.Request, n int) bool {
			broken := r.Method+" "+r.URL.Path == request && n <= 2
			if broken {
				w.WriteHeader(status)
			}
			return broken
		}
	}
	hangUp := func(w http.ResponseWriter, r *http.Request, n int) bool {
		if r.Method == "PUT" && n == 1 {
			panic(http.ErrAbortHandler)
		}
		return false
	}
	for _, test := range []struct {
		name, request string
		tries         int
		broken        func(http.ResponseWriter, *http.Request, int) bool
	}{
		{"create 500", "POST /v1/uploads", 3, twice("POST /v1/uploads", 500)},
		{"part 503", "PUT /part/2", 3, twice("PUT /part/2", 503)},
		{"part throttled", "PUT /part/3", 3, twice("PUT /part/3", 429)},
		{"more URLs 502", "POST /v1/uploads/upl_1/parts", 3, twice("POST /v1/uploads/upl_1/parts", 502)},
		{"complete 504", "POST /v1/uploads/upl_1/complete", 3, twice("POST /v1/uploads/upl_1/complete", 504)},
		{"connection lost", "PUT /part/101", 2, hangUp},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := fake.New(t)
			a.Intercept = test.broken
			want, last := makeContent(403), int64(0)
			progress := func(sent, _ int64) { last = sent }
			if _, err := newTestClient(a).Upload(
				t.Context(), newUploadFile(want), client.UploadOptions{Progress: progress},
			); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(a.UploadedObject(), want) || last != 403 {
				t.Errorf("uploaded %d bytes and counted %d, want 403", len(a.UploadedObject()), last)
			}
			if got := a.CountRequests(test.request); got != test.tries {
				t.Errorf("%s came %d times, want %d", test.request, got, test.tries)
			}
		})
	}
}

func TestUploadRequestsNewURLWhenOneHasExpired(t *testing.T) {
	t.Parallel()
	a := fake.New(t)
	a.Intercept = func(w http.ResponseWriter, r *http.Request, n int) bool {
		expired := r.URL.Path == "/part/2" && r.URL.Query().Get("signature") == "hush1"
		if expired {
			http.Error(w, "<Error><Code>AccessDenied</Code></Error>", http.StatusForbidden)
		}
		return expired
	}
	if _, err := newTestClient(a).Upload(
		t.Context(), newUploadFile(makeContent(20)), client.UploadOptions{},
	); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.UploadedObject(), makeContent(20)) {
		t.Error("the object is not what was sent")
	}
}

func TestUploadFailsOnPermanentErrors(t *testing.T) {
	t.Parallel()
	always := func(request string, status int) func(http.ResponseWriter, *http.Request, int) bool {
		return func(w http.ResponseWriter, r *http.Request, _ int) bool {
			broken := r.Method+" "+r.URL.Path == request
			if broken {
				w.WriteHeader(status)
			}
			return broken
		}
	}
	for _, test := range []struct {
		name, request string
		status, tries int
	}{
		{"5xx, after six tries", "PUT /part/1", 500, 6},
		{"4xx, at once", "PUT /part/1", 400, 1},
		{"refused again with another URL", "PUT /part/1", 403, 2},
		{"conflict", "POST /v1/uploads/upl_1/complete", 409, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := fake.New(t)
			a.Intercept = always(test.request, test.status)
			_, err := newTestClient(a).Upload(t.Context(), newUploadFile(makeContent(4)), client.UploadOptions{})
			var p *client.Problem
			if !errors.As(err, &p) || p.Status != test.status {
				t.Errorf("error %v, want a problem with status %d", err, test.status)
			}
			if got := a.CountRequests(test.request); got != test.tries {
				t.Errorf("%s came %d times, want %d", test.request, got, test.tries)
			}
		})
	}
}

func TestUploadRejectsInvalidAPIResponses(t *testing.T) {
	t.Parallel()
	set := func(key string, value any) func(map[string]any) {
		return func(document map[string]any) { document[key] = value }
	}
	one := []map[string]any{{"number": 1, "url": "http://127.0.0.1:1/"}}
	for _, test := range []struct {
		name, path string
		lie        func(map[string]any)
		want       string
	}{
		{"no part size", "/v1/uploads", set("part_size", 0), "an upload that can't be"},
		{"negative count", "/v1/uploads", set("part_count", -1), "an upload that can't be"},
		{"too few parts for the size", "/v1/uploads", set("part_count", 100), "an upload that can't be"},
		{"a million parts", "/v1/uploads", set("part_count", 1<<20), "an upload that can't be"},
		{"no upload id", "/v1/uploads", set("upload_id", ""), "an upload that can't be"},
		{"no URLs", "/v1/uploads", set("parts", nil), "URLs of the parts"},
		{"no more URLs", "/v1/uploads/upl_1/parts", set("parts", nil), "instead of [101]"},
		{"URLs of another part", "/v1/uploads/upl_1/parts", set("parts", one), "[1] instead of [101]"},
		{"not a document", "/v1/uploads", set("parts", "none"), "not the JSON of the contract"},
		{"another video", "/v1/uploads/upl_1/complete", set("video_id", "vid_2"), `completed as video "vid_2"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := fake.New(t)
			a.AlterResponse = func(path string, document map[string]any) {
				if path == test.path {
					test.lie(document)
				}
			}
			_, err := newTestClient(a).Upload(t.Context(), newUploadFile(makeContent(404)), client.UploadOptions{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestUploadFailsWhenPartResponseHasNoETag(t *testing.T) {
	t.Parallel()
	a := fake.New(t)
	// status 200 without an ETag
	a.Intercept = func(_ http.ResponseWriter, r *http.Request, _ int) bool { return r.Method == "PUT" }
	_, err := newTestClient(a).Upload(t.Context(), newUploadFile(makeContent(4)), client.UploadOptions{})
	if err == nil || !strings.Contains(err.Error(), "without an ETag") {
		t.Errorf("error %v", err)
	}
}

func TestUploadErrorsDoNotContainSignedURLs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, url string
	}{
		{"unreachable", "http://127.0.0.1:1/part?signature=hush"},
		{"no URL at all", "://part?signature=hush\x7f"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := fake.New(t)
			a.AlterResponse = func(path string, document map[string]any) {
				document["parts"] = []map[string]any{{"number": 1, "url": test.url}}
			}
			_, err := newTestClient(a).Upload(t.Context(), newUploadFile(makeContent(4)), client.UploadOptions{})
			if err == nil || strings.Contains(err.Error(), "hush") {
				t.Errorf("error %v, want one without the signature", err)
			}
		})
	}
}

func TestUploadLimitsParallelParts(t *testing.T) {
	t.Parallel()
	a := fake.New(t)
	var now, most atomic.Int32
	a.Intercept = func(_ http.ResponseWriter, r *http.Request, _ int) bool {
		if r.Method == "PUT" {
			defer now.Add(-1)
			n := now.Add(1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			}
		}
		return false
	}
	if _, err := newTestClient(a).Upload(
		t.Context(), newUploadFile(makeContent(400)), client.UploadOptions{},
	); err != nil {
		t.Fatal(err)
	}
	if most.Load() > 3 {
		t.Errorf("%d parts at once, want 3 at most", most.Load())
	}
}

func TestUploadStopsWhenContextIsCancelled(t *testing.T) {
	t.Parallel()
	a := fake.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	a.Intercept = func(http.ResponseWriter, *http.Request, int) bool {
		cancel()
		return false
	}
	_, err := newTestClient(a).Upload(ctx, newUploadFile(makeContent(40)), client.UploadOptions{})
	if !errors.Is(err, context.Canceled) || a.UploadedObject() != nil {
		t.Errorf("error %v, want one of the context", err)
	}
}

func TestUploadFileSendsContentAndReportsMissingFile(t *testing.T) {
	t.Parallel()
	a := fake.New(t)
	path := filepath.Join(t.TempDir(), "film.mp4")
	if err := os.WriteFile(path, makeContent(10), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := newTestClient(a).UploadFile(t.Context(), path, client.UploadOptions{}); err != nil ||
		!bytes.Equal(a.UploadedObject(), makeContent(10)) {
		t.Errorf("uploaded %d bytes of 10, error %v", len(a.UploadedObject()), err)
	}
	if _, err := newTestClient(a).UploadFile(
		t.Context(), path+"x", client.UploadOptions{},
	); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want fs.ErrNotExist", err)
	}
}
