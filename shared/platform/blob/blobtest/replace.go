package blobtest

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/require"
)

func testReplaceObjectChecksETag(t *testing.T, b Blob) {
	key := uniqueKey()
	replace := func(etag, body string) error {
		return b.ReplaceObject(t.Context(), key, etag, strings.NewReader(body), blob.Metadata{ContentType: "video/mp4"})
	}
	require.Error(t, replace("0123456789abcdef0123456789abcdef", "first"), errs.Conflict, "object_replaced")
	require.NoError(t, replace("", "first"))
	first := requireObject(t, b, key, "first")
	require.Equal(t, first.ContentType, "video/mp4")
	require.Error(t, replace("", "second"), errs.Conflict, "object_replaced")
	requireObject(t, b, key, "first")
	require.NoError(t, replace(`"`+first.ETag+`"`, "second"))
	require.Error(t, replace(first.ETag, "third"), errs.Conflict, "object_replaced")
	requireObject(t, b, key, "second")
}

// testOneConcurrentReplaceWins: one of several concurrent replacements of an object succeeds.
func testOneConcurrentReplaceWins(t *testing.T, b Blob) {
	key := uniqueKey()
	failures := require.RunConcurrently(8, func(i int) error {
		return b.ReplaceObject(t.Context(), key, "", strings.NewReader(strconv.Itoa(i)), blob.Metadata{})
	})
	failures = slices.DeleteFunc(failures, func(err error) bool { return err == nil })
	require.Equal(t, len(failures), 7)
}
