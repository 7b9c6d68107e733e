package source_test

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/source"
	"sluice/shared/platform/source/sourcetest"
)

// requestCounter counts the ranges that are read.
type requestCounter struct {
	*blob.Memory
	requests int
}

func (c *requestCounter) DownloadRange(
	ctx context.Context, key, etag string, from, length int64, to io.Writer,
) error {
	c.requests++
	return c.Memory.DownloadRange(ctx, key, etag, from, length, to)
}

// A file of small boxes without end is not read box by box.
func TestManyTopBoxesAreNotRead(t *testing.T) {
	t.Parallel()
	fileType := []byte("\x00\x00\x00\x10ftypisom\x00\x00\x02\x00")
	body := bytes.Repeat(fileType, 10_000)
	bucket, e := sourcetest.NewBucket(t, body, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	o := e.Data.(video.StoredObject)
	c := &requestCounter{Memory: bucket}
	s, err := source.DownloadSparse(t.Context(), c, o.Key, o.ETag, int64(len(body)), t.TempDir())
	if err == nil {
		s.Close()
	}
	if errs.KindOf(err) != errs.Invalid || c.requests > 100 {
		t.Errorf("%v after %d requests", err, c.requests)
	}
}
