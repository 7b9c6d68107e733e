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

	"sluice/shared/domain/sampletable/box"
	"sluice/shared/domain/sampletable/sample"
)

// Sample is one sample of a track.
type Sample = sample.Sample

// Limits of files that get an index.
const (
	maxSamples   = 10_000_000 // of all tracks: the pictures of 12 hours at 60 frames a second are a quarter of them
	maxTimescale = 10_000_000 // ticks a second; products with frame rates must fit into 63 bits
	// of a track of sound whose samples all have one size: PCM has one for each point in time
	maxKeptSound   = 1_000_000
	maxDescription = 256 << 10 // bytes of the boxes that every part of the index needs
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
	Partial   bool    // there are more samples; only of sound, of which an index needs the chunks alone
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
	top, err := box.List(moov)
	if err != nil || len(top) != 1 || top[0].Name != "moov" {
		return Movie{}, nil, box.ErrCutOff
	}
	all, err := box.List(top[0].Body)
	if err != nil {
		return Movie{}, nil, err
	}
	room := uint64(maxSamples)
	pos := len(top[0].Data) - len(top[0].Body)
	for _, b := range all {
		switch b.Name {
		case "mvhd":
			m.header = b.Data
		case "mvex":
			mvex = b.Body
		case "cmov":
			return Movie{}, nil, errCompressed
		case "trak":
			t, err := parseTrack(b.Body, m.header, size, room)
			if err != nil {
				return Movie{}, nil, fmt.Errorf("track %d: %w", len(m.Tracks)+1, err)
			}
			room -= uint64(len(t.Samples))
			t.Position, t.Size = pos, len(b.Data)
			m.Tracks = append(m.Tracks, t)
		}
		pos += len(b.Data)
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

// parseTrack parses the body of a trak box in a file of size bytes. mvhd is the header of the movie, and most is how
// many samples the track may have.
func parseTrack(body, mvhd []byte, size int64, most uint64) (t Track, err error) {
	trak, err := box.Children(body, "tkhd", "mdia")
	if err != nil {
		return t, err
	}
	mdia, err := box.Children(trak["mdia"].Body, "mdhd", "hdlr", "minf")
	if err != nil {
		return t, err
	}
	minf, err := box.Children(mdia["minf"].Body, "stbl")
	if err != nil {
		return t, err
	}
	stbl, err := box.Children(minf["stbl"].Body, "stsd", "stts", "stsc")
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
		tkhd: trak["tkhd"].Data, mdhd: mdia["mdhd"].Data, hdlr: mdia["hdlr"].Data, stsd: stbl["stsd"].Data,
	}
	others, _ := box.List(mdia["minf"].Body)
	for _, b := range others {
		if b.Name != "stbl" {
			t.boxes.minf = append(t.boxes.minf, b.Data...)
		}
	}
	if err := t.readSamples(stbl, isSound(mdia["hdlr"]), size, most); err != nil {
		return t, err
	}
	return t, nil
}

// isSound reports whether a handler is that of a track of sound.
func isSound(hdlr box.Box) bool { return len(hdlr.Body) >= 12 && string(hdlr.Body[8:12]) == "soun" }

// readTrackID returns the track_ID of a tkhd box.
func readTrackID(b box.Box) (uint32, error) {
	f, err := box.ReadFull(b)
	if err != nil {
		return 0, err
	}
	at := 8 // behind two times, of 32 or 64 bits
	if f.Version == 1 {
		at = 16
	}
	if len(f.Body) < at+4 {
		return 0, box.ErrCutOff
	}
	return binary.BigEndian.Uint32(f.Body[at:]), nil
}

// readTimescale returns the ticks a second of an mdhd or mvhd box.
func readTimescale(b box.Box) (uint32, error) {
	f, err := box.ReadFull(b)
	if err != nil {
		return 0, err
	}
	at := 8
	if f.Version == 1 {
		at = 16
	}
	if len(f.Body) < at+12 {
		return 0, box.ErrCutOff
	}
	scale := binary.BigEndian.Uint32(f.Body[at:])
	if scale == 0 || scale > maxTimescale {
		return 0, fmt.Errorf("%d ticks a second", scale)
	}
	return scale, nil
}
