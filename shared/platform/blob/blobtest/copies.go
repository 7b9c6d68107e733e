package blobtest

import (
	"crypto/md5" //nolint:gosec // S3's ETag
	"fmt"
	"testing"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/require"
)

func testUploadPartReplacesPart(t *testing.T, b Blob) {
	key := uniqueKey()
	id := createUpload(t, b, key)
	require.Succeeds(t)(b.UploadPart(t.Context(), key, id, 1, []byte("old")))
	part, err := b.UploadPart(t.Context(), key, id, 1, []byte("newer"))
	require.NoError(t, err)
	// nolint:gosec // S3's ETag
	require.Equal(t, part, blob.Part{Number: 1, ETag: fmt.Sprintf("%x", md5.Sum([]byte("newer"))), Size: 5})
	require.Returns(t, []blob.Part{part})(b.ListParts(t.Context(), key, id))
	require.Fails(t, errs.NotFound, "upload_gone")(b.UploadPart(t.Context(), uniqueKey(), id, 1, []byte("x")))
}

func testUnlistedPartsAreDropped(t *testing.T, b Blob) {
	key := uniqueKey()
	id := createUpload(t, b, key)
	first, err := b.UploadPart(t.Context(), key, id, 1, []byte("hello"))
	require.NoError(t, err)
	require.Succeeds(t)(b.UploadPart(t.Context(), key, id, 10_000, []byte("a note")))
	require.Succeeds(t)(b.CompleteUpload(t.Context(), key, id, []blob.Part{first}))
	requireObject(t, b, key, "hello")
}

func testPartsAreCopied(t *testing.T, b Blob) {
	from, key := uniqueKey(), uniqueKey()
	body := string(minimalPart) + "the end"
	putObject(t, b, from, body, blob.Metadata{})
	etag := requireObject(t, b, from, body).ETag
	id := createUpload(t, b, key)
	var parts []blob.Part
	for i, r := range []blob.ObjectRange{
		{From: 0, Size: int64(len(minimalPart))}, {From: int64(len(minimalPart)), Size: 7},
	} {
		r.Bucket, r.Key, r.ETag = b.Name(), from, etag
		part, err := b.CopyPart(t.Context(), key, id, i+1, r)
		require.NoError(t, err)
		require.Equal(t, part.Number, i+1)
		require.Equal(t, part.Size, r.Size)
		parts = append(parts, part)
	}
	require.Returns(t, parts)(b.ListParts(t.Context(), key, id))
	require.Succeeds(t)(b.CompleteUpload(t.Context(), key, id, parts))
	requireObject(t, b, key, body)
}

func testCopyPartChecksETag(t *testing.T, b Blob) {
	from, key := uniqueKey(), uniqueKey()
	putObject(t, b, from, "first", blob.Metadata{})
	r := blob.ObjectRange{Bucket: b.Name(), Key: from, ETag: requireObject(t, b, from, "first").ETag, Size: 5}
	putObject(t, b, from, "second", blob.Metadata{})
	id := createUpload(t, b, key)
	require.Fails(t, errs.Conflict, "object_replaced")(b.CopyPart(t.Context(), key, id, 1, r))
	r.Key = uniqueKey()
	require.Fails(t, errs.NotFound, "object_not_found")(b.CopyPart(t.Context(), key, id, 1, r))
	r.Bucket = "sluice-has-no-such-bucket"
	require.Fails(t, errs.NotFound, "object_not_found")(b.CopyPart(t.Context(), key, id, 1, r))
	require.NoError(t, b.AbortUpload(t.Context(), key, id))
	putObject(t, b, from, "first", blob.Metadata{})
	r.Bucket, r.Key = b.Name(), from
	require.Fails(t, errs.NotFound, "upload_gone")(b.CopyPart(t.Context(), key, id, 1, r))
}

func testHeadObjectInBucket(t *testing.T, b Blob) {
	key := uniqueKey()
	putObject(t, b, key, "hello", blob.Metadata{ContentType: "video/mp4"})
	got, err := b.HeadObjectInBucket(t.Context(), b.Name(), key)
	require.NoError(t, err)
	kept := requireObject(t, b, key, "hello")
	require.Equal(t, []any{got.Size, got.ETag, got.ContentType}, []any{kept.Size, kept.ETag, kept.ContentType})
	require.Fails(t, errs.NotFound, "object_not_found")(b.HeadObjectInBucket(t.Context(), b.Name(), uniqueKey()))
	require.Fails(t, errs.NotFound,
		"object_not_found")(b.HeadObjectInBucket(t.Context(), "sluice-has-no-such-bucket", key))
}
