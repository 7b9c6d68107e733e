package sampletable

import (
	"cmp"
	"slices"

	"sluice/shared/domain/sampletable/varint"
)

// AudioFormat says what a decoder makes of an audio track.
type AudioFormat struct {
	Rate int // samples a second
	// the numbers of samples of which a packet of the codec has one; empty: as many as its duration says
	PacketSamples []int
}

const (
	audioBlockPackets = 512  // 11 seconds of AAC at 48 kHz
	maxAudioGaps      = 1000 // of an audio track that is indexed by packets
	// A shift of the audio by less than a millisecond at its start, or by less than a tenth of a second later, is not
	// corrected: see swr_next_pts in FFmpeg's libswresample/swresample.c, with async=1 and min_hard_comp=0.1.
	uncorrectedStart, uncorrectedLater = 1000, 10 // parts of a second
)

// audioHead is the part of a Head that describes the packets of the audio track.
type audioHead struct {
	rate    int
	audible int64 // position of the first sample that is heard
	boxes   trackBoxes
	blocks  []audioBlock
}

// audioBlock is the entry of a block of packets in the directory. The packets of a block follow each other without a
// gap.
type audioBlock struct {
	at, end  int64 // positions of its first sample and behind its last one
	from, to int64 // where it is, counted from the beginning of the first block
}

// placeAudioPackets returns the packets of the audio track with, as DTS, the position of their first sample: how many
// samples of the decoded audio it comes after the first frame of the video. audible is the position of the first sample
// that is heard. They are the positions at which ffmpeg's filter aresample puts the samples if it reads the whole
// track. ok is false if they are not known.
func placeAudioPackets(s Source) (packets []Sample, audible int64, ok bool) {
	a, rate := s.Audio, int64(s.AudioFormat.Rate)
	if a == nil || rate == 0 || a.Partial || len(a.Samples) == 0 {
		return nil, 0, false
	}
	constant, ok := findPacketSamples(*a, s.AudioFormat)
	if !ok {
		return nil, 0, false
	}
	place := func(dts int64) int64 {
		return int64(float64(roundQuotient((dts-a.Shift)*rate, int64(a.Timescale))) - s.ShownAt/(1/float64(rate)))
	}
	first := place(a.Samples[0].DTS)
	if audible = first; a.Shift > 0 {
		audible = max(first, place(a.Shift))
	}
	late := audible
	if late*uncorrectedStart <= rate && late*uncorrectedStart >= -rate {
		first, audible = first-late, 0
	}
	at, gaps := first, 0
	for _, p := range a.Samples {
		if p.DTS >= a.End {
			break
		}
		switch drift := place(p.DTS) - late + audible - at; {
		case drift*uncorrectedLater > rate:
			at, gaps = at+drift, gaps+1
		case drift*uncorrectedLater < -rate:
			return nil, 0, false
		}
		n := cmp.Or(constant, p.Duration)
		packets = append(packets, Sample{DTS: at, Duration: n, Offset: p.Offset, Size: p.Size})
		at += int64(n)
	}
	return packets, audible, gaps <= maxAudioGaps && len(packets) > 0
}

// findPacketSamples returns how many samples each packet of a track has; 0 if that is its duration.
func findPacketSamples(a Track, f AudioFormat) (n uint32, ok bool) {
	if len(f.PacketSamples) == 0 {
		return 0, a.Timescale == uint32(f.Rate) && !slices.ContainsFunc(a.Samples, func(s Sample) bool {
			return s.Duration <= 1 // of PCM, each point in time is a sample
		})
	}
	counts, most := map[uint32]int{}, uint32(0)
	for _, s := range a.Samples {
		if counts[s.Duration]++; counts[s.Duration] > counts[most] {
			most = s.Duration
		}
	}
	usual := roundQuotient(int64(most)*int64(f.Rate), int64(a.Timescale))
	for _, n := range f.PacketSamples {
		if usual-int64(n) <= 1 && int64(n)-usual <= 1 {
			return uint32(n), true
		}
	}
	return 0, false
}

