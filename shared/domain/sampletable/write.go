package sampletable

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"sluice/shared/domain/sampletable/box"
	"sluice/shared/domain/sampletable/sample"
)

// Part is a small MP4 file that has some samples of a source: Head, and behind it the bytes of Ranges of the source,
// one behind the other.
type Part struct {
	Head   []byte
	Ranges []Range // sorted and disjoint
	Start  int64   // presentation time in it of the first frame of the whole video that is shown; may be negative
	Audio  AudioPart
}

// AudioPart says where the audio of a Part is in time. Positions are those of package audioindex.
type AudioPart struct {
	Rate    int   // samples a second; 0: there is no audio track
	First   int64 // position of the first sample of the first packet, which has the time 0 in the Part
	Audible int64 // position of the first sample that is heard in the whole video
}

// Size returns the number of bytes of the file.
func (p Part) Size() int64 {
	n := int64(len(p.Head))
	for _, r := range p.Ranges {
		n += r.Len()
	}
	return n
}

// BuildVideoPart returns a file of the video track with consecutive samples, of which the first is a key frame, and of
// the audio track with packets as audioindex selects them, if there are any. The times of both begin at 0 and there
// is no edit list, so that a decoder shows all samples. The ranges are joined over gaps of at most gap bytes.
func (h Head) BuildVideoPart(samples, packets []Sample, gap int64) (Part, error) {
	ranges := sample.JoinRanges(append(sample.ListRanges(samples), sample.ListRanges(packets)...), gap)
	minCTS := int64(math.MaxInt64)
	for _, s := range samples {
		minCTS = min(minCTS, int64(s.CTS))
	}
	part := Part{Ranges: ranges, Start: h.Start - samples[0].DTS - minCTS}
	if len(packets) > 0 {
		part.Audio = AudioPart{h.audio.Rate, packets[0].DTS, h.audio.Audible}
	}
	// The size of the tables does not depend on the offsets in them.
	for at := int64(0); ; at = int64(len(part.Head)) {
		p := newPlacement(ranges, at)
		trak, err := h.buildVideoTrack(samples, minCTS, p)
		if err != nil {
			return Part{}, err
		}
		sound, err := h.buildAudioTrack(packets, p)
		if err != nil {
			return Part{}, err
		}
		whole := int64(len(part.Head))
		moov := box.Wrap("moov", h.header, trak, sound)
		part.Head = slices.Concat(h.fileType, moov, buildDataHeader(p.size))
		if int64(len(part.Head)) == whole {
			return part, nil
		}
	}
}

// buildVideoTrack returns the trak box of the video.
func (h Head) buildVideoTrack(samples []Sample, minCTS int64, at placement) ([]byte, error) {
	tables, err := buildTables(samples, at)
	if err != nil {
		return nil, err
	}
	ctts, stss := box.NewTable("ctts", 8), box.NewTable("stss", 4)
	for i, s := range samples {
		ctts.AddRun(uint32(int64(s.CTS) - minCTS))
		if s.Key {
			stss.Add32(uint32(i + 1))
		}
	}
	if tables = append(tables, ctts.Build()...); !h.allKey {
		tables = append(tables, stss.Build()...)
	}
	return h.boxes.build(samples[len(samples)-1].End()-samples[0].DTS, tables), nil
}

// buildAudioTrack returns the trak box of the audio; nothing if there are no packets. A tick is one sample.
func (h Head) buildAudioTrack(packets []Sample, at placement) ([]byte, error) {
	if len(packets) == 0 {
		return nil, nil
	}
	tables, err := buildTables(packets, at)
	if err != nil {
		return nil, err
	}
	boxes := h.audioBoxes
	boxes.mdhd = setTimescale(boxes.mdhd, h.audio.Rate)
	return boxes.build(packets[len(packets)-1].End()-packets[0].DTS, tables), nil
}

// build returns a trak box that lasts a number of ticks and has these tables.
func (b trackBoxes) build(ticks int64, tables []byte) []byte {
	stbl := box.Wrap("stbl", b.stsd, tables)
	mdia := box.Wrap("mdia", setDuration(b.mdhd, ticks), b.hdlr, box.Wrap("minf", b.minf, stbl))
	return box.Wrap("trak", b.tkhd, mdia)
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

// setTimescale returns a copy of an mdhd box with other ticks a second.
func setTimescale(mdhd []byte, rate int) []byte {
	b, at := append([]byte(nil), mdhd...), 20
	if b[8] == 1 {
		at = 28
	}
	binary.BigEndian.PutUint32(b[at:], uint32(rate))
	return b
}

// buildTables returns the tables that every track has (ISO/IEC 14496-12 §8.6 and §8.7). Each sample is a chunk of its
// own and lasts until the next one.
func buildTables(samples []Sample, at placement) ([]byte, error) {
	stts, stsz, co64 := box.NewTable("stts", 8), box.NewTable("stsz", 4), box.NewTable("co64", 8)
	stsz.Prefix = make([]byte, 4) // no size that all samples have
	for i, s := range samples {
		lasts := int64(s.Duration)
		if i+1 < len(samples) {
			lasts = samples[i+1].DTS - s.DTS
		}
		stts.AddRun(uint32(lasts))
		stsz.Add32(s.Size)
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
	return slices.Concat(stts.Build(), stsc.Build(), stsz.Build(), co64.Build()), nil
}
