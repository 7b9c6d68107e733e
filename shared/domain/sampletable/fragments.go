package sampletable

import (
	"errors"
	"io"
	"math"
	"slices"

	"sluice/shared/domain/sampletable/box"
)

const (
	maxMoofBytes = 16 << 20  // of the largest moof box that is read
	maxBoxesRead = 1_000_000 // at the top level: a fragment has about two, and lasts a second or more
)

var errFragment = errors.New("a fragment is damaged")

// ParseFragments reads the samples of a track from the fragments of a fragmented MP4 file of size bytes (ISO/IEC
// 14496-12 §8.8). It fails for any other file, and for one whose samples also are in its moov box or are hidden by an
// edit list. Movie has the header of the file, and only that track.
func ParseFragments(r io.ReaderAt, size int64, trackID uint32) (fileType []byte, m Movie, t Track, err error) {
	p := fragmentParser{size: size, trackID: trackID}
	for pos, n := int64(0), 0; pos+8 <= size; n++ {
		if n == maxBoxesRead {
			return nil, m, t, box.ErrTooMany
		}
		name, length, err := box.ReadHeader(r, pos, size)
		if err != nil {
			return nil, m, t, err
		}
		switch {
		case (name == "ftyp" || name == "moov" || name == "moof") && length <= maxMoofBytes:
			b := make([]byte, length)
			if _, err := r.ReadAt(b, pos); err != nil {
				return nil, m, t, err
			}
			switch name {
			case "ftyp":
				fileType = b
			case "moov":
				m, err = p.parseInit(b)
			default:
				err = p.parseMoof(b, pos)
			}
			if err != nil {
				return nil, m, t, err
			}
		case name == "moov" || name == "moof":
			return nil, m, t, errFragment
		}
		pos += length
	}
	t, err = p.finishTrack()
	return fileType, m, t, err
}

// fragmentParser collects the samples of one track.
type fragmentParser struct {
	size     int64
	trackID  uint32
	track    Track
	found    bool
	defaults box.SampleFields // of the track (trex)
}

// parseInit parses the moov box.
func (p *fragmentParser) parseInit(b []byte) (m Movie, err error) {
	m, mvex, err := parseMovie(b, p.size)
	if err != nil {
		return m, err
	}
	t, ok := m.FindTrack(p.trackID)
	if !ok || p.found || len(t.Samples) > 0 || t.End != math.MaxInt64 {
		return m, errFragment
	}
	p.track, p.found = t, true
	all, err := box.List(mvex)
	for _, b := range all {
		if id, d, ok := box.ReadTrackDefaults(b); ok && id == p.trackID {
			p.defaults = d
			return m, err
		}
	}
	return m, errors.Join(errFragment, err)
}

// parseMoof adds the samples of one moof box at a position of the file.
func (p *fragmentParser) parseMoof(b []byte, pos int64) error {
	top, err := box.List(b)
	if err != nil || len(top) != 1 {
		return box.ErrCutOff
	}
	all, err := box.List(top[0].Body)
	if err != nil {
		return err
	}
	first := true
	for _, c := range all {
		if c.Name != "traf" {
			continue
		}
		if err := p.parseTraf(c.Body, pos, first); err != nil {
			return err
		}
		first = false
	}
	return nil
}

// finishTrack returns the track. The duration of a sample is the time to the next one. If all samples are sync samples,
// that may be because the file does not say which are.
func (p *fragmentParser) finishTrack() (Track, error) {
	all := p.track.Samples
	for i := 0; i+1 < len(all); i++ {
		lasts := all[i+1].DTS - all[i].DTS
		if lasts < 0 || lasts > math.MaxInt32 {
			return Track{}, errors.New("the fragments are not in the order of their times")
		}
		all[i].Duration = uint32(lasts)
	}
	if len(all) == 0 {
		return Track{}, errFragment
	}
	p.track.AllKey = !slices.ContainsFunc(all, func(s Sample) bool { return !s.Key })
	return p.track, nil
}