// roundQuotient returns a/b, b > 0, rounded to the next whole number.
func roundQuotient(a, b int64) int64 {
	if a < 0 {
		return -((-a + b/2) / b)
	}
	return (a + b/2) / b
}

// putAudioPackets writes the description of the audio track behind the directory of the video, and returns the blocks
// of its packets; nothing if it has no packets whose places in time are known.
func putAudioPackets(head *varint.Writer, s Source) (blocks varint.Writer) {
	packets, audible, ok := placeAudioPackets(s)
	if !ok {
		return nil
	}
	b := s.Audio.boxes
	head.PutInts(int64(s.AudioFormat.Rate), audible)
	for _, data := range [][]byte{b.tkhd, b.mdhd, b.hdlr, b.minf, b.stsd} {
		head.PutBytes(data)
	}
	var entries varint.Writer
	n, last := int64(0), int64(0)
	for len(packets) > 0 {
		to := 1
		for to < min(len(packets), audioBlockPackets) && packets[to-1].end() == packets[to].DTS {
			to++
		}
		size := len(blocks)
		putSamples(&blocks, packets[:to])
		end := packets[to-1].end()
		entries.PutInts(packets[0].DTS-last, end-packets[0].DTS, int64(len(blocks)-size))
		n, last, packets = n+1, end, packets[to:]
	}
	head.PutInts(n)
	*head = append(*head, entries...)
	return blocks
}

// end returns the decoding time at which a sample ends.
func (s Sample) end() int64 { return s.DTS + int64(s.Duration) }

// parseAudioHead parses what putAudioPackets has written; nothing if it has written nothing.
func parseAudioHead(r *varint.Reader) *audioHead {
	if len(r.Rest) == 0 {
		return nil
	}
	h := &audioHead{rate: int(r.ReadInt()), audible: r.ReadInt()}
	for _, to := range []*[]byte{&h.boxes.tkhd, &h.boxes.mdhd, &h.boxes.hdlr, &h.boxes.minf, &h.boxes.stsd} {
		*to = r.ReadBytes()
	}
	last := audioBlock{}
	for n := r.ReadInt(); n > 0 && r.Err == nil; n-- {
		last.at = last.end + r.ReadInt()
		last.end = last.at + r.ReadInt()
		last.from, last.to = last.to, last.to+r.ReadInt()
		h.blocks = append(h.blocks, last)
	}
	if r.Err == nil && (!isMediaHeader(h.boxes.mdhd) || h.rate < 1 || h.rate > maxTimescale || len(h.blocks) == 0) {
		r.Err = varint.ErrDamaged
	}
	return h
}

// AudioWindow is what a task needs of the decoded audio: the samples at the positions From to To-1, of Rate a second,
// counted from the first frame of the video, and Packets packets before them, if there are so many without a gap.
type AudioWindow struct {
	From, To int64
	Packets  int
}

// AudioRate returns how many samples a second the positions of the audio count; 0 if the index has no packets of audio.
func (h Head) AudioRate() int {
	if h.audio == nil {
		return 0
	}
	return h.audio.rate
}

// FindAudioBlocks returns the bytes of the index that have the packets of a window. They are none if it has no sound.
func (h Head) FindAudioBlocks(w AudioWindow) Range {
	at := h.size + h.audioSize + h.blocks[len(h.blocks)-1].to
	r := Range{}
	for _, b := range h.audio.blocks {
		before := int64(w.Packets) * (b.end - b.at) // a packet is not longer than its block
		if b.end+min(before, int64(h.audio.rate)) > w.From && b.at < w.To {
			if r.Len() == 0 {
				r.From = at + b.from
			}
			r.To = at + b.to
		}
	}
	return r
}

// SelectPackets returns those of consecutive packets that a decoder needs for a window.
func (w AudioWindow) SelectPackets(all []Sample) []Sample {
	first, last := 0, 0
	for i, p := range all {
		if p.end() <= w.From {
			first = i + 1
		}
		if p.DTS < w.To {
			last = i + 1
		}
	}
	if first >= last {
		return nil
	}
	for n := 0; n < w.Packets && first > 0 && all[first-1].end() == all[first].DTS; n++ {
		first--
	}
	return all[first:last]
}
