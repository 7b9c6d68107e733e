// Package audioindex places the packets of an audio track in time, writes them as a part of an index, and finds those
// that a task needs. It is pure and needs no AWS rights.
package audioindex

import (
	"cmp"
	"slices"

	"sluice/shared/domain/sampletable/sample"
	"sluice/shared/domain/sampletable/varint"
)

// Format says what a decoder makes of an audio track.
type Format struct {
	Rate int // samples a second
	// the numbers of samples of which a packet of the codec has one; empty: as many as its duration says
	PacketSamples []int
}

const (
	blockPackets = 512        // 11 seconds of AAC at 48 kHz
	maxRate      = 10_000_000 // samples a second
	maxGaps      = 1000       // of an audio track that is indexed by packets
	// A shift of the audio by less than a millisecond at its start, or by less than a tenth of a second later, is not
	// corrected: see swr_next_pts in FFmpeg's libswresample/swresample.c, with async=1 and min_hard_comp=0.1.
	uncorrectedStart, uncorrectedLater = 1000, 10 // parts of a second
)

// Track is an audio track. The fields are those of sampletable.Track.
type Track struct {
	Timescale  uint32
	Samples    []sample.Sample
	Partial    bool
	Shift, End int64
}

// Directory says where the packets of an audio track are in an index, and when.
type Directory struct {
	Rate    int   // samples of the decoded audio a second; 0: there are no packets
	Audible int64 // position of the first sample that is heard
	blocks  []block
}

// block is the entry of a block of packets in the directory. The packets of a block follow each other without a
// gap.
type block struct {
	at, end  int64 // positions of its first sample and behind its last one
	from, to int64 // where it is, counted from the beginning of the first block
}

// Packets are the packets of an audio track. The DTS of each is the position of its first sample: how many samples of
// the decoded audio it comes after the first frame of the video.
type Packets struct {
	rate    int
	audible int64 // position of the first sample that is heard
	all     []sample.Sample
}

// Place returns the packets of a track. Their positions are those at which ffmpeg's filter aresample puts the samples
// if it reads the whole track. shownAt is the time in seconds at which the first frame of the video is shown, on the
// timeline that the edit lists make. ok is false if the positions are not known.
func Place(a Track, f Format, shownAt float64) (p Packets, ok bool) {
	rate := int64(f.Rate)
	if rate == 0 || a.Partial || len(a.Samples) == 0 {
		return p, false
	}
	constant, ok := findPacketSamples(a, f)
	if !ok {
		return p, false
	}
	p.rate = f.Rate
	place := func(dts int64) int64 {
		return int64(float64(roundQuotient((dts-a.Shift)*rate, int64(a.Timescale))) - shownAt/(1/float64(rate)))
	}
	first := place(a.Samples[0].DTS)
	if p.audible = first; a.Shift > 0 {
		p.audible = max(first, place(a.Shift))
	}
	late := p.audible
	if late*uncorrectedStart <= rate && late*uncorrectedStart >= -rate {
		first, p.audible = first-late, 0
	}
	at, gaps := first, 0
	for _, x := range a.Samples {
		if x.DTS >= a.End {
			break
		}
		switch drift := place(x.DTS) - late + p.audible - at; {
		case drift*uncorrectedLater > rate:
			at, gaps = at+drift, gaps+1
		case drift*uncorrectedLater < -rate:
			return p, false
		}
		n := cmp.Or(constant, x.Duration)
		p.all = append(p.all, sample.Sample{DTS: at, Duration: n, Offset: x.Offset, Size: x.Size})
		at += int64(n)
	}
	return p, gaps <= maxGaps && len(p.all) > 0
}

// findPacketSamples returns how many samples each packet of a track has; 0 if that is its duration.
func findPacketSamples(a Track, f Format) (n uint32, ok bool) {
	if len(f.PacketSamples) == 0 {
		return 0, a.Timescale == uint32(f.Rate) && !slices.ContainsFunc(a.Samples, func(s sample.Sample) bool {
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

// Put writes the directory of the packets to head, and returns their blocks.
func (p Packets) Put(head *varint.Writer) (blocks varint.Writer) {
	head.PutInts(int64(p.rate), p.audible)
	var entries varint.Writer
	n, last := int64(0), int64(0)
	for all := p.all; len(all) > 0; n++ {
		to := 1
		for to < min(len(all), blockPackets) && all[to-1].End() == all[to].DTS {
			to++
		}
		size := len(blocks)
		sample.PutBlock(&blocks, all[:to])
		end := all[to-1].End()
		entries.PutInts(all[0].DTS-last, end-all[0].DTS, int64(len(blocks)-size))
		last, all = end, all[to:]
	}
	head.PutInts(n)
	*head = append(*head, entries...)
	return blocks
}

// ReadDirectory reads what Put has written to head.
func ReadDirectory(r *varint.Reader) Directory {
	d := Directory{Rate: int(r.ReadInt()), Audible: r.ReadInt()}
	last := block{}
	for n := r.ReadInt(); n > 0 && r.Err == nil; n-- {
		last.at = last.end + r.ReadInt()
		last.end = last.at + r.ReadInt()
		last.from, last.to = last.to, last.to+r.ReadInt()
		d.blocks = append(d.blocks, last)
	}
	if r.Err == nil && (d.Rate < 1 || d.Rate > maxRate || len(d.blocks) == 0) {
		r.Err = varint.ErrDamaged
	}
	return d
}

// Window is what a task needs of the decoded audio: the samples at the positions From to To-1, and Packets packets
// before them, if there are so many without a gap.
type Window struct {
	From, To int64
	Packets  int
}

// FindBlocks returns the bytes that have the packets of a window, counted from the beginning of the first block. They
// are none if it has no sound.
func (d Directory) FindBlocks(w Window) (r sample.Range) {
	for _, b := range d.blocks {
		before := int64(w.Packets) * (b.end - b.at) // a packet is not longer than its block
		if b.end+min(before, int64(d.Rate)) > w.From && b.at < w.To {
			if r.Len() == 0 {
				r.From = b.from
			}
			r.To = b.to
		}
	}
	return r
}

// Select returns those of consecutive packets that a decoder needs for a window.
func (w Window) Select(all []sample.Sample) []sample.Sample {
	first, last := 0, 0
	for i, p := range all {
		if p.End() <= w.From {
			first = i + 1
		}
		if p.DTS < w.To {
			last = i + 1
		}
	}
	if first >= last {
		return nil
	}
	for n := 0; n < w.Packets && first > 0 && all[first-1].End() == all[first].DTS; n++ {
		first--
	}
	return all[first:last]
}
