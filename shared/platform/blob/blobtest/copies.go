package blobtest

import (
	"crypto/md5" //nolint:gosec // S3's ETag
	"fmt"
	"testing"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/blob"
)

func partIsWritten(t *testing.T, b Blob) {
	key := unique()
	id := create(t, b, key)
	_, err := b.WritePart(t.Context(), key, id, 1, []byte("old"))
	must(t, err)
	part, err := b.WritePart(t.Context(), key, id, 1, []byte("newer"))
	must(t, err)
	same(t, part, blob.Part{Number: 1, ETag: fmt.Sprintf("%x", md5.Sum([]byte("newer"))), Size: 5}) //nolint:gosec // S3's ETag
	parts, err := b.ListParts(t.Context(), key, id)
	must(t, err)
	same(t, parts, []blob.Part{part})
	_, err = b.WritePart(t.Context(), unique(), id, 1, []byte("x"))
	want(t, err, errs.NotFound, "upload_gone")
}

func partsLeftOut(t *testing.T, b Blob) {
	key := unique()
	id := create(t, b, key)
	first, err := b.WritePart(t.Context(), key, id, 1, []byte("hello"))
	must(t, err)
	_, err = b.WritePart(t.Context(), key, id, 10_000, []byte("a note"))
	must(t, err)
	_, err = b.CompleteUpload(t.Context(), key, id, []blob.Part{first})
	must(t, err)
	stored(t, b, key, "hello")
}

func partsAreCopied(t *testing.T, b Blob) {
	from, key := unique(), unique()
	body := string(large) + "the end"
	put(t, b, from, body, blob.Meta{})
	etag := stored(t, b, from, body).ETag
	id := create(t, b, key)
	var parts []blob.Part
	for i, r := range []blob.Range{{From: 0, Size: int64(len(large))}, {From: int64(len(large)), Size: 7}} {
		r.Bucket, r.Key, r.ETag = b.Name(), from, etag
		part, err := b.CopyPart(t.Context(), key, id, i+1, r)
		must(t, err)
		same(t, part.Number, i+1)
		same(t, part.Size, r.Size)
		parts = append(parts, part)
	}
	listed, err := b.ListParts(t.Context(), key, id)
	must(t, err)
	same(t, listed, parts)
	_, err = b.CompleteUpload(t.Context(), key, id, parts)
	must(t, err)
	stored(t, b, key, body)
}

func copyWantsETag(t *testing.T, b Blob) {
	from, key := unique(), unique()
	put(t, b, from, "first", blob.Meta{})
	r := blob.Range{Bucket: b.Name(), Key: from, ETag: stored(t, b, from, "first").ETag, Size: 5}
	put(t, b, from, "second", blob.Meta{})
	id := create(t, b, key)
	_, err := b.CopyPart(t.Context(), key, id, 1, r)
	want(t, err, errs.Conflict, "object_replaced")
	r.Key = unique()
	_, err = b.CopyPart(t.Context(), key, id, 1, r)
	want(t, err, errs.NotFound, "object_not_found")
	r.Bucket = "sluice-has-no-such-bucket"
	_, err = b.CopyPart(t.Context(), key, id, 1, r)
	want(t, err, errs.NotFound, "object_not_found")
	must(t, b.AbortUpload(t.Context(), key, id))
	put(t, b, from, "first", blob.Meta{})
	r.Bucket, r.Key = b.Name(), from
	_, err = b.CopyPart(t.Context(), key, id, 1, r)
	want(t, err, errs.NotFound, "upload_gone")
}

func lookIntoAnother(t *testing.T, b Blob) {
	key := unique()
	put(t, b, key, "hello", blob.Meta{ContentType: "video/mp4"})
	got, err := b.Look(t.Context(), b.Name(), key)
	must(t, err)
	kept := stored(t, b, key, "hello")
	same(t, []any{got.Size, got.ETag, got.ContentType}, []any{kept.Size, kept.ETag, kept.ContentType})
	_, err = b.Look(t.Context(), b.Name(), unique())
	want(t, err, errs.NotFound, "object_not_found")
	_, err = b.Look(t.Context(), "sluice-has-no-such-bucket", key)
	want(t, err, errs.NotFound, "object_not_found")
}
