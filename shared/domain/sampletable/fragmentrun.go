package sampletable

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"sluice/shared/domain/sampletable/box"
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
	if flags&box.HasBaseOffset != 0 {
		base = int64(tfhd.Next())<<32 | int64(tfhd.Next())
	} else if flags&box.MoofIsBase == 0 && !first {
		return errors.New("the data of a fragment lie behind those of another track")
	}
	defaults := p.defaults
	if flags&box.HasDescription != 0 && tfhd.Next() != 1 {
		return errFragment
	}
	tfhd.ReadDefaults(flags, &defaults)
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
func (p *fragmentParser) parseRun(body []byte, defaults box.SampleFields, next *fragmentCursor) error {
	r := &box.Words{Rest: body}
	flags := r.Next() & 0xffffff
	n, firstFlags := r.Next(), defaults.Flags
	if flags&box.RunHasOffset != 0 {
		next.at = next.base + int64(int32(r.Next()))
	}
	if flags&box.RunHasFirstFlags != 0 {
		firstFlags = r.Next()
	}
	if uint64(n)+uint64(len(p.track.Samples)) > maxSamples {
		return fmt.Errorf("%d samples", n)
	}
	for i := range n {
		d, sample := defaults, Sample{DTS: next.dts, Offset: next.at}
		if i == 0 {
			d.Flags = firstFlags
		}
		cts := r.ReadSample(flags, &d)
		sample.CTS, sample.Duration, sample.Size = int32(cts), d.Duration, d.Size
		// a sample with either flag is no key frame, as FFmpeg's mov_read_trun takes them
		sample.Key = d.Flags&(box.IsNonSync|box.DependsOnOthers) == 0
		next.dts, next.at = next.dts+int64(d.Duration), next.at+int64(d.Size)
		if r.Err != nil || d.Duration > math.MaxInt32 || sample.Offset < 0 || next.at > p.size {
			return errors.Join(errFragment, r.Err)
		}
		p.track.Samples = append(p.track.Samples, sample)
	}
	return nil
}
