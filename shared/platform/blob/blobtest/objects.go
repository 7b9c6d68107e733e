package blobtest

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/require"
)

func testObjectRoundTrips(t *testing.T, b Blob) {
	key := uniqueKey()
	putObject(t, b, key, "hello", blob.Metadata{ContentType: "video/mp4"})
	got := requireObject(t, b, key, "hello")
	require.Equal(t, got.ContentType, "video/mp4")
	if got.ETag == "" || strings.Contains(got.ETag, `"`) {
		t.Errorf("ETag is %q", got.ETag)
	}
	require.Returns(t, got)(b.HeadObject(t.Context(), key))
	if age := time.Since(got.At).Abs(); age > time.Minute {
		t.Errorf("written at %s, %s from now", got.At, age)
	}
}

func testPutObjectReplaces(t *testing.T, b Blob) {
	key := uniqueKey()
	putObject(t, b, key, "first", blob.Metadata{ContentType: "video/mp4"})
	first := requireObject(t, b, key, "first")
	putObject(t, b, key, "second", blob.Metadata{ContentType: "audio/mp4"})
	second := requireObject(t, b, key, "second")
	require.Equal(t, second.ContentType, "audio/mp4")
	if first.ETag == second.ETag {
		t.Errorf("both have ETag %q", first.ETag)
	}
}

func testEmptyObjectRoundTrips(t *testing.T, b Blob) {
	key := uniqueKey()
	putObject(t, b, key, "", blob.Metadata{})
	info := requireObject(t, b, key, "")
	require.NoError(t, b.DownloadObject(t.Context(), key, info.ETag, &bytes.Buffer{}))
}

func testMissingObjectIsNotFound(t *testing.T, b Blob) {
	require.Fails(t, errs.NotFound, "object_not_found")(b.GetObject(t.Context(), uniqueKey()))
	require.Fails(t, errs.NotFound, "object_not_found")(b.HeadObject(t.Context(), uniqueKey()))
	require.Fails(t, errs.NotFound,
		"object_not_found")(b.DownloadObject(t.Context(), uniqueKey(), "abc", &bytes.Buffer{}))
}

func testCancelledCallsAreTransient(t *testing.T, b Blob) {
	key := uniqueKey()
	putObject(t, b, key, "hello", blob.Metadata{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Fails(t, errs.Transient, "")(b.GetObject(ctx, key))
	require.Fails(t, errs.Transient, "")(b.HeadObject(ctx, key))
	require.Fails(t, errs.Transient, "")(b.PutObject(ctx, key, strings.NewReader("bye"), blob.Metadata{}))
	require.Fails(t, errs.Transient, "")(b.CreateUpload(ctx, key, ""))
	require.Fails(t, errs.Transient, "")(b.ListParts(ctx, key, "x"))
	require.Error(t, b.AbortUpload(ctx, key, "x"), errs.Transient, "")
	requireObject(t, b, key, "hello")
}

func testDownloadObjectChecksETag(t *testing.T, b Blob) {
	key := uniqueKey()
	putObject(t, b, key, "first", blob.Metadata{})
	old := requireObject(t, b, key, "first").ETag
	for _, etag := range []string{old, `"` + old + `"`} {
		var got bytes.Buffer
		require.NoError(t, b.DownloadObject(t.Context(), key, etag, &got))
		require.Equal(t, got.String(), "first")
	}
	putObject(t, b, key, "second", blob.Metadata{})
	var got bytes.Buffer
	require.Error(t, b.DownloadObject(t.Context(), key, old, &got), errs.Conflict, "object_replaced")
	require.Equal(t, got.String(), "")
}

func testDownloadRange(t *testing.T, b Blob) {
	key := uniqueKey()
	putObject(t, b, key, "0123456789", blob.Metadata{})
	etag := requireObject(t, b, key, "0123456789").ETag
	read := func(etag string, from, length int64) (string, error) {
		var got bytes.Buffer
		err := b.DownloadRange(t.Context(), key, etag, from, length, &got)
		return got.String(), err
	}
	for _, tt := range []struct {
		from, length int64
		want         string
	}{{0, 10, "0123456789"}, {0, 1, "0"}, {3, 4, "3456"}, {9, 1, "9"}, {8, 100, "89"}} {
		require.Returns(t, tt.want)(read(etag, tt.from, tt.length))
		require.Returns(t, tt.want)(read("", tt.from, tt.length))
	}
	require.Fails(t, errs.Internal, "")(read(etag, 10, 1))
	putObject(t, b, key, "abcdefghij", blob.Metadata{})
	require.Fails(t, errs.Conflict, "object_replaced")(read(etag, 3, 4))
	require.Returns(t, "def")(read("", 3, 3))
	key = uniqueKey()
	require.Fails(t, errs.NotFound, "object_not_found")(read(etag, 0, 1))
}

func testPresignedGetReadsObject(t *testing.T, b Blob) {
	key := uniqueKey()
	url, err := b.PresignGet(t.Context(), key, time.Minute)
	require.NoError(t, err)
	res, _ := requestURL(t, b, http.MethodGet, url, nil)
	require.Equal(t, res.StatusCode, http.StatusNotFound)

	putObject(t, b, key, "hello", blob.Metadata{ContentType: "video/mp4", CacheControl: "max-age=60"})
	res, body := requestURL(t, b, http.MethodGet, url, nil)
	require.Equal(t, res.StatusCode, http.StatusOK)
	require.Equal(t, body, "hello")
	require.Equal(t, res.Header.Get("Content-Type"), "video/mp4")
	require.Equal(t, res.Header.Get("Cache-Control"), "max-age=60")
}

func testDeletePrefix(t *testing.T, b Blob) {
	key := uniqueKey()
	for _, name := range []string{"/1", "/2 +%&?=#", "/a/b"} {
		putObject(t, b, key+name, "x", blob.Metadata{})
	}
	putObject(t, b, key+"2/1", "kept", blob.Metadata{})
	for _, left := range []int{3, 0} {
		require.Returns(t, left)(b.DeletePrefix(t.Context(), key+"/"))
	}
	require.Fails(t, errs.NotFound, "object_not_found")(b.HeadObject(t.Context(), key+"/a/b"))
	requireObject(t, b, key+"2/1", "kept")
	require.Fails(t, errs.Internal, "")(b.DeletePrefix(t.Context(), ""))
}
