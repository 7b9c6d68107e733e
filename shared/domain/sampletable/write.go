package sampletable

import (
	"encoding/binary"
	"fmt"
	"math"

	"sluice/shared/domain/sampletable/box"
)

// Part is a small MP4 file that has some samples of a source: Head, and behind it the bytes of Ranges of the source,
// one behind the other.
type Part struct {
	Head   []byte
	Ranges []Range // sorted and disjoint
	Start  int64   // presentation time in it of the first frame of the whole video that is shown; may be negative
}

// Size returns the number of bytes of the file.
func (p Part) Size() int64 {
	n := int64(len(p.Head))
	for _, r := range p.Ranges {
		n += r.Len()
	}
	return n
}

// BuildVideoPart returns a file of the video track with consecutive samples, of which the first is a key frame. Its
// times begin at 0 and it has no edit list, so that a decoder shows all samples. The ranges are joined over gaps of
// at most gap bytes.
func (h Head) BuildVideoPart(samples []Sample, gap int64) (Part, error) {
	ranges := JoinRanges(SampleRanges(samples), gap)
	minCTS := int64(math.MaxInt64)
	for _, s := range samples {
		minCTS = min(minCTS, int64(s.CTS))
	}
	part := Part{Ranges: ranges, Start: h.Start - samples[0].DTS - minCTS}
	// The size of the tables does not depend on the offsets in them.
	for at := int64(0); ; at = int64(len(part.Head)) {
		tables, err := buildTables(samples, minCTS, h.allKey, newPlacement(ranges, at))
		if err != nil {
			return Part{}, err
		}
		whole := int64(len(part.Head))
		part.Head = h.buildVideoHead(samples, tables, newPlacement(ranges, 0).size)
		if int64(len(part.Head)) == whole {
			return part, nil
		}
	}
}

// buildVideoHead returns the boxes before the data: ftyp, moov and the header of an mdat of size bytes.
func (h Head) buildVideoHead(samples []Sample, tables []byte, size int64) []byte {
	last := samples[len(samples)-1]
	mdhd := setDuration(h.boxes.mdhd, last.DTS+int64(last.Duration)-samples[0].DTS)
	stbl := box.Wrap("stbl", h.boxes.stsd, tables)
	mdia := box.Wrap("mdia", mdhd, h.boxes.hdlr, box.Wrap("minf", h.boxes.minf, stbl))
	moov := box.Wrap("moov", h.header, box.Wrap("trak", h.boxes.tkhd, mdia))
	return append(append(append([]byte(nil), h.fileType...), moov...), buildDataHeader(size)...)
}

// buildDataHeader returns the header of an mdat box with size bytes of data.
func buildDataHeader(size int64) []byte {
	b := append(binary.BigEndian.AppendUint32(nil, 1), "mdat"...)
	return binary.BigEndian.AppendUint64(b, uint64(size)+16)
}

// setDuration returns a copy of an mdhd box with another duration, in ticks.
func setDuration(mdhd []byte, ticks int64) []byte {
	b := append([]byte(nil), mdhd...)
	if b[8] == 1 { // its times have 64 bits
		binary.BigEndian.PutUint64(b[32:], uint64(ticks))
	} else {
		binary.BigEndian.PutUint32(b[24:], uint32(min(ticks, math.MaxUint32-1)))
	}
	return b
}

// buildTables returns the tables of samples (ISO/IEC 14496-12 §8.6 and §8.7), each of which is a chunk of its own.
func buildTables(samples []Sample, minCTS int64, allKey bool, at placement) ([]byte, error) {
	stts, ctts := box.NewTable("stts", 8), box.NewTable("ctts", 8)
	stsz, stss, co64 := box.NewTable("stsz", 4), box.NewTable("stss", 4), box.NewTable("co64", 8)
	stsz.Prefix = make([]byte, 4) // no size that all samples have
	for i, s := range samples {
		stts.AddRun(s.Duration)
		ctts.AddRun(uint32(int64(s.CTS) - minCTS))
		stsz.Add32(s.Size)
		if s.Key {
			stss.Add32(uint32(i + 1))
		}
		pos, ok := at.find(s.Offset)
		if !ok && s.Size > 0 {
			return nil, fmt.Errorf("sample at %d is in no range", s.Offset)
		}
		co64.Entries = binary.BigEndian.AppendUint64(co64.Entries, uint64(pos))
	}
	stsc := box.NewTable("stsc", 12)
	for _, n := range []uint32{1, 1, 1} { // from the first chunk on, one sample each, of the one description
		stsc.Add32(n)
	}
	all := append(stts.Build(), ctts.Build()...)
	if !allKey {
		all = append(all, stss.Build()...)
	}
	return append(append(append(all, stsc.Build()...), stsz.Build()...), co64.Build()...), nil
}
