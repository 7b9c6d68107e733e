package blobtest

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/blob"
)

// large is the least that a part before the last may have.
var large = bytes.Repeat([]byte("0123456789abcdef"), 5<<20/16)

// unquoted returns parts as ListParts does.
func unquoted(parts ...blob.Part) []blob.Part {
	for i := range parts {
		parts[i].ETag = strings.Trim(parts[i].ETag, `"`)
	}
	return parts
}

func partsMakeObject(t *testing.T, b Blob) {
	key := unique()
	id := create(t, b, key)
	last := putPart(t, b, key, id, 7, []byte("end")) // numbers may have gaps, and parts come in any order
	first := putPart(t, b, key, id, 2, large)

	parts, err := b.ListParts(t.Context(), key, id)
	must(t, err)
	same(t, parts, unquoted(first, last))
	_, err = b.Head(t.Context(), key)
	want(t, err, errs.NotFound, "")

	etag, err := b.CompleteUpload(t.Context(), key, id, []blob.Part{first, last})
	must(t, err)
	info := stored(t, b, key, string(large)+"end")
	if age := time.Since(info.At).Abs(); age > time.Minute {
		t.Errorf("made at %s, %s from now", info.At, age)
	}
	info.At = time.Time{}
	same(t, info, blob.Info{Size: int64(len(large)) + 3, ETag: etag, ContentType: "video/mp4"})
	if !strings.HasSuffix(etag, "-2") {
		t.Errorf("ETag is %q", etag)
	}

	again, err := b.CompleteUpload(t.Context(), key, id, []blob.Part{first, last})
	if err != nil {
		want(t, err, errs.NotFound, "upload_gone")
	} else {
		same(t, again, etag)
	}
}

func partAgain(t *testing.T, b Blob) {
	key := unique()
	id := create(t, b, key)
	old := putPart(t, b, key, id, 1, []byte("old"))
	part := putPart(t, b, key, id, 1, []byte("newer"))
	parts, err := b.ListParts(t.Context(), key, id)
	must(t, err)
	same(t, parts, unquoted(part))
	_, err = b.CompleteUpload(t.Context(), key, id, []blob.Part{old})
	want(t, err, errs.Invalid, "part_missing")
	_, err = b.CompleteUpload(t.Context(), key, id, parts)
	must(t, err)
	stored(t, b, key, "newer")
}

func wrongLength(t *testing.T, b Blob) {
	key := unique()
	id := create(t, b, key)
	before := time.Now()
	url, expires, err := b.SignPart(t.Context(), key, id, 1, 5, time.Minute)
	must(t, err)
	if d := expires.Sub(before); d < 55*time.Second || d > 2*time.Minute {
		t.Errorf("expires after %s, not a minute", d)
	}
	for _, body := range []string{"1234", "123456", ""} {
		res, _ := send(t, b, http.MethodPut, url, []byte(body))
		if res.StatusCode/100 != 4 {
			t.Errorf("%d bytes instead of 5: %s", len(body), res.Status)
		}
	}
	parts, err := b.ListParts(t.Context(), key, id)
	must(t, err)
	same(t, len(parts), 0)
}

func partsMissing(t *testing.T, b Blob) {
	key := unique()
	id := create(t, b, key)
	first, second := putPart(t, b, key, id, 1, large), putPart(t, b, key, id, 2, []byte("small"))
	for _, parts := range [][]blob.Part{
		nil,
		{first, {Number: 9, ETag: first.ETag}},
		{{Number: 1, ETag: second.ETag}},
	} {
		_, err := b.CompleteUpload(t.Context(), key, id, parts)
		want(t, err, errs.Invalid, "part_missing")
	}
	_, err := b.CompleteUpload(t.Context(), key, id, []blob.Part{first, second})
	must(t, err) // nothing above has ended the upload
}

func partsDescend(t *testing.T, b Blob) {
	key := unique()
	id := create(t, b, key)
	first, second := putPart(t, b, key, id, 1, large), putPart(t, b, key, id, 2, large)
	for _, parts := range [][]blob.Part{{second, first}, {first, first}} {
		_, err := b.CompleteUpload(t.Context(), key, id, parts)
		want(t, err, errs.Invalid, "part_order")
	}
}

func partTooSmall(t *testing.T, b Blob) {
	key := unique()
	id := create(t, b, key)
	first, second := putPart(t, b, key, id, 1, large[1:]), putPart(t, b, key, id, 2, large)
	_, err := b.CompleteUpload(t.Context(), key, id, []blob.Part{first, second})
	want(t, err, errs.Invalid, "part_too_small")
}

func uploadIsGone(t *testing.T, b Blob) {
	key := unique()
	id := create(t, b, key)
	part := putPart(t, b, key, id, 1, []byte("hello"))
	url, _, err := b.SignPart(t.Context(), key, id, 2, 5, time.Minute)
	must(t, err)
	for range 2 {
		must(t, b.AbortUpload(t.Context(), key, id))
	}
	_, err = b.CompleteUpload(t.Context(), key, id, []blob.Part{part})
	want(t, err, errs.NotFound, "upload_gone")
	_, err = b.ListParts(t.Context(), key, id)
	want(t, err, errs.NotFound, "upload_gone")
	res, _ := send(t, b, http.MethodPut, url, []byte("hello"))
	same(t, res.StatusCode, http.StatusNotFound)
}

func uploadHasKey(t *testing.T, b Blob) {
	key := unique()
	id := create(t, b, key)
	part := putPart(t, b, key, id, 1, []byte("hello"))
	_, err := b.CompleteUpload(t.Context(), unique(), id, []blob.Part{part})
	want(t, err, errs.NotFound, "upload_gone")
}
