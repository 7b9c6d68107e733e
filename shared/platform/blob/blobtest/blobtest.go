// Package blobtest holds every implementation of the bucket to one behaviour.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/blob"
)

// Blob is what is tested. If it is an http.RoundTripper too, it answers the URLs it has signed; otherwise the network
// does.
type Blob interface {
	Get(ctx context.Context, key string) (io.ReadCloser, blob.Info, error)
	Head(ctx context.Context, key string) (blob.Info, error)
	Put(ctx context.Context, key string, body io.ReadSeeker, m blob.Meta) error
	Replace(ctx context.Context, key, etag string, body io.ReadSeeker, m blob.Meta) error
	Download(ctx context.Context, key, etag string, w io.Writer) error
	SignGet(ctx context.Context, key string, ttl time.Duration) (string, error)
	CreateUpload(ctx context.Context, key, contentType string) (string, error)
	SignPart(ctx context.Context, key, id string, n int, bytes int64, ttl time.Duration) (string, time.Time, error)
	CompleteUpload(ctx context.Context, key, id string, parts []blob.Part) (string, error)
	ListParts(ctx context.Context, key, id string) ([]blob.Part, error)
	DeleteAll(ctx context.Context, prefix string) (int, error)
	AbortUpload(ctx context.Context, key, id string) error
	Name() string
	Look(ctx context.Context, bucket, key string) (blob.Info, error)
	WritePart(ctx context.Context, key, id string, n int, body []byte) (blob.Part, error)
	CopyPart(ctx context.Context, key, id string, n int, from blob.Range) (blob.Part, error)
}

// Names of tests that a server may have to be excused from.
const (
	PartOrder = "parts in a descending order"
	PartSize  = "a small part before the last"
)

// Run runs the suite on the buckets that open returns. They may be one and the same, and hold other objects already:
// every test has keys of its own. Tests that are named in except are left out: what a local cloud is known not to check.
func Run(t *testing.T, open func(t testing.TB) Blob, except ...string) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, b Blob)
	}{
		{"an object is kept", objectIsKept},
		{"an object is replaced", objectIsReplaced},
		{"an empty object is one", emptyIsKept},
		{"what is not there is not found", missingIsNotFound},
		{"a cancelled call is worth another try", cancelledIsTransient},
		{"download wants the object it was told of", downloadWantsETag},
		{"replace wants the object it was told of", replaceWantsETag},
		{"one of many replaces", oneReplaces},
		{"all below a prefix are deleted", prefixIsDeleted},
		{"a signed URL reads", signedGet},
		{"parts make an object", partsMakeObject},
		{"a part can be put again", partAgain},
		{"a part of another length is refused", wrongLength},
		{"parts that were not uploaded", partsMissing},
		{PartOrder, partsDescend},
		{PartSize, partTooSmall},
		{"an upload that is gone", uploadIsGone},
		{"an upload belongs to its key", uploadHasKey},
		{"a part that is written is one", partIsWritten},
		{"parts that are left out are dropped", partsLeftOut},
		{"parts are copied", partsAreCopied},
		{"a copy wants the object it was told of", copyWantsETag},
		{"a look into another bucket", lookIntoAnother},
	} {
		if slices.Contains(except, tt.name) {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, open(t))
		})
	}
}

// unique returns a key that no other test has, with what needs escaping in a URL.
func unique() string { return "t/acme/" + ulid.Make().String() + "/ä +%&?=#/source" }

func put(t *testing.T, b Blob, key, body string, m blob.Meta) {
	t.Helper()
	must(t, b.Put(t.Context(), key, bytes.NewReader([]byte(body)), m))
}

// send requests a signed URL and returns the response with its body read.
func send(t *testing.T, b Blob, method, url string, body []byte) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	must(t, err)
	client := &http.Client{}
	client.Transport, _ = b.(http.RoundTripper)
	res, err := client.Do(req)
	must(t, err)
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	must(t, err)
	return res, string(got)
}

// putPart uploads a part as a client does.
func putPart(t *testing.T, b Blob, key, id string, n int, body []byte) blob.Part {
	t.Helper()
	url, _, err := b.SignPart(t.Context(), key, id, n, int64(len(body)), time.Minute)
	must(t, err)
	res, text := send(t, b, http.MethodPut, url, body)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("part %d: %s %s", n, res.Status, text)
	}
	return blob.Part{Number: n, ETag: res.Header.Get("ETag"), Size: int64(len(body))}
}

func create(t *testing.T, b Blob, key string) string {
	t.Helper()
	id, err := b.CreateUpload(t.Context(), key, "video/mp4")
	must(t, err)
	return id
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// want fails unless err is of a kind and, if code is given, has that code.
func want(t *testing.T, err error, kind errs.Kind, code string) {
	t.Helper()
	var e *errs.Error
	if !errors.As(err, &e) || e.Kind != kind || (code != "" && e.Code != code) {
		t.Fatalf("got error %v, want %s %s", err, kind, code)
	}
}

func same[T any](t *testing.T, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("differs (-want +got):\n%s", diff)
	}
}

// stored fails unless the object is body, and returns what is known of it.
func stored(t *testing.T, b Blob, key, body string) blob.Info {
	t.Helper()
	r, info, err := b.Get(t.Context(), key)
	must(t, err)
	defer r.Close()
	got, err := io.ReadAll(r)
	must(t, err)
	if string(got) != body {
		t.Fatalf("%s has %d bytes that are not the %d that were written", key, len(got), len(body))
	}
	same(t, info.Size, int64(len(body)))
	return info
}
