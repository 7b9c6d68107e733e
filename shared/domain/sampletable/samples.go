package sampletable

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"sluice/shared/domain/sampletable/box"
)

// readSamples expands the tables of a track (ISO/IEC 14496-12 §8.6.1, §8.6.2, §8.7). It fails unless all tables have
// the same number of samples, the kept ones are at most most, and they lie within the file of size bytes.
func (t *Track) readSamples(stbl map[string]box.Box, sound bool, size int64, most uint64) error {
	if _, entries, err := box.ReadTable(stbl["stsd"], 0); err != nil || entries == nil {
		return errors.Join(box.ErrCutOff, err)
	}
	if n := binary.BigEndian.Uint32(stbl["stsd"].Body[4:]); n != 1 {
		return fmt.Errorf("%d sample descriptions", n)
	}
	sizes, count, err := readSizes(stbl, sound, most)
	if err != nil {
		return err
	}
	t.Partial = len(sizes) < count
	t.Samples = make([]Sample, len(sizes))
	for i, n := range sizes {
		t.Samples[i].Size = n
	}
	if err := t.readTimes(stbl["stts"]); err != nil {
		return err
	}
	if ctts, ok := stbl["ctts"]; ok {
		if err := t.readOffsetsInTime(ctts); err != nil {
			return err
		}
	}
	stss, ok := stbl["stss"]
	if err := t.readKeys(stss, ok); err != nil {
		return err
	}
	if t.Chunks, err = readChunkOffsets(stbl, size, min(count, maxSamples)); err != nil {
		return err
	}
	return t.placeSamples(stbl["stsc"], size)
}

// readSizes returns the sizes of the samples that are kept, and how many samples there are: of sound whose samples all
// have one size, only the first maxKeptSound are kept. Compact sizes (stz2), which hardly any file has, are refused.
func readSizes(stbl map[string]box.Box, sound bool, most uint64) (sizes []uint32, count int, err error) {
	f, err := box.ReadFull(stbl["stsz"])
	if err != nil {
		return nil, 0, err
	}
	fixed, n := binary.BigEndian.Uint32(f.Body), uint64(0)
	if len(f.Body) >= 8 {
		n = uint64(binary.BigEndian.Uint32(f.Body[4:]))
	}
	count = int(n)
	if sound && fixed > 0 {
		n = min(n, maxKeptSound)
	}
	switch {
	case n > most:
		return nil, 0, fmt.Errorf("%d samples", n)
	case fixed == 0 && n*4 > uint64(len(f.Body)-8):
		return nil, 0, box.ErrCutOff
	}
	sizes = make([]uint32, n)
	for i := range sizes {
		if sizes[i] = fixed; fixed == 0 {
			sizes[i] = binary.BigEndian.Uint32(f.Body[8+4*i:])
		}
	}
	return sizes, count, nil
}

// clipRun returns how many of n samples from the one at a position on are kept. It fails if there are not so many.
func (t *Track) clipRun(at int, n uint32) (kept int, err error) {
	if room := len(t.Samples) - at; uint64(n) > uint64(room) {
		if !t.Partial {
			return 0, fmt.Errorf("%d samples too many", uint64(n)-uint64(room))
		}
		return room, nil
	}
	return int(n), nil
}

// readTimes sets the decoding times and the durations.
func (t *Track) readTimes(stts box.Box) error {
	_, entries, err := box.ReadTable(stts, 8)
	if err != nil {
		return err
	}
	at, dts := 0, int64(0)
	for ; len(entries) > 0; entries = entries[8:] {
		lasts := binary.BigEndian.Uint32(entries[4:])
		n, err := t.clipRun(at, binary.BigEndian.Uint32(entries))
		if err != nil || lasts > math.MaxInt32 {
			return fmt.Errorf("stts: %d samples of %d ticks: %w", n, lasts, cmp.Or(err, box.ErrCutOff))
		}
		for range n {
			t.Samples[at].DTS, t.Samples[at].Duration = dts, lasts
			at, dts = at+1, dts+int64(lasts)
		}
	}
	if at != len(t.Samples) {
		return fmt.Errorf("stts: %d samples of %d", at, len(t.Samples))
	}
	return nil
}

