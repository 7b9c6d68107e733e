package sampletable

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"sluice/shared/domain/sampletable/box"
	"sluice/shared/domain/sampletable/sample"
	"sluice/shared/domain/sampletable/varint"
)

// buildAudioPart returns the audio part of an index; nothing if there is no audio track.
func buildAudioPart(s Source) (w varint.Writer) {
	if s.Audio == nil {
		return nil
	}
	w.PutInts(s.MoovAt+int64(s.Audio.Position), int64(s.Audio.Size))
	at := int64(0)
	chunks := listAudioChunks(s)
	w.PutInts(int64(len(chunks)))
	for _, c := range chunks {
		w.PutInts(c.From-at, c.Len())
		at = c.To
	}
	return w
}

// listAudioChunks returns the bytes of each chunk of the audio track. A chunk ends where the next one of any track
// begins, or at one of s.Ends: the size of a sample of PCM is not that in the table (QuickTime File Format, "Sound
// Sample Descriptions"). If a chunk of another track begins within it, it ends with the last of its samples.
func listAudioChunks(s Source) (all []Range) {
	ends := slices.Clone(s.Ends)
	for _, t := range s.Movie.Tracks {
		ends = append(ends, t.Chunks...)
	}
	slices.Sort(ends)
	chunks := slices.Sorted(slices.Values(s.Audio.Chunks))
	for _, at := range chunks {
		i, _ := slices.BinarySearch(ends, at+1)
		to := at
		if i < len(ends) {
			to = ends[i]
		}
		all = append(all, Range{From: at, To: to})
	}
	for _, one := range s.Audio.Samples {
		if i, _ := slices.BinarySearch(chunks, one.Offset+1); i > 0 {
			all[i-1].To = max(all[i-1].To, one.Offset+int64(one.Size))
		}
	}
	return all
}

// Audio says where the audio of a file is.
type Audio struct {
	Trak   Range // of its trak box in the source
	Chunks []Range
}

// AudioRange returns the bytes of an index that ParseAudio takes. They are none if there is no audio track.
func (h Head) AudioRange() Range { return Range{From: h.size, To: h.size + h.audioSize} }

// ParseAudio parses the bytes of AudioRange.
func ParseAudio(b []byte) (Audio, error) {
	r := varint.Reader{Rest: b}
	from := r.ReadInt()
	a := Audio{Trak: Range{From: from, To: from + r.ReadInt()}}
	at := int64(0)
	for n := r.ReadInt(); n > 0 && r.Err == nil; n-- {
		from := at + r.ReadInt()
		at = from + r.ReadInt()
		a.Chunks = append(a.Chunks, Range{From: from, To: at})
	}
	return a, r.Err
}

// BuildAudioPart returns a file of the audio track with all of its samples. trak is its trak box, which stays as it is,
// with its edit list, but for the offsets of the chunks. The ranges are joined over gaps of at most gap bytes.
func (h Head) BuildAudioPart(a Audio, trak []byte, gap int64) (Part, error) {
	ranges := sample.JoinRanges(a.Chunks, gap)
	moov := box.Wrap("moov", h.header, trak)
	head := append(append([]byte(nil), h.fileType...), moov...)
	p := newPlacement(ranges, int64(len(head))+16)
	offsets, width, err := findChunkOffsets(head[len(head)-len(trak):])
	if err != nil {
		return Part{}, err
	}
	for ; len(offsets) > 0; offsets = offsets[width:] {
		was := int64(binary.BigEndian.Uint32(offsets))
		if width == 8 {
			was = int64(binary.BigEndian.Uint64(offsets))
		}
		at, ok := p.find(was)
		switch {
		case !ok || width == 4 && at > math.MaxUint32:
			return Part{}, errors.New("a chunk of the audio is in no range")
		case width == 8:
			binary.BigEndian.PutUint64(offsets, uint64(at))
		default:
			binary.BigEndian.PutUint32(offsets, uint32(at))
		}
	}
	return Part{Head: append(head, buildDataHeader(p.size)...), Ranges: ranges}, nil
}

// findChunkOffsets returns the entries of the table of chunks in a trak box, and how many bytes each has.
func findChunkOffsets(trak []byte) (entries []byte, width int, err error) {
	b := trak
	for _, name := range []string{"trak", "mdia", "minf", "stbl"} {
		found, err := box.Children(b, name)
		if err != nil {
			return nil, 0, err
		}
		b = found[name].Body
	}
	stbl, err := box.Children(b)
	if err != nil {
		return nil, 0, err
	}
	if co64, ok := stbl["co64"]; ok {
		_, entries, err = box.ReadTable(co64, 8)
		return entries, 8, err
	}
	_, entries, err = box.ReadTable(stbl["stco"], 4)
	return entries, 4, err
}
