package pipeline_test

import (
	"context"
	"io"
	"sync/atomic"

	"sluice/shared/domain/services"
	"sluice/shared/platform/blob"
)

// countingBucket counts what is read of originals and their indexes.
type countingBucket struct {
	*blob.Memory
	whole    atomic.Int64 // downloads of a whole original
	requests atomic.Int64 // of a range
	bytes    atomic.Int64 // of the original, and of its index
	index    atomic.Int64 // of the index
}

func (b *countingBucket) DownloadObject(ctx context.Context, key, etag string, w io.Writer) error {
	b.whole.Add(1)
	return b.Memory.DownloadObject(ctx, key, etag, io.MultiWriter(w, byteCounter{&b.bytes}))
}

func (b *countingBucket) DownloadRange(
	ctx context.Context, key, etag string, from, length int64, w io.Writer,
) error {
	b.requests.Add(1)
	to := io.MultiWriter(w, byteCounter{&b.bytes})
	if _, _, isOriginal := services.ParseOriginalKey(key); !isOriginal {
		to = io.MultiWriter(to, byteCounter{&b.index})
	}
	return b.Memory.DownloadRange(ctx, key, etag, from, length, to)
}

// byteCounter counts the bytes that are written to it.
type byteCounter struct{ n *atomic.Int64 }

func (c byteCounter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}
