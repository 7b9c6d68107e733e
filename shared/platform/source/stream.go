package source

import (
	"context"
	"io"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/sampletable"
)

const (
	maxPiecesAhead = 8 // pieces of a stream that are in memory or under way
	pieceAttempts  = 3 // a stream that breaks off would have to begin again
)

// Stream reads an original from its beginning to its end, several ranges at a time.
type Stream struct {
	from      Originals
	key, etag string
	pieces    chan chan fetchedPiece
	current   []byte
	rest      int64 // bytes that no Read has returned
	stop      context.CancelFunc
	err       error
}

type fetchedPiece struct {
	bytes []byte
	err   error
}

// NewStream returns a stream of an original of size bytes. The caller closes it.
func NewStream(ctx context.Context, from Originals, key, etag string, size int64) *Stream {
	ctx, stop := context.WithCancel(ctx)
	s := &Stream{
		from: from, key: key, etag: etag, pieces: make(chan chan fetchedPiece, maxPiecesAhead-1), rest: size,
		stop: stop,
	}
	go s.fetchPieces(ctx, size)
	return s
}

// fetchPieces starts the requests, in the order of their ranges.
func (s *Stream) fetchPieces(ctx context.Context, size int64) {
	defer close(s.pieces)
	for at := int64(0); at < size; at += maxPiece {
		piece := make(chan fetchedPiece, 1)
		select {
		case s.pieces <- piece:
		case <-ctx.Done():
			return
		}
		go func() {
			b, err := s.fetchPiece(ctx, sampletable.Range{From: at, To: min(at+maxPiece, size)})
			piece <- fetchedPiece{b, err}
		}()
	}
}

func (s *Stream) fetchPiece(ctx context.Context, r sampletable.Range) (b []byte, err error) {
	for range pieceAttempts {
		if b, err = readRange(ctx, s.from, s.key, s.etag, r); errs.KindOf(err) != errs.Transient {
			break
		}
	}
	return b, err
}

// Read reads the next bytes. Its errors are those of Originals, and Transient if the context has ended.
func (s *Stream) Read(p []byte) (int, error) {
	for len(s.current) == 0 && s.err == nil {
		next, ok := <-s.pieces
		switch {
		case ok:
			piece := <-next
			s.current, s.err = piece.bytes, piece.err
		case s.rest > 0:
			s.err = errs.E("source.Read", errs.Transient, context.Canceled)
		default:
			s.err = io.EOF
		}
	}
	if len(s.current) == 0 {
		return 0, s.err
	}
	n := copy(p, s.current)
	s.current, s.rest = s.current[n:], s.rest-int64(n)
	return n, nil
}

// Err returns the error that a Read has returned, but for io.EOF.
func (s *Stream) Err() error {
	if s.err == io.EOF {
		return nil
	}
	return s.err
}

// Close ends the requests that are under way.
func (s *Stream) Close() error {
	s.stop()
	return nil
}
