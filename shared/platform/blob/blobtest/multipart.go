package blobtest

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/require"
)

// minimalPart is the smallest part that S3 accepts before the last one.
var minimalPart = bytes.Repeat([]byte("0123456789abcdef"), 5<<20/16)

// unquoteETags removes the quotes of ETags, as ListParts does.
func unquoteETags(parts ...blob.Part) []blob.Part {
	for i := range parts {
		parts[i].ETag = strings.Trim(parts[i].ETag, `"`)
	}
	return parts
}

func testPartsMakeObject(t *testing.T, b Blob) {
	key := uniqueKey()
	id := createUpload(t, b, key)
	last := putPresignedPart(t, b, key, id, 7, []byte("end")) // numbers may have gaps, and parts come in any order
	first := putPresignedPart(t, b, key, id, 2, minimalPart)

	require.Returns(t, unquoteETags(first, last))(b.ListParts(t.Context(), key, id))
	require.Fails(t, errs.NotFound, "")(b.HeadObject(t.Context(), key))

	etag, err := b.CompleteUpload(t.Context(), key, id, []blob.Part{first, last})
	require.NoError(t, err)
	info := requireObject(t, b, key, string(minimalPart)+"end")
	if age := time.Since(info.At).Abs(); age > time.Minute {
		t.Errorf("made at %s, %s from now", info.At, age)
	}
	info.At = time.Time{}
	require.Equal(t, info, video.StoredObject{Size: int64(len(minimalPart)) + 3, ETag: etag, ContentType: "video/mp4"})
	if !strings.HasSuffix(etag, "-2") {
		t.Errorf("ETag is %q", etag)
	}

	again, err := b.CompleteUpload(t.Context(), key, id, []blob.Part{first, last})
	if err != nil {
		require.Error(t, err, errs.NotFound, "upload_gone")
	} else {
		require.Equal(t, again, etag)
	}
}

func testPartCanBePutAgain(t *testing.T, b Blob) {
	key := uniqueKey()
	id := createUpload(t, b, key)
	old := putPresignedPart(t, b, key, id, 1, []byte("old"))
	part := putPresignedPart(t, b, key, id, 1, []byte("newer"))
	parts, err := b.ListParts(t.Context(), key, id)
	require.NoError(t, err)
	require.Equal(t, parts, unquoteETags(part))
	require.Fails(t, errs.Invalid, "part_missing")(b.CompleteUpload(t.Context(), key, id, []blob.Part{old}))
	require.Succeeds(t)(b.CompleteUpload(t.Context(), key, id, parts))
	requireObject(t, b, key, "newer")
}

func testPartOfWrongLengthIsRejected(t *testing.T, b Blob) {
	key := uniqueKey()
	id := createUpload(t, b, key)
	before := time.Now()
	url, expires, err := b.PresignPart(t.Context(), key, id, 1, 5, time.Minute)
	require.NoError(t, err)
	if d := expires.Sub(before); d < 55*time.Second || d > 2*time.Minute {
		t.Errorf("expires after %s, not a minute", d)
	}
	for _, body := range []string{"1234", "123456", ""} {
		res, _ := requestURL(t, b, http.MethodPut, url, []byte(body))
		if res.StatusCode/100 != 4 {
			t.Errorf("%d bytes instead of 5: %s", len(body), res.Status)
		}
	}
	require.Returns(t, []blob.Part(nil))(b.ListParts(t.Context(), key, id))
}

func testMissingPartsAreRejected(t *testing.T, b Blob) {
	key := uniqueKey()
	id := createUpload(t, b, key)
	first, second := putPresignedPart(t, b, key, id, 1,
		minimalPart), putPresignedPart(t, b, key, id, 2, []byte("small"))
	for _, parts := range [][]blob.Part{
		nil,
		{first, {Number: 9, ETag: first.ETag}},
		{{Number: 1, ETag: second.ETag}},
	} {
		require.Fails(t, errs.Invalid, "part_missing")(b.CompleteUpload(t.Context(), key, id, parts))
	}
	// the errors above have not ended the upload
	require.Succeeds(t)(b.CompleteUpload(t.Context(), key, id, []blob.Part{first, second}))
}

func testDescendingPartsAreRejected(t *testing.T, b Blob) {
	key := uniqueKey()
	id := createUpload(t, b, key)
	first, second := putPresignedPart(t, b, key, id, 1, minimalPart), putPresignedPart(t, b, key, id, 2, minimalPart)
	for _, parts := range [][]blob.Part{{second, first}, {first, first}} {
		require.Fails(t, errs.Invalid, "part_order")(b.CompleteUpload(t.Context(), key, id, parts))
	}
}

func testSmallPartIsRejected(t *testing.T, b Blob) {
	key := uniqueKey()
	id := createUpload(t, b, key)
	first, second := putPresignedPart(t, b, key, id, 1,
		minimalPart[1:]), putPresignedPart(t, b, key, id, 2, minimalPart)
	require.Fails(t, errs.Invalid, "part_too_small")(b.CompleteUpload(t.Context(), key, id, []blob.Part{first, second}))
}

func testAbortedUploadIsGone(t *testing.T, b Blob) {
	key := uniqueKey()
	id := createUpload(t, b, key)
	part := putPresignedPart(t, b, key, id, 1, []byte("hello"))
	url, _, err := b.PresignPart(t.Context(), key, id, 2, 5, time.Minute)
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, b.AbortUpload(t.Context(), key, id))
	}
	require.Fails(t, errs.NotFound, "upload_gone")(b.CompleteUpload(t.Context(), key, id, []blob.Part{part}))
	require.Fails(t, errs.NotFound, "upload_gone")(b.ListParts(t.Context(), key, id))
	res, _ := requestURL(t, b, http.MethodPut, url, []byte("hello"))
	require.Equal(t, res.StatusCode, http.StatusNotFound)
}

func testUploadBelongsToItsKey(t *testing.T, b Blob) {
	key := uniqueKey()
	id := createUpload(t, b, key)
	part := putPresignedPart(t, b, key, id, 1, []byte("hello"))
	require.Fails(t, errs.NotFound, "upload_gone")(b.CompleteUpload(t.Context(), uniqueKey(), id, []blob.Part{part}))
}
