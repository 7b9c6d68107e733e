package blobtest

import (
	"crypto/md5" //nolint:gosec // S3's ETag
	"fmt"
	"testing"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/blob"
)

func testUploadPartReplacesPart(t *testing.T, b Blob) {
	key := uniqueKey()
	id := createUpload(t, b, key)
	_, err := b.UploadPart(t.Context(), key, id, 1, []byte("old"))
	requireNoError(t, err)
	part, err := b.UploadPart(t.Context(), key, id, 1, []byte("newer"))
	requireNoError(t, err)
	requireEqual(t, part, blob.Part{Number: 1, ETag: fmt.Sprintf("%x", md5.Sum([]byte("newer"))), Size: 5}) //nolint:gosec // S3's ETag
	parts, err := b.ListParts(t.Context(), key, id)
	requireNoError(t, err)
	requireEqual(t, parts, []blob.Part{part})
	_, err = b.UploadPart(t.Context(), uniqueKey(), id, 1, []byte("x"))
	requireError(t, err, errs.NotFound, "upload_gone")
}

func testUnlistedPartsAreDropped(t *testing.T, b Blob) {
	key := uniqueKey()
	id := createUpload(t, b, key)
	first, err := b.UploadPart(t.Context(), key, id, 1, []byte("hello"))
	requireNoError(t, err)
	_, err = b.UploadPart(t.Context(), key, id, 10_000, []byte("a note"))
	requireNoError(t, err)
	_, err = b.CompleteUpload(t.Context(), key, id, []blob.Part{first})
	requireNoError(t, err)
	requireObject(t, b, key, "hello")
}

func testPartsAreCopied(t *testing.T, b Blob) {
	from, key := uniqueKey(), uniqueKey()
	body := string(minimalPart) + "the end"
	putObject(t, b, from, body, blob.Metadata{})
	etag := requireObject(t, b, from, body).ETag
	id := createUpload(t, b, key)
	var parts []blob.Part
	for i, r := range []blob.ObjectRange{{From: 0, Size: int64(len(minimalPart))}, {From: int64(len(minimalPart)), Size: 7}} {
		r.Bucket, r.Key, r.ETag = b.Name(), from, etag
		part, err := b.CopyPart(t.Context(), key, id, i+1, r)
		requireNoError(t, err)
		requireEqual(t, part.Number, i+1)
		requireEqual(t, part.Size, r.Size)
		parts = append(parts, part)
	}
	listed, err := b.ListParts(t.Context(), key, id)
	requireNoError(t, err)
	requireEqual(t, listed, parts)
	_, err = b.CompleteUpload(t.Context(), key, id, parts)
	requireNoError(t, err)
	requireObject(t, b, key, body)
}

func testCopyPartChecksETag(t *testing.T, b Blob) {
	from, key := uniqueKey(), uniqueKey()
	putObject(t, b, from, "first", blob.Metadata{})
	r := blob.ObjectRange{Bucket: b.Name(), Key: from, ETag: requireObject(t, b, from, "first").ETag, Size: 5}
	putObject(t, b, from, "second", blob.Metadata{})
	id := createUpload(t, b, key)
	_, err := b.CopyPart(t.Context(), key, id, 1, r)
	requireError(t, err, errs.Conflict, "object_replaced")
	r.Key = uniqueKey()
	_, err = b.CopyPart(t.Context(), key, id, 1, r)
	requireError(t, err, errs.NotFound, "object_not_found")
	r.Bucket = "sluice-has-no-such-bucket"
	_, err = b.CopyPart(t.Context(), key, id, 1, r)
	requireError(t, err, errs.NotFound, "object_not_found")
	requireNoError(t, b.AbortUpload(t.Context(), key, id))
	putObject(t, b, from, "first", blob.Metadata{})
	r.Bucket, r.Key = b.Name(), from
	_, err = b.CopyPart(t.Context(), key, id, 1, r)
	requireError(t, err, errs.NotFound, "upload_gone")
}

func testHeadObjectInBucket(t *testing.T, b Blob) {
	key := uniqueKey()
	putObject(t, b, key, "hello", blob.Metadata{ContentType: "video/mp4"})
	got, err := b.HeadObjectInBucket(t.Context(), b.Name(), key)
	requireNoError(t, err)
	kept := requireObject(t, b, key, "hello")
	requireEqual(t, []any{got.Size, got.ETag, got.ContentType}, []any{kept.Size, kept.ETag, kept.ContentType})
	_, err = b.HeadObjectInBucket(t.Context(), b.Name(), uniqueKey())
	requireError(t, err, errs.NotFound, "object_not_found")
	_, err = b.HeadObjectInBucket(t.Context(), "sluice-has-no-such-bucket", key)
	requireError(t, err, errs.NotFound, "object_not_found")
}
