package blobtest

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/blob"
)

func testReplaceObjectChecksETag(t *testing.T, b Blob) {
	key := uniqueKey()
	replace := func(etag, body string) error {
		return b.ReplaceObject(t.Context(), key, etag, strings.NewReader(body), blob.Metadata{ContentType: "video/mp4"})
	}
	requireError(t, replace("0123456789abcdef0123456789abcdef", "first"), errs.Conflict, "object_replaced")
	requireNoError(t, replace("", "first"))
	first := requireObject(t, b, key, "first")
	requireEqual(t, first.ContentType, "video/mp4")
	requireError(t, replace("", "second"), errs.Conflict, "object_replaced")
	requireObject(t, b, key, "first")
	requireNoError(t, replace(`"`+first.ETag+`"`, "second"))
	requireError(t, replace(first.ETag, "third"), errs.Conflict, "object_replaced")
	requireObject(t, b, key, "second")
}

// testOneConcurrentReplaceWins: one of several concurrent replacements of an object succeeds.
func testOneConcurrentReplaceWins(t *testing.T, b Blob) {
	key := uniqueKey()
	var all sync.WaitGroup
	var done atomic.Int32
	for _, body := range strings.Split("abcdefgh", "") {
		all.Go(func() {
			if b.ReplaceObject(t.Context(), key, "", strings.NewReader(body), blob.Metadata{}) == nil {
				done.Add(1)
			}
		})
	}
	all.Wait()
	requireEqual(t, done.Load(), int32(1))
}
