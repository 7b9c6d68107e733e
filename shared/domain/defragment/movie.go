package defragment

import (
	"encoding/binary"
	"errors"
	"fmt"

	"sluice/shared/domain/sampletable/box"
)

var errDamaged = errors.New("a box is damaged")

// movie is the content of the moov box that is made.
type movie struct {
	mvhd   []byte
	scale  uint32 // ticks a second of the movie's durations
	tracks []*track
}

// readInit reads the moov box at the beginning, which has no samples.
func (m *movie) readInit(b []byte) error {
	top, err := box.List(b)
	if err != nil || len(top) != 1 || m.mvhd != nil {
		return errDamaged
	}
	all, err := box.List(top[0].Body)
	if err != nil {
		return err
	}
	for _, c := range all {
		switch c.Name {
		case "mvhd":
			m.mvhd = c.Data
			m.scale, err = readScale(c)
		case "trak":
			var t *track
			if t, err = newTrack(c.Body); err == nil {
				m.tracks = append(m.tracks, t)
			}
		case "mvex":
			err = m.readDefaults(c.Body)
		}
		if err != nil {
			return err
		}
	}
	if m.mvhd == nil || len(m.tracks) == 0 {
		return errDamaged
	}
	return nil
}

// readDefaults reads the trex boxes (§8.8.3).
func (m *movie) readDefaults(mvex []byte) error {
	all, err := box.List(mvex)
	for _, c := range all {
		id, d, ok := box.ReadTrackDefaults(c)
		if !ok {
			continue
		}
		t := m.findTrack(id)
		if t == nil {
			return errDamaged
		}
		t.defaults = d
	}
	return err
}

func (m *movie) findTrack(id uint32) *track {
	for _, t := range m.tracks {
		if t.id == id {
			return t
		}
	}
	return nil
}

// addFragment adds the samples of a moof box. base is the position in the plain file that the offsets in the box are
// counted from, and end where the data of the fragment end.
func (m *movie) addFragment(moof []byte, base, end int64) error {
	top, err := box.List(moof)
	if err != nil || len(top) != 1 {
		return errDamaged
	}
	all, err := box.List(top[0].Body)
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.Name != "traf" {
			continue
		}
		if err := m.addRuns(c.Body, base, end); err != nil {
			return err
		}
	}
	return nil
}

// addRuns adds the samples of a traf box.
func (m *movie) addRuns(traf []byte, base, end int64) error {
	found, err := box.Children(traf, "tfhd", "tfdt")
	if err != nil {
		return err
	}
	header := &box.Words{Rest: found["tfhd"].Body}
	flags := header.Next() & 0xffffff
	t := m.findTrack(header.Next())
	if t == nil || flags&(box.HasBaseOffset|box.HasDescription) != 0 || flags&box.MoofIsBase == 0 {
		return errors.New("the fragment is not of the form that FFmpeg writes")
	}
	d := t.defaults
	header.ReadDefaults(flags, &d)
	dts, err := readDecodeTime(found["tfdt"])
	if err != nil || header.Err != nil {
		return errors.Join(err, header.Err)
	}
	all, err := box.List(traf)
	for _, c := range all {
		if c.Name != "trun" {
			continue
		}
		if dts, err = t.addRun(c.Body, d, dts, base, end); err != nil {
			return err
		}
	}
	return err
}

// readDecodeTime returns the time of a tfdt box (§8.8.12).
func readDecodeTime(b box.Box) (int64, error) {
	f, err := box.ReadFull(b)
	if err != nil {
		return 0, err
	}
	if f.Version == 0 {
		return int64(binary.BigEndian.Uint32(f.Body)), nil
	}
	if len(f.Body) < 8 || f.Body[0] >= 0x40 {
		return 0, errDamaged
	}
	return int64(binary.BigEndian.Uint64(f.Body)), nil
}

// build returns the moov box of the plain file.
func (m *movie) build() ([]byte, error) {
	if m.mvhd == nil {
		return nil, errOrder
	}
	longest := int64(0) // ticks of the movie
	var traks []byte
	for _, t := range m.tracks {
		if t.count == 0 {
			continue
		}
		shown, err := t.finish(m.scale)
		if err != nil {
			return nil, err
		}
		trak, err := t.build(shown)
		if err != nil {
			return nil, err
		}
		traks, longest = append(traks, trak...), max(longest, shown)
	}
	if traks == nil {
		return nil, errors.New("the file has no samples")
	}
	mvhd, err := setDuration(m.mvhd, mediaDuration, longest)
	if err != nil {
		return nil, err
	}
	return box.Wrap("moov", mvhd, traks), nil
}

// readScale returns the ticks a second of an mvhd or mdhd box (§8.2.2, §8.4.2).
func readScale(b box.Box) (uint32, error) {
	at := mediaDuration.offset(b.Data) - 4
	if len(b.Data) < at+12 {
		return 0, errDamaged
	}
	scale := binary.BigEndian.Uint32(b.Data[at:])
	if scale == 0 {
		return 0, errDamaged
	}
	return scale, nil
}

// durationPlace says where in a box its duration is, if its times have 32 or 64 bits.
type durationPlace struct{ short, long int }

var (
	mediaDuration = durationPlace{24, 32} // of mvhd and mdhd
	trackDuration = durationPlace{28, 36} // of tkhd
)

func (p durationPlace) offset(b []byte) int {
	if len(b) > 8 && b[8] == 1 {
		return p.long
	}
	return p.short
}

// setDuration returns a copy of a box with another duration.
func setDuration(b []byte, p durationPlace, ticks int64) ([]byte, error) {
	out, at := append([]byte(nil), b...), p.offset(b)
	switch {
	case len(b) < at+8:
		return nil, errDamaged
	case at == p.long:
		binary.BigEndian.PutUint64(out[at:], uint64(ticks))
	case ticks >= 1<<32-1:
		return nil, fmt.Errorf("a duration of %d ticks does not fit", ticks)
	default:
		binary.BigEndian.PutUint32(out[at:], uint32(ticks))
	}
	return out, nil
}
