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
	key      = "t/acme/vid_1/source"
	master   = "2026/film.mkv" // in the producer's bucket
	partSize = 8 << 20
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// world is a source bucket with an upload that is begun, and a producer's bucket.
type world struct {
	*blob.Memory
	id       string
	producer *blob.Memory

	few  int // so many parts are taken, and the others fail once those are there; 0: all are
	mu   sync.Mutex
	took []int // numbers of parts
	full chan struct{}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	p := &blob.Memory{}
	w := &world{producer: p, Memory: &blob.Memory{Others: map[string]*blob.Memory{
		"acme-masters": p, "not-registered": p, "sluice-data": p, "acme-s3alias": p,
	}}}
	id, err := w.CreateUpload(t.Context(), key, "video/mp4")
	if err != nil {
		t.Fatal(err)
	}
	w.id = id
	return w
}

var errReset = errs.E("s3", errs.Transient, errors.New("connection reset by peer"))

// only has S3 fail after a few parts; 0: never again.
func (w *world) only(few int) { w.few, w.took, w.full = few, nil, make(chan struct{}) }

func (w *world) CopyPart(ctx context.Context, key, id string, n int, from blob.Range) (blob.Part, error) {
	return w.take(n, func() (blob.Part, error) { return w.Memory.CopyPart(ctx, key, id, n, from) })
}

func (w *world) WritePart(ctx context.Context, key, id string, n int, body []byte) (blob.Part, error) {
	if n == 10_000 {
		return w.Memory.WritePart(ctx, key, id, n, body)
	}
	return w.take(n, func() (blob.Part, error) { return w.Memory.WritePart(ctx, key, id, n, body) })
}

func (w *world) take(n int, part func() (blob.Part, error)) (blob.Part, error) {
	w.mu.Lock()
	if w.few > 0 && len(w.took) == w.few {
		w.mu.Unlock()
		<-w.full
		return blob.Part{}, errReset
	}
	defer w.mu.Unlock()
	w.took = append(w.took, n)
	if len(w.took) == w.few {
		defer close(w.full)
	}
	return part()
}

// put puts an object into the producer's bucket and returns its ETag.
func (w *world) put(t *testing.T, body []byte) string {
	t.Helper()
	if err := w.producer.Put(t.Context(), master, bytes.NewReader(body), blob.Meta{}); err != nil {
		t.Fatal(err)
	}
	info, err := w.producer.Head(t.Context(), master)
	if err != nil {
		t.Fatal(err)
	}
	return info.ETag
}

func now() time.Time { return noon }

// requested is the message that asks for a fetch.
func requested(w *world, o video.Origin) events.Event {
	return events.Of("acme", "vid_1", noon, video.FetchRequested{Origin: o, Key: key, Multipart: w.id})
}

// deliver gives the message to a fetcher and returns the code that it fails with; "" if it says nothing.
func (w *world) deliver(t *testing.T, web fetch.Web, o video.Origin) (string, error) {
	t.Helper()
	f := fetch.Fetcher{
		Into: w, From: w, Web: web, Now: now,
		Producers: []string{"acme-masters", "sluice-data", "acme-s3alias", "arn:aws:s3:::acme-masters"},
	}
	out, err := f.Handle(t.Context(), requested(w, o))
	if len(out) == 0 {
		return "", err
	}
	p := out[0].Data.(video.FetchFailed).Problem
	if p.Message == "" || err != nil || len(out) > 1 {
		t.Errorf("%v, %v", out, err)
	}
	return p.Code, err
}

// fetched fails unless the original is there.
func (w *world) fetched(t *testing.T, want []byte) {
	t.Helper()
	r, _, err := w.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes that are not the original's %d, %v", len(got), len(want), err)
	}
}

func (w *world) parts(t *testing.T) (numbers []int) {
	t.Helper()
	parts, err := w.ListParts(t.Context(), key, w.id)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		numbers = append(numbers, p.Number)
	}
	return numbers
}

// film is as many bytes as are asked for, no two parts alike.
func film(size int) []byte { return footage()[:size] }

var footage = sync.OnceValue(func() []byte {
	b := make([]byte, 6*partSize)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(b)
	return b
})

// site is an https server on this machine, and what may fetch from it.
type site struct {
	url string
	fetch.Web
}

func newSite(t *testing.T, h http.HandlerFunc) site {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	c, err := outbound.Beside("http://127.0.0.1:4566", ca)
	if err != nil {
		t.Fatal(err)
	}
	return site{s.URL + "/film.mp4?sig=secret", c}
}

// host serves a film, and notes what it is asked for.
type host struct {
	body     []byte
	etag     string
	modified time.Time
	breaks   int  // after so many bytes of an answer; 0: never
	whole    bool // it does not do ranges
	asked    []string
}

func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.asked = append(h.asked, r.Header.Get("Range"))
	if h.etag != "" {
		w.Header().Set("ETag", h.etag)
	}
	if h.whole {
		r.Header.Del("Range")
	}
	if h.breaks > 0 {
		w = &breaking{w, h.breaks}
	}
	http.ServeContent(w, r, "", h.modified, bytes.NewReader(h.body))
}

// breaking breaks the connection after so many bytes.
type breaking struct {
	http.ResponseWriter
	left int
}

func (b *breaking) Write(p []byte) (int, error) {
	if b.left < len(p) {
		_, _ = b.ResponseWriter.Write(p[:b.left])
		b.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	b.left -= len(p)
	return b.ResponseWriter.Write(p)
}
