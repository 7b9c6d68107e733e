package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/fileformat"
	"sluice/shared/domain/sampletable"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

const (
	maxGap       = 64 << 10 // bytes between two ranges that are read together
	maxPiece     = 8 << 20  // bytes of one request; S3 sends several faster than one
	maxTransfers = 16       // requests at a time
	// maxRequests is how many requests a transfer may make. They last half a minute; more cost more than to download
	// the whole original, which S3 does not charge for by the byte within a region.
	maxRequests = 20_000
)

// errShort is returned for a range that the object does not have, although its index says so.
var errShort = errors.New("the object is shorter than its index says")

// DownloadPart writes a file into the folder dir that has what a task needs of an original, by its index of a version.
// start is the presentation time in the file of the first frame of the whole video that is shown, in ticks. window
// returns what a video task needs, from that time in the original; nil: the audio. DownloadPart fails with Invalid if
// the task needs the whole original, because the index is missing or does not do.
func DownloadPart(
	ctx context.Context, from Originals, original video.Source, version int, dir string,
	window func(start int64) sampletable.Window,
) (f File, start int64, err error) {
	const op = "source.DownloadPart"
	if version != sampletable.Version {
		return File{}, 0, errs.E(op, errs.Invalid, fmt.Errorf("the index is of version %d", version))
	}
	x := indexReader{from, services.IndexKey(original.Key, original.ETag, version)}
	part, err := x.buildPart(ctx, original, window)
	if err != nil {
		return File{}, 0, err
	}
	f = File{Dir: dir, Name: "part", Container: fileformat.Mov, size: part.Size()}
	return f, part.Start, transferPart(ctx, from, original, part, filepath.Join(dir, f.Name))
}

// indexReader reads an index.
type indexReader struct {
	from Originals
	key  string
}

// buildPart returns the file that a task needs. It fails with Invalid if the index is missing or has no answer.
func (x indexReader) buildPart(
	ctx context.Context, original video.Source, window func(start int64) sampletable.Window,
) (sampletable.Part, error) {
	const op = "source.buildPart"
	head, err := x.readHead(ctx)
	if err != nil {
		return sampletable.Part{}, err
	}
	var part sampletable.Part
	if window == nil {
		part, err = x.buildAudioPart(ctx, original, head)
	} else {
		part, err = x.buildVideoPart(ctx, head, window(head.Start))
	}
	if errs.KindOf(err) == errs.Internal { // not from S3: of package sampletable
		err = errs.E(op, errs.Invalid, err)
	}
	return part, err
}

// readHead reads the head of the index. A missing index is Invalid.
func (x indexReader) readHead(ctx context.Context) (sampletable.Head, error) {
	const op = "source.readHead"
	b, err := readAtMost(ctx, x.from, x.key, "", sampletable.Range{To: sampletable.HeadBytes})
	if errs.KindOf(err) == errs.NotFound {
		return sampletable.Head{}, errs.E(op, errs.Invalid, err)
	} else if err != nil {
		return sampletable.Head{}, err
	}
	size, err := sampletable.HeadSize(b)
	if err != nil {
		return sampletable.Head{}, errs.E(op, errs.Invalid, err)
	}
	if n := int64(len(b)); n < size {
		rest, err := readRange(ctx, x.from, x.key, "", sampletable.Range{From: n, To: size})
		if err != nil {
			return sampletable.Head{}, err
		}
		b = append(b, rest...)
	}
	head, err := sampletable.ParseHead(b)
	if err != nil {
		return head, errs.E(op, errs.Invalid, err)
	}
	return head, nil
}

func (x indexReader) buildVideoPart(
	ctx context.Context, head sampletable.Head, w sampletable.Window,
) (sampletable.Part, error) {
	b, err := readRange(ctx, x.from, x.key, "", head.FindBlocks(w))
	if err != nil {
		return sampletable.Part{}, err
	}
	all, err := sampletable.ParseBlocks(b)
	if err != nil {
		return sampletable.Part{}, err
	}
	samples, err := head.SelectSamples(all, w)
	if err != nil {
		return sampletable.Part{}, err
	}
	return head.BuildVideoPart(samples, maxGap)
}

func (x indexReader) buildAudioPart(
	ctx context.Context, original video.Source, head sampletable.Head,
) (sampletable.Part, error) {
	b, err := readRange(ctx, x.from, x.key, "", head.AudioRange())
	if err != nil {
		return sampletable.Part{}, err
	}
	audio, err := sampletable.ParseAudio(b)
	if err != nil {
		return sampletable.Part{}, err
	}
	trak, err := readRange(ctx, x.from, original.Key, original.ETag, audio.Trak)
	if err != nil {
		return sampletable.Part{}, err
	}
	return head.BuildAudioPart(audio, trak, maxGap)
}

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

// readRange returns the bytes of a range of an object.
func readRange(ctx context.Context, from Originals, key, etag string, r sampletable.Range) ([]byte, error) {
	b, err := readAtMost(ctx, from, key, etag, r)
	if err != nil {
		return nil, err
	}
	return b, requireLength(int64(len(b)), r.Len())
}

// readAtMost is readRange for an object that may end before.
func readAtMost(ctx context.Context, from Originals, key, etag string, r sampletable.Range) ([]byte, error) {
	var b bytes.Buffer
	if r.Len() <= 0 {
		return nil, errs.E("source.readRange", errs.Invalid, errShort)
	}
	b.Grow(int(min(r.Len(), maxMoovBytes)) + bytes.MinRead) // a buffer that grows holds its bytes twice meanwhile
	if err := from.DownloadRange(ctx, key, etag, r.From, r.Len(), &b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
