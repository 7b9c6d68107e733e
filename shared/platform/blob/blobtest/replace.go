package blobtest

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/blob"
)

func replaceWantsETag(t *testing.T, b Blob) {
	key := unique()
	replace := func(etag, body string) error {
		return b.Replace(t.Context(), key, etag, strings.NewReader(body), blob.Meta{ContentType: "video/mp4"})
	}
	want(t, replace("0123456789abcdef0123456789abcdef", "first"), errs.Conflict, "object_replaced")
	must(t, replace("", "first"))
	first := stored(t, b, key, "first")
	same(t, first.ContentType, "video/mp4")
	want(t, replace("", "second"), errs.Conflict, "object_replaced")
	stored(t, b, key, "first")
	must(t, replace(`"`+first.ETag+`"`, "second"))
	want(t, replace(first.ETag, "third"), errs.Conflict, "object_replaced")
	stored(t, b, key, "second")
}

// Of many who replace the same object, one does.
func oneReplaces(t *testing.T, b Blob) {
	key := unique()
	var all sync.WaitGroup
	var done atomic.Int32
	for _, body := range strings.Split("abcdefgh", "") {
		all.Go(func() {
			if b.Replace(t.Context(), key, "", strings.NewReader(body), blob.Meta{}) == nil {
				done.Add(1)
			}
		})
	}
	all.Wait()
	same(t, done.Load(), int32(1))
}
