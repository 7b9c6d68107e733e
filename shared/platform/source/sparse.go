package source

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/fileformat"
	"sluice/shared/domain/sampletable"
	"sluice/shared/domain/sampletable/box"
	"sluice/shared/domain/sampletable/sample"
)

// Limits of what is read of an original to inspect it.
const (
	headBytes     = 64 << 10
	maxMoovBytes  = 128 << 20 // 12 hours have a third of it
	maxExtraBytes = 1 << 20   // of a top-level box that describes the file
	maxTopBoxes   = 64        // of a file that is not in fragments
	probeBytes    = 16 << 20  // more than the -probesize of package ffmpeg
	probeSeconds  = 11        // more than its -analyzeduration
	tailMargin    = 1         // seconds; a seek ends at a key frame before the time that was asked for
)

// Sparse is an original on a worker's disk of which only a part was downloaded: the boxes that describe it, the samples
// that ffprobe reads to find the properties of its streams, and those that AddTail adds. The rest are holes.
type Sparse struct {
	File
	Movie sampletable.Movie

	transfer *transfer
	head     []byte // the beginning of the original
	fileType []byte
	moovAt   int64
	ends     []int64 // positions of the top-level boxes
	close    func() error
}

var errNoIndex = errors.New("the file has no index that is used")

// DownloadSparse downloads what is needed to inspect an original of size bytes into the folder dir. It fails with
// Invalid if the original must be downloaded as a whole for that, which says nothing about the original. The caller
// closes the result.
func DownloadSparse(ctx context.Context, from Originals, key, etag string, size int64, dir string) (*Sparse, error) {
	const op = "source.DownloadSparse"
	if size == 0 { // not known, or the object is empty, which has no range
		return nil, errs.E(op, errs.Invalid, errNoIndex)
	}
	f, err := os.Create(filepath.Join(dir, "sparse"))
	if err != nil {
		return nil, errs.E(op, errs.Transient, err)
	}
	s := &Sparse{
		File:     File{Dir: dir, Name: "sparse", Container: fileformat.Mov, size: size},
		transfer: &transfer{from: from, key: key, etag: etag, to: f}, close: f.Close,
	}
	if err := s.download(ctx, f); err != nil {
		f.Close()
		return nil, err
	}
	return s, nil
}

// Close closes the file, which stays on the disk.
func (s *Sparse) Close() error { return s.close() }

func (s *Sparse) download(ctx context.Context, f *os.File) error {
	const op = "source.DownloadSparse"
	moov, err := s.readBoxes(ctx)
	if err != nil {
		return err
	}
	if s.Movie, err = sampletable.ParseMovie(moov, s.size); err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	if err := f.Truncate(s.size); err != nil {
		return errs.E(op, errs.Transient, err)
	}
	if _, err := f.WriteAt(moov, s.moovAt); err != nil {
		return errs.E(op, errs.Transient, err)
	}
	s.addRanges(s.Movie.FindProbeSamples(probeSeconds, probeBytes))
	return s.transfer.run(ctx)
}

// readBoxes reads the top-level boxes and returns the moov box. The beginning of each other box is added to the
// transfer. It fails for any file but one with one moov box, with data, and with nothing else that ffprobe would read.
func (s *Sparse) readBoxes(ctx context.Context) (moov []byte, err error) {
	const op = "source.readBoxes"
	if s.head, err = s.readHead(ctx); err != nil {
		return nil, err
	}
	s.transfer.add(sampletable.Range{To: int64(len(s.head))}, 0)
	filled := false
	for pos := int64(0); pos < s.size; {
		b, err := s.readTopBox(ctx, pos)
		switch {
		case err != nil:
			return nil, err
		case len(s.ends) == maxTopBoxes:
			return nil, errs.E(op, errs.Invalid, errNoIndex)
		case b.name == "moov" && moov == nil && b.Len() <= maxMoovBytes:
			s.moovAt = pos
			if moov, err = s.read(ctx, b.Range); err != nil {
				return nil, err
			}
		case b.name == "ftyp" && b.Len() <= int64(len(s.head)):
			if s.fileType, err = s.read(ctx, b.Range); err != nil {
				return nil, err
			}
		case slices.Contains([]string{"mdat", "free", "skip", "wide"}, b.name):
			filled = filled || b.name == "mdat"
			s.transfer.add(sampletable.Range{From: pos, To: min(pos+box.HeaderBytes, b.To)}, pos)
		case slices.Contains([]string{"uuid", "udta", "meta", "pnot", "PICT"}, b.name) && b.Len() <= maxExtraBytes:
			s.transfer.add(b.Range, pos)
		default:
			return nil, errs.E(op, errs.Invalid, errNoIndex)
		}
		s.ends = append(s.ends, pos)
		pos = b.To
	}
	s.ends = append(s.ends, s.size)
	if moov == nil || !filled {
		return nil, errs.E(op, errs.Invalid, errNoIndex)
	}
	return moov, nil
}

