package source

import (
	"context"
	"fmt"
	"io"
	"os"

	"golang.org/x/sync/errgroup"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/sampletable"
	"sluice/shared/domain/video"
)

// transferPart writes a part of an original to a file.
func transferPart(
	ctx context.Context, from Originals, original video.Source, part sampletable.Part, path string,
) error {
	const op = "source.transferPart"
	f, err := os.Create(path)
	if err != nil {
		return errs.E(op, errs.Transient, err)
	}
	defer f.Close()
	if _, err := f.Write(part.Head); err != nil {
		return errs.E(op, errs.Transient, err)
	}
	t := transfer{from: from, key: original.Key, etag: original.ETag, to: f}
	at := int64(len(part.Head))
	for _, r := range part.Ranges {
		t.add(r, at)
		at += r.Len()
	}
	return t.run(ctx)
}

// transfer copies ranges of an object into a file.
type transfer struct {
	from      Originals
	key, etag string
	to        io.WriterAt
	pieces    []piece
}

// piece is the range of one request, and where it belongs in the file.
type piece struct {
	sampletable.Range
	at int64
}

// add adds a range whose first byte belongs at a position of the file.
func (t *transfer) add(r sampletable.Range, at int64) {
	for ; r.From < r.To; r.From, at = r.From+maxPiece, at+maxPiece {
		t.pieces = append(t.pieces, piece{sampletable.Range{From: r.From, To: min(r.To, r.From+maxPiece)}, at})
	}
}

// run copies all ranges, several at a time. It fails with Invalid if they are too many.
func (t *transfer) run(ctx context.Context) error {
	if n := len(t.pieces); n > maxRequests {
		return errs.E("source.transfer", errs.Invalid, fmt.Errorf("%d requests", n))
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(maxTransfers)
	for _, p := range t.pieces {
		g.Go(func() error {
			w := &countingWriter{to: io.NewOffsetWriter(t.to, p.at)}
			if err := t.from.DownloadRange(ctx, t.key, t.etag, p.From, p.Len(), w); err != nil {
				return err
			}
			return requireLength(w.written, p.Len())
		})
	}
	t.pieces = nil
	return g.Wait()
}

// countingWriter counts the bytes that are written to another writer.
type countingWriter struct {
	to      io.Writer
	written int64
}

func (w *countingWriter) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	w.written += int64(n)
	return n, err
}

func requireLength(got, want int64) error {
	if got != want {
		return errs.E("source.DownloadRange", errs.Transient, fmt.Errorf("%w: %d of %d bytes", errShort, got, want))
	}
	return nil
}