// readOffsetsInTime sets the distances between decoding and presentation.
func (t *Track) readOffsetsInTime(ctts box.Box) error {
	_, entries, err := box.ReadTable(ctts, 8)
	if err != nil {
		return err
	}
	at := 0
	for ; len(entries) > 0; entries = entries[8:] {
		cts := int32(binary.BigEndian.Uint32(entries[4:]))
		n, err := t.clipRun(at, binary.BigEndian.Uint32(entries))
		if err != nil {
			return fmt.Errorf("ctts: %w", err)
		}
		for range n {
			t.Samples[at].CTS = cts
			at++
		}
	}
	if at != len(t.Samples) {
		return fmt.Errorf("ctts: %d samples of %d", at, len(t.Samples))
	}
	return nil
}

// readKeys marks the sync samples; all of them if there is no table.
func (t *Track) readKeys(stss box.Box, found bool) error {
	if !found {
		t.AllKey = true
		for i := range t.Samples {
			t.Samples[i].Key = true
		}
		return nil
	}
	_, entries, err := box.ReadTable(stss, 4)
	for ; len(entries) > 0; entries = entries[4:] {
		n := binary.BigEndian.Uint32(entries)
		if n == 0 || uint64(n) > uint64(len(t.Samples)) {
			return fmt.Errorf("stss: sample %d of %d", n, len(t.Samples))
		}
		t.Samples[n-1].Key = true
	}
	return err
}

// readChunkOffsets returns where in a file of size bytes the chunks of a track begin. It fails if they are more than
// most, the number of samples: each chunk has one.
func readChunkOffsets(stbl map[string]box.Box, size int64, most int) (all []int64, err error) {
	stco, short := stbl["stco"]
	co64, long := stbl["co64"]
	if short == long {
		return nil, errors.New("no table of chunks, or two")
	}
	width, table := 4, stco
	if long {
		width, table = 8, co64
	}
	_, entries, err := box.ReadTable(table, width)
	if n := len(entries) / width; n > most {
		return nil, fmt.Errorf("%d chunks of %d samples", n, most)
	}
	for ; len(entries) > 0; entries = entries[width:] {
		at := int64(binary.BigEndian.Uint32(entries))
		if long {
			at = int64(binary.BigEndian.Uint64(entries))
		}
		if at < 0 || at > size {
			return nil, fmt.Errorf("a chunk at %d of %d bytes", at, size)
		}
		all = append(all, at)
	}
	return all, err
}

// placeSamples sets the offset of each sample in the file.
func (t *Track) placeSamples(stsc box.Box, size int64) error {
	_, entries, err := box.ReadTable(stsc, 12)
	if err != nil {
		return err
	}
	at := 0
	for ; len(entries) > 0; entries = entries[12:] {
		first, per := int(binary.BigEndian.Uint32(entries)), int(binary.BigEndian.Uint32(entries[4:]))
		next := len(t.Chunks) + 1
		if len(entries) > 12 {
			next = int(binary.BigEndian.Uint32(entries[12:]))
		}
		if first < 1 || next < first || next > len(t.Chunks)+1 || binary.BigEndian.Uint32(entries[8:]) != 1 {
			return fmt.Errorf("stsc: chunks %d to %d of %d", first, next, len(t.Chunks))
		}
		for _, pos := range t.Chunks[first-1 : next-1] {
			for range min(per, len(t.Samples)-at) {
				s := &t.Samples[at]
				s.Offset = pos
				if pos += int64(s.Size); pos > size {
					return fmt.Errorf("sample %d ends at %d of %d bytes", at+1, pos, size)
				}
				at++
			}
		}
	}
	if at != len(t.Samples) {
		return fmt.Errorf("stsc: %d samples of %d", at, len(t.Samples))
	}
	return nil
}
