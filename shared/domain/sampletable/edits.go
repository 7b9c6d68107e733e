package sampletable

import (
	"encoding/binary"
	"errors"
	"math"

	"sluice/shared/domain/sampletable/box"
)

// readEdit returns the presentation times that the edit list of a track shows at time 0 and at its end. It fails
// unless the list has at most one edit with samples, at normal speed, which empty edits may precede.
func readEdit(trak map[string]box.Box, mvhd []byte, timescale uint32) (shift, end int64, err error) {
	list, movieScale, err := findEdits(trak, mvhd)
	if err != nil {
		return 0, 0, err
	}
	scale := func(ticks int64) int64 {
		return (ticks*int64(timescale) + int64(movieScale)/2) / int64(movieScale)
	}
	for _, e := range list {
		if e.duration < 0 || e.duration > math.MaxInt64/maxTimescale/2 {
			return 0, 0, errors.New("an edit is too long")
		}
	}
	for len(list) > 0 && list[0].mediaTime == -1 {
		shift -= scale(list[0].duration)
		list = list[1:]
	}
	switch {
	case len(list) == 0:
		return shift, math.MaxInt64, nil
	case len(list) > 1 || list[0].rate != 1<<16 || list[0].mediaTime < 0 || list[0].mediaTime > math.MaxInt64/4:
		return 0, 0, errors.New("the edit list is not simple")
	case list[0].duration == 0: // as long as there are samples
		return shift + list[0].mediaTime, math.MaxInt64, nil
	}
	return shift + list[0].mediaTime, list[0].mediaTime + scale(list[0].duration), nil
}

// findEdits returns the edit list of a track, and the ticks a second of the durations in it.
func findEdits(trak map[string]box.Box, mvhd []byte) (list []edit, movieScale uint32, err error) {
	header, err := box.List(mvhd)
	if err != nil || len(header) != 1 {
		return nil, 0, box.ErrCutOff
	}
	if movieScale, err = readTimescale(header[0]); err != nil {
		return nil, 0, err
	}
	edts, err := box.Children(trak["edts"].Body)
	if err != nil {
		return nil, 0, err
	}
	if elst, ok := edts["elst"]; ok {
		list, err = readEdits(elst)
	}
	return list, movieScale, err
}

// edit is an entry of an edit list (ISO/IEC 14496-12 §8.6.6).
type edit struct {
	duration  int64 // ticks of the movie
	mediaTime int64 // ticks of the track; -1: an empty edit
	rate      uint32
}

// maxEdits is how many entries an edit list may have.
const maxEdits = 64

func readEdits(elst box.Box) (list []edit, err error) {
	f, err := box.ReadFull(elst)
	if err != nil {
		return nil, err
	}
	width := 12
	if f.Version == 1 {
		width = 20
	}
	_, entries, err := box.ReadTable(elst, width)
	if len(entries) > maxEdits*width {
		return nil, errors.New("the edit list is not simple")
	}
	for ; len(entries) > 0; entries = entries[width:] {
		if f.Version == 1 {
			list = append(list, edit{
				int64(binary.BigEndian.Uint64(entries)), int64(binary.BigEndian.Uint64(entries[8:])),
				binary.BigEndian.Uint32(entries[16:]),
			})
			continue
		}
		list = append(list, edit{
			int64(binary.BigEndian.Uint32(entries)), int64(int32(binary.BigEndian.Uint32(entries[4:]))),
			binary.BigEndian.Uint32(entries[8:]),
		})
	}
	return list, err
}
