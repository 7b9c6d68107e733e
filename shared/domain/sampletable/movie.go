// Package sampletable reads the sample tables of MP4 and MOV files (ISO/IEC 14496-12 §8.6 and §8.7; QuickTime File
// Format), stores them as an index of which any part can be read alone, and builds a small MP4 file with some of the
// samples, so that a worker needs only the bytes of its chunk. It is pure and needs no AWS rights.
//
// An index is not possible for every file; the errors say why. Such a file is processed as a whole. All boxes of a file
// but the tables are copied as they are, because a decoder may need any of them.
package sampletable

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Sample is one sample of a track, with times in ticks of the track.
type Sample struct {
	DTS      int64 // decoding time; that of the first sample is 0
	Offset   int64 // in the file
	CTS      int32 // presentation time minus DTS
	Duration uint32
	Size     uint32 // bytes
	Key      bool   // sync sample
}

// PTS returns the presentation time, without the track's edit list.
func (s Sample) PTS() int64 { return s.DTS + int64(s.CTS) }

// Limits of files that get an index.
const (
	maxSamples     = 10_000_000 // of all tracks: the pictures of 12 hours at 60 frames a second are a quarter of them
	maxTimescale   = 10_000_000 // ticks a second; products with frame rates must fit into 63 bits
	maxDescription = 256 << 10  // bytes of the boxes that every part of the index needs
)

// Movie is the content of a moov box.
type Movie struct {
	Tracks []Track
	header []byte // mvhd
}

// Track is one track of a Movie.
type Track struct {
	ID        uint32
	Timescale uint32 // ticks a second
	Samples   []Sample
	Shift     int64   // presentation time, by the samples, that its edit list shows at time 0
	End       int64   // presentation time at which its edit list ends it; the maximum if it does not
	AllKey    bool    // it has no table of sync samples, so that every sample is one
	Position  int     // of its trak box in the moov box
	Size      int     // bytes of its trak box
	Chunks    []int64 // offsets in the file of the chunks that its samples are stored in

	boxes trackBoxes
}

// trackBoxes has the boxes of a track that are no tables, each as a whole.
type trackBoxes struct {
	tkhd, mdhd, hdlr []byte
	minf             []byte // those in minf, without stbl
	stsd             []byte
}

var (
	errFragmented = errors.New("the movie is in fragments")
	errCompressed = errors.New("the moov box is compressed")
)

// ParseMovie parses a moov box of a file of size bytes. It fails if any track can't be read, or if the samples are in
// fragments.
func ParseMovie(moov []byte, size int64) (Movie, error) {
	m, mvex, err := parseMovie(moov, size)
	if err == nil && mvex != nil {
		err = errFragmented
	}
	return m, err
}

// parseMovie parses a moov box. mvex is the content of the box which says that there are fragments; nil if there is
// none.
func parseMovie(moov []byte, size int64) (m Movie, mvex []byte, err error) {
	top, err := listBoxes(moov)
	if err != nil || len(top) != 1 || top[0].name != "moov" {
		return Movie{}, nil, errBox
	}
	all, err := listBoxes(top[0].body)
	if err != nil {
		return Movie{}, nil, err
	}
	room := uint64(maxSamples)
	pos := len(top[0].data) - len(top[0].body)
	for _, b := range all {
		switch b.name {
		case "mvhd":
			m.header = b.data
		case "mvex":
			mvex = b.body
		case "cmov":
			return Movie{}, nil, errCompressed
		case "trak":
			t, err := parseTrack(b.body, m.header, size, room)
			if err != nil {
				return Movie{}, nil, fmt.Errorf("track %d: %w", len(m.Tracks)+1, err)
			}
			room -= uint64(len(t.Samples))
			t.Position, t.Size = pos, len(b.data)
			m.Tracks = append(m.Tracks, t)
		}
		pos += len(b.data)
	}
	if m.header == nil {
		return Movie{}, nil, errors.New("no box mvhd")
	}
	return m, mvex, nil
}

// FindTrack returns the track with an id. ok is false if there is none, or several.
func (m Movie) FindTrack(id uint32) (t Track, ok bool) {
	for _, x := range m.Tracks {
		if x.ID == id {
			if ok {
				return Track{}, false
			}
			t, ok = x, true
		}
	}
	return t, ok
}

// parseTrack parses the body of a trak box of a track with at most a number of samples.
func parseTrack(body, mvhd []byte, size int64, most uint64) (t Track, err error) {
	trak, err := childBoxes(body, "tkhd", "mdia")
	if err != nil {
		return t, err
	}
	mdia, err := childBoxes(trak["mdia"].body, "mdhd", "hdlr", "minf")
	if err != nil {
		return t, err
	}
	minf, err := childBoxes(mdia["minf"].body, "stbl")
	if err != nil {
		return t, err
	}
	stbl, err := childBoxes(minf["stbl"].body, "stsd", "stts", "stsc")
	if err != nil {
		return t, err
	}
	if t.ID, err = readTrackID(trak["tkhd"]); err != nil {
		return t, err
	}
	if t.Timescale, err = readTimescale(mdia["mdhd"]); err != nil {
		return t, err
	}
	if t.Shift, t.End, err = readEdit(trak, mvhd, t.Timescale); err != nil {
		return t, err
	}
	t.boxes = trackBoxes{
		tkhd: trak["tkhd"].data, mdhd: mdia["mdhd"].data, hdlr: mdia["hdlr"].data, stsd: stbl["stsd"].data,
	}
	others, _ := listBoxes(mdia["minf"].body)
	for _, b := range others {
		if b.name != "stbl" {
			t.boxes.minf = append(t.boxes.minf, b.data...)
		}
	}
	if err := t.readSamples(stbl, size, most); err != nil {
		return t, err
	}
	return t, nil
}

// readTrackID returns the track_ID of a tkhd box.
func readTrackID(b box) (uint32, error) {
	f, err := readFullBox(b)
	if err != nil {
		return 0, err
	}
	at := 8 // behind two times, of 32 or 64 bits
	if f.version == 1 {
		at = 16
	}
	if len(f.body) < at+4 {
		return 0, errBox
	}
	return binary.BigEndian.Uint32(f.body[at:]), nil
}

// readTimescale returns the ticks a second of an mdhd or mvhd box.
func readTimescale(b box) (uint32, error) {
	f, err := readFullBox(b)
	if err != nil {
		return 0, err
	}
	at := 8
	if f.version == 1 {
		at = 16
	}
	if len(f.body) < at+12 {
		return 0, errBox
	}
	scale := binary.BigEndian.Uint32(f.body[at:])
	if scale == 0 || scale > maxTimescale {
		return 0, fmt.Errorf("%d ticks a second", scale)
	}
	return scale, nil
}
