package sampletable

import (
	"encoding/binary"
	"fmt"
	"math"
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
	stbl := wrapBox("stbl", h.boxes.stsd, tables)
	mdia := wrapBox("mdia", mdhd, h.boxes.hdlr, wrapBox("minf", h.boxes.minf, stbl))
	moov := wrapBox("moov", h.header, wrapBox("trak", h.boxes.tkhd, mdia))
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
	stts, ctts := newTable("stts", 8), newTable("ctts", 8)
	stsz, stss, co64 := newTable("stsz", 4), newTable("stss", 4), newTable("co64", 8)
	stsz.prefix = make([]byte, 4) // no size that all samples have
	for i, s := range samples {
		stts.addRun(s.Duration)
		ctts.addRun(uint32(int64(s.CTS) - minCTS))
		stsz.add32(s.Size)
		if s.Key {
			stss.add32(uint32(i + 1))
		}
		pos, ok := at.find(s.Offset)
		if !ok && s.Size > 0 {
			return nil, fmt.Errorf("sample at %d is in no range", s.Offset)
		}
		co64.entries = binary.BigEndian.AppendUint64(co64.entries, uint64(pos))
	}
	stsc := newTable("stsc", 12)
	for _, n := range []uint32{1, 1, 1} { // from the first chunk on, one sample each, of the one description
		stsc.add32(n)
	}
	all := append(stts.build(), ctts.build()...)
	if !allKey {
		all = append(all, stss.build()...)
	}
	return append(append(append(all, stsc.build()...), stsz.build()...), co64.build()...), nil
}

// table is a box with a number of entries of the same width.
type table struct {
	name    string
	width   int    // bytes of an entry
	prefix  []byte // before the number of entries
	entries []byte
}

func newTable(name string, width int) *table { return &table{name: name, width: width} }

func (t *table) add32(n uint32) { t.entries = binary.BigEndian.AppendUint32(t.entries, n) }

// addRun adds one sample to a table whose entries are a number of samples and a value that they share.
func (t *table) addRun(value uint32) {
	if n := len(t.entries) - 8; n >= 0 && binary.BigEndian.Uint32(t.entries[n+4:]) == value {
		binary.BigEndian.PutUint32(t.entries[n:], binary.BigEndian.Uint32(t.entries[n:])+1)
		return
	}
	t.add32(1)
	t.add32(value)
}

func (t *table) build() []byte {
	n := binary.BigEndian.AppendUint32(nil, uint32(len(t.entries)/t.width))
	return wrapBox(t.name, make([]byte, 4), t.prefix, n, t.entries)
}
