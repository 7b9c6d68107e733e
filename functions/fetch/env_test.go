package fetch_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"sluice/events"
	"sluice/functions/fetch"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/outbound"
)

const (
	sourceKey = "t/acme/vid_1/source"
	masterKey = "2026/film.mkv" // in the producer's bucket
	partSize  = 8 << 20
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// fetchEnv is a source bucket with a new upload, and a producer's bucket.
type fetchEnv struct {
	*blob.Memory
	uploadID string
	producer *blob.Memory

	maxParts     int // parts that can be written; the others fail once those are there; 0: all
	mu           sync.Mutex
	writtenParts []int // part numbers
	full         chan struct{}
}

func newFetchEnv(t *testing.T) *fetchEnv {
	t.Helper()
	m := &blob.Memory{}
	env := &fetchEnv{producer: m, Memory: &blob.Memory{OtherBuckets: map[string]*blob.Memory{
		"acme-masters": m, "not-registered": m, "sluice-data": m, "acme-s3alias": m,
	}}}
	id, err := env.CreateUpload(t.Context(), sourceKey, "video/mp4")
	if err != nil {
		t.Fatal(err)
	}
	env.uploadID = id
	return env
}

var errReset = errs.E("s3", errs.Transient, errors.New("connection reset by peer"))

// failAfterParts makes S3 fail after some parts; 0: never.
func (env *fetchEnv) failAfterParts(few int) {
	env.maxParts, env.writtenParts, env.full = few, nil, make(chan struct{})
}

func (env *fetchEnv) CopyPart(ctx context.Context, key, id string, n int, from blob.ObjectRange) (blob.Part, error) {
	return env.acceptPart(n, func() (blob.Part, error) { return env.Memory.CopyPart(ctx, key, id, n, from) })
}

func (env *fetchEnv) UploadPart(ctx context.Context, key, id string, n int, body []byte) (blob.Part, error) {
	if n == 10_000 {
		return env.Memory.UploadPart(ctx, key, id, n, body)
	}
	return env.acceptPart(n, func() (blob.Part, error) { return env.Memory.UploadPart(ctx, key, id, n, body) })
}

func (env *fetchEnv) acceptPart(n int, part func() (blob.Part, error)) (blob.Part, error) {
	env.mu.Lock()
	if env.maxParts > 0 && len(env.writtenParts) == env.maxParts {
		env.mu.Unlock()
		<-env.full
		return blob.Part{}, errReset
	}
	defer env.mu.Unlock()
	env.writtenParts = append(env.writtenParts, n)
	if len(env.writtenParts) == env.maxParts {
		defer close(env.full)
	}
	return part()
}

// putMaster puts an object into the producer's bucket and returns its ETag.
func (env *fetchEnv) putMaster(t *testing.T, body []byte) string {
	t.Helper()
	if err := env.producer.PutObject(t.Context(), masterKey, bytes.NewReader(body), blob.Metadata{}); err != nil {
		t.Fatal(err)
	}
	info, err := env.producer.HeadObject(t.Context(), masterKey)
	if err != nil {
		t.Fatal(err)
	}
	return info.ETag
}

func fixedNow() time.Time { return noon }

// newFetchRequested returns the event that requests a fetch.
func newFetchRequested(env *fetchEnv, o video.Origin) events.Event {
	return events.New("acme", "vid_1", noon, video.FetchRequested{Origin: o, Key: sourceKey, MultipartID: env.uploadID})
}

// deliverEvent gives the event to a Fetcher and returns the code of FetchFailed; "" if it returns no event.
func (env *fetchEnv) deliverEvent(t *testing.T, web fetch.Web, o video.Origin) (string, error) {
	t.Helper()
	f := fetch.Fetcher{
		Uploads: env, Objects: env, Web: web, Now: fixedNow,
		AllowedBuckets: []string{"acme-masters", "sluice-data", "acme-s3alias", "arn:aws:s3:::acme-masters"},
	}
	out, err := f.Handle(t.Context(), newFetchRequested(env, o))
	if len(out) == 0 {
		return "", err
	}
	p := out[0].Data.(video.FetchFailed).Problem
	if p.Message == "" || err != nil || len(out) > 1 {
		t.Errorf("%v, %v", out, err)
	}
	return string(p.Code), err
}

// requireOriginal fails unless the original is there.
func (env *fetchEnv) requireOriginal(t *testing.T, want []byte) {
	t.Helper()
	r, _, err := env.GetObject(t.Context(), sourceKey)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("the object has %d bytes and is not the original of %d bytes, %v", len(got), len(want), err)
	}
}

func (env *fetchEnv) listPartNumbers(t *testing.T) (numbers []int) {
	t.Helper()
	parts, err := env.ListParts(t.Context(), sourceKey, env.uploadID)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		numbers = append(numbers, p.Number)
	}
	return numbers
}

// testBytes returns random bytes, always the same.
func testBytes(size int) []byte { return randomBytes()[:size] }

var randomBytes = sync.OnceValue(func() []byte {
	b := make([]byte, 6*partSize)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(b)
	return b
})

// testServer is an https server on this machine, with a client that may connect to it.
type testServer struct {
	url string
	fetch.Web
}

func startTestServer(t *testing.T, h http.HandlerFunc) testServer {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	c, err := outbound.NewWithLoopback("http://127.0.0.1:4566", ca)
	if err != nil {
		t.Fatal(err)
	}
	return testServer{s.URL + "/film.mp4?sig=secret", c}
}

// fileHost serves a file and records the ranges of the requests.
type fileHost struct {
	body          []byte
	etag          string
	modified      time.Time
	breaksAfter   int  // bytes of a response after which the connection breaks; 0: never
	ignoresRanges bool // it does not support range requests
	ranges        []string
}

func (h *fileHost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.ranges = append(h.ranges, r.Header.Get("Range"))
	if h.etag != "" {
		w.Header().Set("ETag", h.etag)
	}
	if h.ignoresRanges {
		r.Header.Del("Range")
	}
	if h.breaksAfter > 0 {
		w = &breakingWriter{w, h.breaksAfter}
	}
	http.ServeContent(w, r, "", h.modified, bytes.NewReader(h.body))
}

// breakingWriter closes the connection after some bytes.
type breakingWriter struct {
	http.ResponseWriter
	left int
}

func (b *breakingWriter) Write(p []byte) (int, error) {
	if b.left < len(p) {
		_, _ = b.ResponseWriter.Write(p[:b.left])
		b.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	b.left -= len(p)
	return b.ResponseWriter.Write(p)
}
