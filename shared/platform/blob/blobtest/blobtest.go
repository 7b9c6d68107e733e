// Package blobtest is the test suite of package blob. It checks that every implementation of a bucket behaves the same.
package blobtest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/require"
)

// Blob is an implementation of a bucket. If it is an http.RoundTripper too, the suite sends requests to presigned
// URLs to it, otherwise over the network.
type Blob interface {
	GetObject(ctx context.Context, key string) (io.ReadCloser, video.StoredObject, error)
	HeadObject(ctx context.Context, key string) (video.StoredObject, error)
	PutObject(ctx context.Context, key string, body io.ReadSeeker, m blob.Metadata) error
	ReplaceObject(ctx context.Context, key, etag string, body io.ReadSeeker, m blob.Metadata) error
	DownloadObject(ctx context.Context, key, etag string, w io.Writer) error
	DownloadRange(ctx context.Context, key, etag string, from, length int64, w io.Writer) error
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

// Names of tests that Run may leave out, because local clouds are known to fail them.
const (
	PartOrderTest = "parts in a descending order"
	PartSizeTest  = "a small part before the last"
)

// Run runs the suite on the buckets that open returns, without the tests named in except. open may always return the
// same bucket, and the bucket may hold other objects: every test uses keys of its own.
func Run(t *testing.T, open func(t testing.TB) Blob, except ...string) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, b Blob)
	}{
		{"an object is read as it was written", testObjectRoundTrips},
		{"an object is replaced", testPutObjectReplaces},
		{"an empty object is read as it was written", testEmptyObjectRoundTrips},
		{"a missing object is not found", testMissingObjectIsNotFound},
		{"a cancelled call is transient", testCancelledCallsAreTransient},
		{"downloading checks the ETag", testDownloadObjectChecksETag},
		{"a range is read as it was written", testDownloadRange},
		{"replacing checks the ETag", testReplaceObjectChecksETag},
		{"one of several concurrent replacements wins", testOneConcurrentReplaceWins},
		{"all objects of a prefix are deleted", testDeletePrefix},
		{"a presigned URL reads an object", testPresignedGetReadsObject},
		{"parts are joined to an object", testPartsMakeObject},
		{"a part can be put again", testPartCanBePutAgain},
		{"a part of the wrong length is rejected", testPartOfWrongLengthIsRejected},
		{"missing parts are rejected", testMissingPartsAreRejected},
		{PartOrderTest, testDescendingPartsAreRejected},
		{PartSizeTest, testSmallPartIsRejected},
		{"an aborted upload is gone", testAbortedUploadIsGone},
		{"an upload belongs to its key", testUploadBelongsToItsKey},
		{"an uploaded part replaces the one before", testUploadPartReplacesPart},
		{"parts that are not listed are dropped", testUnlistedPartsAreDropped},
		{"parts are copied", testPartsAreCopied},
		{"copying checks the ETag", testCopyPartChecksETag},
		{"properties of an object in another bucket", testHeadObjectInBucket},
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

// uniqueKey returns a key that no other test has. It has characters that URLs escape.
func uniqueKey() string { return "t/acme/" + ulid.Make().String() + "/ä +%&?=#/source" }

func putObject(t *testing.T, b Blob, key, body string, m blob.Metadata) {
	t.Helper()
	require.NoError(t, b.PutObject(t.Context(), key, bytes.NewReader([]byte(body)), m))
}

// requestURL sends a request to a presigned URL and returns the response and its body.
func requestURL(t *testing.T, b Blob, method, url string, body []byte) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	require.NoError(t, err)
	client := &http.Client{}
	client.Transport, _ = b.(http.RoundTripper)
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(got)
}

// putPresignedPart puts a part to a presigned URL, as a client does.
func putPresignedPart(t *testing.T, b Blob, key, id string, n int, body []byte) blob.Part {
	t.Helper()
	url, _, err := b.PresignPart(t.Context(), key, id, n, int64(len(body)), time.Minute)
	require.NoError(t, err)
	res, text := requestURL(t, b, http.MethodPut, url, body)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("part %d: %s %s", n, res.Status, text)
	}
	return blob.Part{Number: n, ETag: res.Header.Get("ETag"), Size: int64(len(body))}
}

func createUpload(t *testing.T, b Blob, key string) string {
	t.Helper()
	id, err := b.CreateUpload(t.Context(), key, "video/mp4")
	require.NoError(t, err)
	return id
}

// requireObject fails unless an object has a body. It returns its properties.
func requireObject(t *testing.T, b Blob, key, body string) video.StoredObject {
	t.Helper()
	r, info, err := b.GetObject(t.Context(), key)
	require.NoError(t, err)
	defer r.Close()
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	if string(got) != body {
		t.Fatalf("%s has %d bytes that are not the %d that were written", key, len(got), len(body))
	}
	require.Equal(t, info.Size, int64(len(body)))
	return info
}
