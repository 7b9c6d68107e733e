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
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
)

// Blob is what is tested. If it is an http.RoundTripper too, it answers the URLs it has signed; otherwise the network
// does.
type Blob interface {
	GetObject(ctx context.Context, key string) (io.ReadCloser, video.StoredObject, error)
	HeadObject(ctx context.Context, key string) (video.StoredObject, error)
	PutObject(ctx context.Context, key string, body io.ReadSeeker, m blob.Metadata) error
	ReplaceObject(ctx context.Context, key, etag string, body io.ReadSeeker, m blob.Metadata) error
	DownloadObject(ctx context.Context, key, etag string, w io.Writer) error
	PresignGet(ctx context.Context, key string, ttl time.Duration) (string, error)
	CreateUpload(ctx context.Context, key, contentType string) (string, error)
	PresignPart(ctx context.Context, key, id string, n int, bytes int64, ttl time.Duration) (string, time.Time, error)
	CompleteUpload(ctx context.Context, key, id string, parts []blob.Part) (string, error)
	ListParts(ctx context.Context, key, id string) ([]blob.Part, error)
	DeletePrefix(ctx context.Context, prefix string) (int, error)
	AbortUpload(ctx context.Context, key, id string) error
	Name() string
	HeadObjectInBucket(ctx context.Context, bucket, key string) (video.StoredObject, error)
	UploadPart(ctx context.Context, key, id string, n int, body []byte) (blob.Part, error)
	CopyPart(ctx context.Context, key, id string, n int, from blob.ObjectRange) (blob.Part, error)
}

// Names of tests that a server may have to be excused from.
const (
	PartOrderTest = "parts in a descending order"
	PartSizeTest  = "a small part before the last"
)

// Run runs the suite on the buckets that open returns. They may be one and the same, and hold other objects already:
// every test has keys of its own. Tests that are named in except are left out: what a local cloud is known not to check.
func Run(t *testing.T, open func(t testing.TB) Blob, except ...string) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, b Blob)
	}{
		{"an object is kept", testObjectRoundTrips},
		{"an object is replaced", testPutObjectReplaces},
		{"an empty object is one", testEmptyObjectRoundTrips},
		{"what is not there is not found", testMissingObjectIsNotFound},
		{"a cancelled call is worth another try", testCancelledCallsAreTransient},
		{"download wants the object it was told of", testDownloadObjectChecksETag},
		{"replace wants the object it was told of", testReplaceObjectChecksETag},
		{"one of many replaces", testOneConcurrentReplaceWins},
		{"all below a prefix are deleted", testDeletePrefix},
		{"a signed URL reads", testPresignedGetReadsObject},
		{"parts make an object", testPartsMakeObject},
		{"a part can be put again", testPartCanBePutAgain},
		{"a part of another length is refused", testPartOfWrongLengthIsRejected},
		{"parts that were not uploaded", testMissingPartsAreRejected},
		{PartOrderTest, testDescendingPartsAreRejected},
		{PartSizeTest, testSmallPartIsRejected},
		{"an upload that is gone", testAbortedUploadIsGone},
		{"an upload belongs to its key", testUploadBelongsToItsKey},
		{"a part that is written is one", testUploadPartReplacesPart},
		{"parts that are left out are dropped", testUnlistedPartsAreDropped},
		{"parts are copied", testPartsAreCopied},
		{"a copy wants the object it was told of", testCopyPartChecksETag},
		{"a look into another bucket", testHeadObjectInBucket},
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

// uniqueKey returns a key that no other test has, with what needs escaping in a URL.
func uniqueKey() string { return "t/acme/" + ulid.Make().String() + "/ä +%&?=#/source" }

func putObject(t *testing.T, b Blob, key, body string, m blob.Metadata) {
	t.Helper()
	requireNoError(t, b.PutObject(t.Context(), key, bytes.NewReader([]byte(body)), m))
}

// requestURL requests a signed URL and returns the response with its body read.
func requestURL(t *testing.T, b Blob, method, url string, body []byte) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	requireNoError(t, err)
	client := &http.Client{}
	client.Transport, _ = b.(http.RoundTripper)
	res, err := client.Do(req)
	requireNoError(t, err)
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	requireNoError(t, err)
	return res, string(got)
}

// putPresignedPart uploads a part as a client does.
func putPresignedPart(t *testing.T, b Blob, key, id string, n int, body []byte) blob.Part {
	t.Helper()
	url, _, err := b.PresignPart(t.Context(), key, id, n, int64(len(body)), time.Minute)
	requireNoError(t, err)
	res, text := requestURL(t, b, http.MethodPut, url, body)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("part %d: %s %s", n, res.Status, text)
	}
	return blob.Part{Number: n, ETag: res.Header.Get("ETag"), Size: int64(len(body))}
}

func createUpload(t *testing.T, b Blob, key string) string {
	t.Helper()
	id, err := b.CreateUpload(t.Context(), key, "video/mp4")
	requireNoError(t, err)
	return id
}

func requireNoError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// requireError fails unless err is of a kind and, if code is given, has that code.
func requireError(t *testing.T, err error, kind errs.Kind, code errs.Code) {
	t.Helper()
	var e *errs.Error
	if !errors.As(err, &e) || e.Kind != kind || (code != "" && e.Code != code) {
		t.Fatalf("got error %v, want %s %s", err, kind, code)
	}
}

func requireEqual[T any](t *testing.T, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("differs (-want +got):\n%s", diff)
	}
}

// requireObject fails unless the object is body, and returns what is known of it.
func requireObject(t *testing.T, b Blob, key, body string) video.StoredObject {
	t.Helper()
	r, info, err := b.GetObject(t.Context(), key)
	requireNoError(t, err)
	defer r.Close()
	got, err := io.ReadAll(r)
	requireNoError(t, err)
	if string(got) != body {
		t.Fatalf("%s has %d bytes that are not the %d that were written", key, len(got), len(body))
	}
	requireEqual(t, info.Size, int64(len(body)))
	return info
}
