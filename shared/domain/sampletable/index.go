package sampletable

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"sluice/shared/domain/sampletable/audioindex"
	"sluice/shared/domain/sampletable/box"
	"sluice/shared/domain/sampletable/sample"
	"sluice/shared/domain/sampletable/varint"
)

// Version is the version of the index format that this package writes, and the only one that it reads.
const Version = 1

// An index is an object of four parts, whose numbers are varints (encoding/binary) unless stated otherwise:
//
//	preamble   16 bytes: "SLIX", the version, the sizes of the head and of the audio part (each 4 bytes, big-endian)
//	head       what every task needs: the boxes that describe the video track, and a directory of the blocks; behind
//	           them, if the places of the audio in time are known, the same of the audio track
//	audio      where the chunks of the audio track lie, and its trak box
//	blocks     the samples of the video track; a block begins with a key frame and has about blockSamples samples;
//	           then the packets of the audio track
const (
	magic        = "SLIX"
	preambleSize = 16
	blockSamples = 512 // 17 seconds at 30 frames a second
)

// HeadBytes is how many bytes of an index to read first: the head of nearly every index.
const HeadBytes = 32 << 10

// Source is what BuildIndex makes an index of.
type Source struct {
	FileType []byte // ftyp box of the file; empty if it has none
	Movie    Movie
	Video    Track
	Start    int64   // presentation time of the first frame that is shown
	ShownAt  float64 // the same in seconds on the timeline of the movie, which its edit lists make
	Audio    *Track
	// zero: the audio is decoded as a whole
	AudioFormat audioindex.Format
	MoovAt      int64   // position of the moov box in the file
	Ends        []int64 // offsets in the file at which no chunk of the audio track goes on: see listAudioChunks
}

// Head is the part of an index that every task needs.
type Head struct {
	Start     int64  // presentation time of the first frame that is shown
	End       int64  // presentation time at which the edit list ends the track; the maximum if it does not
	Timescale uint32 // ticks a second of the video track

	fileType, header []byte
	boxes            trackBoxes
	allKey           bool
	blocks           []blockEntry
	size             int64 // of preamble and head
	audioSize        int64
	audio            audioindex.Directory
	audioBoxes       trackBoxes
}

// blockEntry is the entry of a block in the directory.
type blockEntry struct {
	keyPTS   int64 // presentation time of its first sample
	minLater int64 // lowest presentation time of all samples from this block on
	from, to int64 // where it is, counted from the beginning of the first block
}

// BuildIndex returns the index of a file. It fails if the key frames are not in the order of their times, or if the
// file says that all frames are key frames although intraOnly is false: then a decoder would begin at any frame.
func BuildIndex(s Source, intraOnly bool) ([]byte, error) {
	v := s.Video
	switch b := v.boxes; {
	case len(v.Samples) == 0 || v.Partial || !v.Samples[0].Key:
		return nil, errors.New("the first frame is not a key frame")
	case v.AllKey && !intraOnly:
		return nil, errors.New("no table of key frames")
	case len(slices.Concat(s.FileType, s.Movie.header, b.tkhd, b.mdhd, b.hdlr, b.minf, b.stsd)) > maxDescription:
		return nil, errors.New("the description of the track is too long")
	}
	entries, blocks, err := buildBlocks(v.Samples)
	if err != nil {
		return nil, err
	}
	var head varint.Writer
	head.PutBytes(s.FileType)
	head.PutBytes(s.Movie.header)
	v.boxes.put(&head)
	head.PutInts(int64(v.Timescale), s.Start, v.End, varint.FromBool(v.AllKey), int64(len(entries)))
	last := blockEntry{}
	for _, e := range entries {
		head.PutInts(e.keyPTS-last.keyPTS, e.minLater-last.minLater, e.to-e.from)
		last = e
	}
	packets := putPackets(&head, s)
	audio := buildAudioPart(s)
	out := []byte(magic)
	for _, n := range []int{Version, len(head), len(audio)} {
		out = binary.BigEndian.AppendUint32(out, uint32(n))
	}
	return slices.Concat(out, head, audio, blocks, packets), nil
}

// buildBlocks returns the blocks and their entries in the directory.
func buildBlocks(samples []Sample) (entries []blockEntry, blocks varint.Writer, err error) {
	lastKey := int64(math.MinInt64)
	for from := 0; from < len(samples); {
		to := from + 1
		for to < len(samples) && (to-from < blockSamples || !samples[to].Key) {
			to++
		}
		at := int64(len(blocks))
		e := blockEntry{keyPTS: samples[from].PTS(), minLater: math.MaxInt64, from: at}
		for _, s := range samples[from:to] {
			if s.Key && s.PTS() <= lastKey {
				return nil, nil, errors.New("the key frames are not in the order of their times")
			}
			if s.Key {
				lastKey = s.PTS()
			}
			e.minLater = min(e.minLater, s.PTS())
		}
		sample.PutBlock(&blocks, samples[from:to])
		e.to = int64(len(blocks))
		entries = append(entries, e)
		from = to
	}
	for i := len(entries) - 2; i >= 0; i-- {
		entries[i].minLater = min(entries[i].minLater, entries[i+1].minLater)
	}
	return entries, blocks, nil
}

