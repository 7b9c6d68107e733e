package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/fileformat"
	"sluice/shared/domain/sampletable"
	"sluice/shared/domain/sampletable/audioindex"
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

// ErrNoAudioIndex is returned for the audio of an original whose index has only its video, as that of fragmented MP4
// files.
var ErrNoAudioIndex = errors.New("the index has no audio")

// Need is what a task needs of an original. Without Video, it is the audio as a whole.
type Need struct {
	// Video takes the presentation time of the first frame of the whole video that is shown.
	Video func(start int64) sampletable.Window
	Audio func(rate int) audioindex.Window // takes the samples a second; nil: no audio
}

// Part is a file that has a part of an original.
type Part struct {
	File
	Start int64 // presentation time in it of the first frame of the whole video that is shown, in ticks
	Audio sampletable.AudioPart
}

// DownloadPart writes a file into the folder dir that has what a task needs of an original, by the original's index of
// a version. It fails with Invalid if the task needs the whole original, because there is no index or it has not what
// the task needs; for audio that the index does not have, the error wraps ErrNoAudioIndex.
func DownloadPart(
	ctx context.Context, from Originals, original video.Source, version int, dir string, need Need,
) (Part, error) {
	const op = "source.DownloadPart"
	if version != sampletable.Version {
		return Part{}, errs.E(op, errs.Invalid, fmt.Errorf("the index is of version %d", version))
	}
	key, etag := services.LocateSource(original)
	x := indexReader{from, services.IndexKey(original.Key, etag, version)}
	object := video.Source{Key: key, ETag: etag}
	part, err := x.buildPart(ctx, object, need)
	if err != nil {
		return Part{}, err
	}
	f := File{Dir: dir, Name: "part", Container: fileformat.Mov, size: part.Size()}
	return Part{f, part.Start, part.Audio}, transferPart(ctx, from, object, part, filepath.Join(dir, f.Name))
}

// indexReader reads an index.
type indexReader struct {
	from Originals
	key  string
}

// buildPart returns the file that a task needs. It fails with Invalid if the index is missing or has no answer.
func (x indexReader) buildPart(
	ctx context.Context, original video.Source, need Need,
) (sampletable.Part, error) {
	const op = "source.buildPart"
	head, err := x.readHead(ctx)
	if err != nil {
		return sampletable.Part{}, err
	}
	var part sampletable.Part
	if need.Video == nil {
		part, err = x.buildAudioPart(ctx, original, head)
	} else {
		part, err = x.buildVideoPart(ctx, head, need)
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
	ctx context.Context, head sampletable.Head, need Need,
) (sampletable.Part, error) {
	w := need.Video(head.Start)
	all, err := x.readBlocks(ctx, head.FindBlocks(w))
	if err != nil {
		return sampletable.Part{}, err
	}
	samples, err := head.SelectSamples(all, w)
	if err != nil {
		return sampletable.Part{}, err
	}
	packets, err := x.readPackets(ctx, head, need)
	if err != nil {
		return sampletable.Part{}, err
	}
	return head.BuildVideoPart(samples, packets, maxGap)
}

// readBlocks returns the samples of some blocks of the index.
func (x indexReader) readBlocks(ctx context.Context, r sampletable.Range) ([]sampletable.Sample, error) {
	b, err := readRange(ctx, x.from, x.key, "", r)
	if err != nil {
		return nil, err
	}
	return sampletable.ParseBlocks(b)
}

// readPackets returns the packets of the audio that a task needs; nothing if it needs none.
func (x indexReader) readPackets(
	ctx context.Context, head sampletable.Head, need Need,
) ([]sampletable.Sample, error) {
	if need.Audio == nil {
		return nil, nil
	}
	rate := head.AudioRate()
	if rate == 0 {
		return nil, ErrNoAudioIndex
	}
	w := need.Audio(rate)
	blocks := head.FindAudioBlocks(w)
	if blocks.Len() == 0 {
		return nil, nil
	}
	all, err := x.readBlocks(ctx, blocks)
	return w.Select(all), err
}

func (x indexReader) buildAudioPart(
	ctx context.Context, original video.Source, head sampletable.Head,
) (sampletable.Part, error) {
	if head.AudioRange().Len() == 0 {
		return sampletable.Part{}, ErrNoAudioIndex
	}
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