// readHead reads the beginning of the original.
func (s *Sparse) readHead(ctx context.Context) ([]byte, error) {
	head, err := readAtMost(ctx, s.transfer.from, s.transfer.key, s.transfer.etag, sampletable.Range{To: headBytes})
	if err != nil {
		return nil, err
	}
	if c, err := fileformat.Sniff(head); err != nil || c != fileformat.Mov {
		return nil, errs.E("source.readHead", errs.Invalid, errNoIndex)
	}
	return head, nil
}

// topBox is the type and the bytes of a top-level box.
type topBox struct {
	name string
	sampletable.Range
}

// readTopBox reads the header of the top-level box at a position. It fails with Invalid if the box does not end within
// the file.
func (s *Sparse) readTopBox(ctx context.Context, pos int64) (topBox, error) {
	b, err := s.read(ctx, sampletable.Range{From: pos, To: min(pos+box.HeaderBytes, s.size)})
	if err != nil {
		return topBox{}, err
	}
	name, length, err := box.ParseHeader(b, s.size-pos)
	if err != nil {
		return topBox{}, errs.E("source.readTopBox", errs.Invalid, errNoIndex)
	}
	return topBox{name, sampletable.Range{From: pos, To: pos + length}}, nil
}

// read returns the bytes of a range of the original.
func (s *Sparse) read(ctx context.Context, r sampletable.Range) ([]byte, error) {
	if r.To <= int64(len(s.head)) {
		return bytes.Clone(s.head[r.From:r.To]), nil
	}
	return readRange(ctx, s.transfer.from, s.transfer.key, s.transfer.etag, r)
}

// addRanges adds the ranges to the transfer, each at its own position.
func (s *Sparse) addRanges(all []sampletable.Range) {
	for _, r := range sample.JoinRanges(all, maxGap) {
		s.transfer.add(r, r.From)
	}
}

// AddTail downloads the samples of a track from a key frame before a time in seconds on the timeline of the movie.
func (s *Sparse) AddTail(ctx context.Context, video sampletable.Track, from float64) error {
	s.addRanges(sample.ListRanges(video.SamplesFrom(from - tailMargin)))
	return s.transfer.run(ctx)
}

// DescribeTracks returns what an index of the original is made of, by its video track and the id of its audio track, 0
// if it has none. start is the presentation time of the first frame that is shown.
func (s *Sparse) DescribeTracks(video sampletable.Track, audioID uint32, start int64) (sampletable.Source, error) {
	in := sampletable.Source{
		FileType: s.fileType, Movie: s.Movie, Video: video, Start: start, MoovAt: s.moovAt, Ends: slices.Clone(s.ends),
	}
	if audio, ok := s.Movie.FindTrack(audioID); ok {
		in.Audio = &audio
	} else if audioID != 0 {
		return in, errs.E("source.DescribeTracks", errs.Invalid, errNoIndex)
	}
	return in, nil
}

// ReadFragments returns what an index of a fragmented MP4 file is made of, without its audio, by the id of the video
// track. It fails with Invalid for any other file.
func (f File) ReadFragments(videoID uint32) (in sampletable.Source, err error) {
	const op = "source.ReadFragments"
	r, err := os.Open(filepath.Join(f.Dir, f.Name))
	if err != nil {
		return in, errs.E(op, errs.Transient, err)
	}
	defer r.Close()
	if in.FileType, in.Movie, in.Video, err = sampletable.ParseFragments(r, f.size, videoID); err != nil {
		return in, errs.E(op, errs.Invalid, err)
	}
	return in, nil
}