// HeadSize returns how many bytes of an index ParseHead needs, from the first 16 bytes or more.
func HeadSize(b []byte) (int64, error) {
	if len(b) < preambleSize || string(b[:4]) != magic || binary.BigEndian.Uint32(b[4:]) != Version {
		return 0, fmt.Errorf("not an index of version %d", Version)
	}
	return preambleSize + int64(binary.BigEndian.Uint32(b[8:])), nil
}

// ParseHead parses the beginning of an index, of HeadSize bytes or more.
func ParseHead(b []byte) (Head, error) {
	size, err := HeadSize(b)
	if err != nil || int64(len(b)) < size {
		return Head{}, errors.Join(box.ErrCutOff, err)
	}
	h := Head{size: size, audioSize: int64(binary.BigEndian.Uint32(b[12:]))}
	r := varint.Reader{Rest: b[preambleSize:size]}
	h.fileType, h.header = r.ReadBytes(), r.ReadBytes()
	h.boxes.read(&r)
	h.Timescale, h.Start, h.End, h.allKey = uint32(r.ReadInt()), r.ReadInt(), r.ReadInt(), r.ReadInt() == 1
	last := blockEntry{}
	for n := r.ReadInt(); n > 0 && r.Err == nil; n-- {
		last.keyPTS, last.minLater = last.keyPTS+r.ReadInt(), last.minLater+r.ReadInt()
		last.from, last.to = last.to, last.to+r.ReadInt()
		h.blocks = append(h.blocks, last)
	}
	if len(r.Rest) > 0 {
		h.audioBoxes.read(&r)
		h.audio = audioindex.ReadDirectory(&r)
	}
	if r.Err != nil || len(h.blocks) == 0 || !isMediaHeader(h.boxes.mdhd) ||
		h.audio.Rate > 0 && !isMediaHeader(h.audioBoxes.mdhd) {
		return Head{}, errors.Join(errors.New("the head of the index is damaged"), r.Err)
	}
	return h, nil
}

// isMediaHeader reports whether an mdhd box is long enough for its version (ISO/IEC 14496-12 §8.4.2).
func isMediaHeader(mdhd []byte) bool { return len(mdhd) >= 44 || len(mdhd) >= 32 && mdhd[8] == 0 }

// FindBlocks returns the bytes of the index that hold every sample of w and the one after.
func (h Head) FindBlocks(w Window) Range {
	first, last := 0, len(h.blocks)-1
	for i, b := range h.blocks {
		if b.keyPTS < w.KeyBefore {
			first = i
		}
	}
	for i := last; i > first && h.blocks[i].minLater >= w.End; i-- {
		last = i // the first block of which nothing is shown before the end
	}
	at := h.size + h.audioSize
	return Range{From: at + h.blocks[first].from, To: at + h.blocks[last].to}
}

// ParseBlocks returns the samples of the blocks in b: the bytes of a Range that FindBlocks has returned.
func ParseBlocks(b []byte) (all []Sample, err error) {
	r := varint.Reader{Rest: b}
	for len(r.Rest) > 0 && r.Err == nil {
		all = sample.AppendBlock(&r, all)
	}
	return all, r.Err
}

// putPackets writes the description of the audio track, and returns the blocks of its packets; nothing if it has no
// packets whose places in time are known.
func putPackets(head *varint.Writer, s Source) varint.Writer {
	if s.Audio == nil {
		return nil
	}
	a := s.Audio
	packets, ok := audioindex.Place(audioindex.Track{
		Timescale: a.Timescale, Samples: a.Samples, Partial: a.Partial, Shift: a.Shift, End: a.End,
	}, s.AudioFormat, s.ShownAt)
	if !ok {
		return nil
	}
	a.boxes.put(head)
	return packets.Put(head)
}

func (b trackBoxes) put(w *varint.Writer) {
	for _, data := range [][]byte{b.tkhd, b.mdhd, b.hdlr, b.minf, b.stsd} {
		w.PutBytes(data)
	}
}

func (b *trackBoxes) read(r *varint.Reader) {
	for _, to := range []*[]byte{&b.tkhd, &b.mdhd, &b.hdlr, &b.minf, &b.stsd} {
		*to = r.ReadBytes()
	}
}

// AudioRate returns how many samples a second the positions of the audio count; 0 if the index has no packets of audio.
func (h Head) AudioRate() int { return h.audio.Rate }

// FindAudioBlocks returns the bytes of the index that have the packets of a window. They are none if it has no sound.
func (h Head) FindAudioBlocks(w audioindex.Window) Range {
	r, at := h.audio.FindBlocks(w), h.size+h.audioSize+h.blocks[len(h.blocks)-1].to
	return Range{From: at + r.From, To: at + r.To}
}
