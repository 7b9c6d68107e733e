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

func objectIsKept(t *testing.T, b Blob) {
	key := unique()
	put(t, b, key, "hello", blob.Meta{ContentType: "video/mp4"})
	got := stored(t, b, key, "hello")
	same(t, got.ContentType, "video/mp4")
	if got.ETag == "" || strings.Contains(got.ETag, `"`) {
		t.Errorf("ETag is %q", got.ETag)
	}
	head, err := b.Head(t.Context(), key)
	must(t, err)
	same(t, head, got)
	if age := time.Since(head.At).Abs(); age > time.Minute {
		t.Errorf("written at %s, %s from now", head.At, age)
	}
}

func objectIsReplaced(t *testing.T, b Blob) {
	key := unique()
	put(t, b, key, "first", blob.Meta{ContentType: "video/mp4"})
	first := stored(t, b, key, "first")
	put(t, b, key, "second", blob.Meta{ContentType: "audio/mp4"})
	second := stored(t, b, key, "second")
	same(t, second.ContentType, "audio/mp4")
	if first.ETag == second.ETag {
		t.Errorf("both have ETag %q", first.ETag)
	}
}

func emptyIsKept(t *testing.T, b Blob) {
	key := unique()
	put(t, b, key, "", blob.Meta{})
	info := stored(t, b, key, "")
	must(t, b.Download(t.Context(), key, info.ETag, &bytes.Buffer{}))
}

func missingIsNotFound(t *testing.T, b Blob) {
	_, _, err := b.Get(t.Context(), unique())
	want(t, err, errs.NotFound, "object_not_found")
	_, err = b.Head(t.Context(), unique())
	want(t, err, errs.NotFound, "object_not_found")
	err = b.Download(t.Context(), unique(), "abc", &bytes.Buffer{})
	want(t, err, errs.NotFound, "object_not_found")
}

func cancelledIsTransient(t *testing.T, b Blob) {
	key := unique()
	put(t, b, key, "hello", blob.Meta{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := b.Get(ctx, key)
	want(t, err, errs.Transient, "")
	_, err = b.Head(ctx, key)
	want(t, err, errs.Transient, "")
	err = b.Put(ctx, key, strings.NewReader("bye"), blob.Meta{})
	want(t, err, errs.Transient, "")
	_, err = b.CreateUpload(ctx, key, "")
	want(t, err, errs.Transient, "")
	_, err = b.ListParts(ctx, key, "x")
	want(t, err, errs.Transient, "")
	want(t, b.AbortUpload(ctx, key, "x"), errs.Transient, "")
	stored(t, b, key, "hello")
}

func downloadWantsETag(t *testing.T, b Blob) {
	key := unique()
	put(t, b, key, "first", blob.Meta{})
	old := stored(t, b, key, "first").ETag
	for _, etag := range []string{old, `"` + old + `"`} {
		var got bytes.Buffer
		must(t, b.Download(t.Context(), key, etag, &got))
		same(t, got.String(), "first")
	}
	put(t, b, key, "second", blob.Meta{})
	var got bytes.Buffer
	want(t, b.Download(t.Context(), key, old, &got), errs.Conflict, "object_replaced")
	same(t, got.String(), "")
}

func signedGet(t *testing.T, b Blob) {
	key := unique()
	url, err := b.SignGet(t.Context(), key, time.Minute)
	must(t, err)
	res, _ := send(t, b, http.MethodGet, url, nil)
	same(t, res.StatusCode, http.StatusNotFound)

	put(t, b, key, "hello", blob.Meta{ContentType: "video/mp4", CacheControl: "max-age=60"})
	res, body := send(t, b, http.MethodGet, url, nil)
	same(t, res.StatusCode, http.StatusOK)
	same(t, body, "hello")
	same(t, res.Header.Get("Content-Type"), "video/mp4")
	same(t, res.Header.Get("Cache-Control"), "max-age=60")
}

func prefixIsDeleted(t *testing.T, b Blob) {
	key := unique()
	for _, name := range []string{"/1", "/2 +%&?=#", "/a/b"} {
		put(t, b, key+name, "x", blob.Meta{})
	}
	put(t, b, key+"2/1", "kept", blob.Meta{})
	for _, left := range []int{3, 0} {
		n, err := b.DeleteAll(t.Context(), key+"/")
		must(t, err)
		same(t, n, left)
	}
	_, err := b.Head(t.Context(), key+"/a/b")
	want(t, err, errs.NotFound, "object_not_found")
	stored(t, b, key+"2/1", "kept")
	_, err = b.DeleteAll(t.Context(), "")
	want(t, err, errs.Internal, "")
}
