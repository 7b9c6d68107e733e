package sampletable

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"sluice/shared/domain/sampletable/box"
)

// Flags of tfhd and trun boxes (ISO/IEC 14496-12 §8.8.7 and §8.8.8).
const (
	hasBaseOffset, hasDescription, hasDuration, hasSize, hasFlags, moofIsBase = 0x1, 0x2, 0x8, 0x10, 0x20, 0x020000

	runHasOffset, runHasFirstFlags                           = 0x1, 0x4
	runHasDuration, runHasSize, runHasFlags, runHasCTSOffset = 0x100, 0x200, 0x400, 0x800

	// of a sample that is no key frame, each alone, as FFmpeg's mov_read_trun takes them
	isNonSync, dependsOnOthers = 0x10000, 0x1000000
)

// parseTraf adds the samples of a traf box, if it is of the track. first is whether it is the first of its fragment.
func (p *fragmentParser) parseTraf(body []byte, base int64, first bool) error {
	traf, err := box.List(body)
	if err != nil {
		return err
	}
	head, err := box.Children(body, "tfhd")
	if err != nil {
		return err
	}
	tfhd := &box.Words{Rest: head["tfhd"].Body}
	flags := tfhd.Next() & 0xffffff
	if tfhd.Next() != p.trackID || !p.found {
		return tfhd.Err
	}
	if flags&hasBaseOffset != 0 {
		base = int64(tfhd.Next())<<32 | int64(tfhd.Next())
	} else if flags&moofIsBase == 0 && !first {
		return errors.New("the data of a fragment lie behind those of another track")
	}
	defaults := p.defaults
	if flags&hasDescription != 0 && tfhd.Next() != 1 {
		return errFragment
	}
	for _, field := range []struct {
		flag uint32
		to   *uint32
	}{{hasDuration, &defaults.duration}, {hasSize, &defaults.size}, {hasFlags, &defaults.flags}} {
		if flags&field.flag != 0 {
			*field.to = tfhd.Next()
		}
	}
	tfdt, err := readDecodeTime(head["tfdt"])
	if err != nil || tfhd.Err != nil {
		return errors.Join(err, tfhd.Err)
	}
	next := fragmentCursor{dts: tfdt, base: base, at: base}
	for _, b := range traf {
		if b.Name == "trun" {
			if err := p.parseRun(b.Body, defaults, &next); err != nil {
				return err
			}
		}
	}
	return nil
}

// readDecodeTime returns the time of a tfdt box.
func readDecodeTime(b box.Box) (int64, error) {
	f, err := box.ReadFull(b)
	if err != nil {
		return 0, errors.New("a fragment has no decode time")
	}
	dts := uint64(binary.BigEndian.Uint32(f.Body))
	if f.Version == 1 {
		if len(f.Body) < 8 {
			return 0, box.ErrCutOff
		}
		dts = binary.BigEndian.Uint64(f.Body)
	}
	if dts > math.MaxInt64/4 {
		return 0, errFragment
	}
	return int64(dts), nil
}

// fragmentCursor is the time and the place of the next sample of a fragment.
type fragmentCursor struct {
	dts, base, at int64
}

// parseRun adds the samples of a trun box.
func (p *fragmentParser) parseRun(body []byte, defaults sampleDefaults, next *fragmentCursor) error {
	r := &box.Words{Rest: body}
	flags := r.Next() & 0xffffff
	n, firstFlags := r.Next(), defaults.flags
	if flags&runHasOffset != 0 {
		next.at = next.base + int64(int32(r.Next()))
	}
	if flags&runHasFirstFlags != 0 {
		firstFlags = r.Next()
	}
	if uint64(n)+uint64(len(p.track.Samples)) > maxSamples {
		return fmt.Errorf("%d samples", n)
	}
	for i := range n {
		d, sample, cts := defaults, Sample{DTS: next.dts, Offset: next.at}, uint32(0)
		if i == 0 {
			d.flags = firstFlags
		}
		for _, field := range []struct {
			flag uint32
			to   *uint32
		}{{runHasDuration, &d.duration}, {runHasSize, &d.size}, {runHasFlags, &d.flags}, {runHasCTSOffset, &cts}} {
			if flags&field.flag != 0 {
				*field.to = r.Next()
			}
		}
		sample.CTS, sample.Duration, sample.Size = int32(cts), d.duration, d.size
		sample.Key = d.flags&(isNonSync|dependsOnOthers) == 0
		next.dts, next.at = next.dts+int64(d.duration), next.at+int64(d.size)
		if r.Err != nil || d.duration > math.MaxInt32 || sample.Offset < 0 || next.at > p.size {
			return errors.Join(errFragment, r.Err)
		}
		p.track.Samples = append(p.track.Samples, sample)
	}
	return nil
}
