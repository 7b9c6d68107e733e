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
)

func testObjectRoundTrips(t *testing.T, b Blob) {
	key := uniqueKey()
	putObject(t, b, key, "hello", blob.Metadata{ContentType: "video/mp4"})
	got := requireObject(t, b, key, "hello")
	requireEqual(t, got.ContentType, "video/mp4")
	if got.ETag == "" || strings.Contains(got.ETag, `"`) {
		t.Errorf("ETag is %q", got.ETag)
	}
	head, err := b.HeadObject(t.Context(), key)
	requireNoError(t, err)
	requireEqual(t, head, got)
	if age := time.Since(head.At).Abs(); age > time.Minute {
		t.Errorf("written at %s, %s from now", head.At, age)
	}
}

func testPutObjectReplaces(t *testing.T, b Blob) {
	key := uniqueKey()
	putObject(t, b, key, "first", blob.Metadata{ContentType: "video/mp4"})
	first := requireObject(t, b, key, "first")
	putObject(t, b, key, "second", blob.Metadata{ContentType: "audio/mp4"})
	second := requireObject(t, b, key, "second")
	requireEqual(t, second.ContentType, "audio/mp4")
	if first.ETag == second.ETag {
		t.Errorf("both have ETag %q", first.ETag)
	}
}

func testEmptyObjectRoundTrips(t *testing.T, b Blob) {
	key := uniqueKey()
	putObject(t, b, key, "", blob.Metadata{})
	info := requireObject(t, b, key, "")
	requireNoError(t, b.DownloadObject(t.Context(), key, info.ETag, &bytes.Buffer{}))
}

func testMissingObjectIsNotFound(t *testing.T, b Blob) {
	_, _, err := b.GetObject(t.Context(), uniqueKey())
	requireError(t, err, errs.NotFound, "object_not_found")
	_, err = b.HeadObject(t.Context(), uniqueKey())
	requireError(t, err, errs.NotFound, "object_not_found")
	err = b.DownloadObject(t.Context(), uniqueKey(), "abc", &bytes.Buffer{})
	requireError(t, err, errs.NotFound, "object_not_found")
}

func testCancelledCallsAreTransient(t *testing.T, b Blob) {
	key := uniqueKey()
	putObject(t, b, key, "hello", blob.Metadata{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := b.GetObject(ctx, key)
	requireError(t, err, errs.Transient, "")
	_, err = b.HeadObject(ctx, key)
	requireError(t, err, errs.Transient, "")
	err = b.PutObject(ctx, key, strings.NewReader("bye"), blob.Metadata{})
	requireError(t, err, errs.Transient, "")
	_, err = b.CreateUpload(ctx, key, "")
	requireError(t, err, errs.Transient, "")
	_, err = b.ListParts(ctx, key, "x")
	requireError(t, err, errs.Transient, "")
	requireError(t, b.AbortUpload(ctx, key, "x"), errs.Transient, "")
	requireObject(t, b, key, "hello")
}

func testDownloadObjectChecksETag(t *testing.T, b Blob) {
	key := uniqueKey()
	putObject(t, b, key, "first", blob.Metadata{})
	old := requireObject(t, b, key, "first").ETag
	for _, etag := range []string{old, `"` + old + `"`} {
		var got bytes.Buffer
		requireNoError(t, b.DownloadObject(t.Context(), key, etag, &got))
		requireEqual(t, got.String(), "first")
	}
	putObject(t, b, key, "second", blob.Metadata{})
	var got bytes.Buffer
	requireError(t, b.DownloadObject(t.Context(), key, old, &got), errs.Conflict, "object_replaced")
	requireEqual(t, got.String(), "")
}

func testPresignedGetReadsObject(t *testing.T, b Blob) {
	key := uniqueKey()
	url, err := b.PresignGet(t.Context(), key, time.Minute)
	requireNoError(t, err)
	res, _ := requestURL(t, b, http.MethodGet, url, nil)
	requireEqual(t, res.StatusCode, http.StatusNotFound)

	putObject(t, b, key, "hello", blob.Metadata{ContentType: "video/mp4", CacheControl: "max-age=60"})
	res, body := requestURL(t, b, http.MethodGet, url, nil)
	requireEqual(t, res.StatusCode, http.StatusOK)
	requireEqual(t, body, "hello")
	requireEqual(t, res.Header.Get("Content-Type"), "video/mp4")
	requireEqual(t, res.Header.Get("Cache-Control"), "max-age=60")
}

func testDeletePrefix(t *testing.T, b Blob) {
	key := uniqueKey()
	for _, name := range []string{"/1", "/2 +%&?=#", "/a/b"} {
		putObject(t, b, key+name, "x", blob.Metadata{})
	}
	putObject(t, b, key+"2/1", "kept", blob.Metadata{})
	for _, left := range []int{3, 0} {
		n, err := b.DeletePrefix(t.Context(), key+"/")
		requireNoError(t, err)
		requireEqual(t, n, left)
	}
	_, err := b.HeadObject(t.Context(), key+"/a/b")
	requireError(t, err, errs.NotFound, "object_not_found")
	requireObject(t, b, key+"2/1", "kept")
	_, err = b.DeletePrefix(t.Context(), "")
	requireError(t, err, errs.Internal, "")
}
