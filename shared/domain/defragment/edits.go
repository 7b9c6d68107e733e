package defragment

import (
	"encoding/binary"

	"sluice/shared/domain/sampletable/box"
)

// edits is an edts box (§8.6.5), and where in it the duration of its last edit is.
type edits struct {
	data []byte
	at   int
	wide bool // the duration has 64 bits
}

// readEdits reads an edts box with one edit that has samples, behind empty ones at most. It returns the duration of the
// empty ones in ticks of the movie, and the presentation time that is shown first.
func readEdits(b box.Box) (e edits, empty, media int64, err error) {
	found, err := box.Children(b.Body, "elst")
	if err != nil {
		return e, 0, 0, err
	}
	elst := found["elst"]
	f, err := box.ReadFull(elst)
	if err != nil {
		return e, 0, 0, err
	}
	width, wide := 12, f.Version == 1
	if wide {
		width = 20
	}
	_, list, err := box.ReadTable(elst, width)
	if err != nil || len(list) == 0 || len(b.Body) != len(elst.Data) || len(f.Body)-4 != len(list) {
		return e, 0, 0, errDamaged
	}
	for ; len(list) > width; list = list[width:] {
		duration, at := readEdit(list, wide)
		if at != -1 || duration < 0 {
			return e, 0, 0, errDamaged
		}
		empty += duration
	}
	if _, media = readEdit(list, wide); media < 0 {
		return e, 0, 0, errDamaged
	}
	return edits{b.Data, len(b.Data) - len(list), wide}, empty, media, nil
}

// readEdit returns the duration and the media time of an entry of an edit list (§8.6.6).
func readEdit(b []byte, wide bool) (duration, media int64) {
	if wide {
		return int64(binary.BigEndian.Uint64(b)), int64(binary.BigEndian.Uint64(b[8:]))
	}
	return int64(binary.BigEndian.Uint32(b)), int64(int32(binary.BigEndian.Uint32(b[4:])))
}

// withDuration returns the box with another duration of the last edit, in ticks of the movie.
func (e edits) withDuration(ticks int64) []byte {
	out := append([]byte(nil), e.data...)
	if e.wide {
		binary.BigEndian.PutUint64(out[e.at:], uint64(ticks))
	} else {
		binary.BigEndian.PutUint32(out[e.at:], uint32(ticks))
	}
	return out
}
