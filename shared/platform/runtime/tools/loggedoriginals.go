package tools

import (
	"context"
	"io"
	"log/slog"
	"time"

	"sluice/shared/platform/source"
)

// loggedOriginals logs the size of each original that was read, in bytes, and the time that it took, in seconds: how
// fast S3 is for the function.
type loggedOriginals struct {
	source.Originals
	log *slog.Logger
}

func (l loggedOriginals) DownloadObject(ctx context.Context, key, etag string, to io.Writer) error {
	began, count := time.Now(), &byteCounter{Writer: to}
	err := l.Originals.DownloadObject(ctx, key, etag, count)
	if err == nil {
		l.log.InfoContext(ctx, "original read", "bytes", count.n, "seconds", time.Since(began).Seconds())
	}
	return err
}

// byteCounter counts the bytes that are written.
type byteCounter struct {
	io.Writer
	n int64
}

func (c *byteCounter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n += int64(n)
	return n, err
}
