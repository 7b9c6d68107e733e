package sampletable

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// maxProbeRun is how many bytes of short samples FindProbeSamples takes as one. A sample of PCM has a few bytes.
const maxProbeRun = 4096

// FindProbeSamples returns the bytes of the samples that a demuxer reads first: those of all tracks whose decoding time
// is below a number of seconds, up to a number of bytes, and the first one of each track.
func (m Movie) FindProbeSamples(seconds float64, bytes int64) (all []Range) {
	type timed struct {
		at float64 // seconds
		Range
	}
	var early []timed // samples; or some short ones of a track together that lie one behind the other
	for _, t := range m.Tracks {
		for i, s := range t.Samples {
			at := float64(s.DTS-t.Shift) / float64(t.Timescale)
			if at > seconds && i > 0 {
				break
			}
			if i == 0 {
				at = 0
			}
			r := Range{From: s.Offset, To: s.Offset + int64(s.Size)}
			if n := len(early) - 1; i > 0 && early[n].To == r.From && r.To-early[n].From <= maxProbeRun {
				early[n].To = r.To
				continue
			}
			early = append(early, timed{at, r})
		}
	}
	slices.SortStableFunc(early, func(a, b timed) int { return cmp.Compare(a.at, b.at) })
	for _, s := range early {
		if bytes < 0 {
			break
		}
		all, bytes = append(all, s.Range), bytes-s.Len()
	}
	return all
}

// SamplesFrom returns the samples from the last key frame on that is decoded and shown before a time in seconds, on the
// timeline that the edit list makes.
func (t Track) SamplesFrom(seconds float64) []Sample {
	from := int64(seconds*float64(t.Timescale)) + t.Shift
	first := 0
	for i, s := range t.Samples {
		if s.Key && s.PTS() < from && s.DTS < from {
			first = i
		}
	}
	return t.Samples[first:]
}

var errPackets = errors.New("the demuxer reads other samples than the tables have")

// FindStart returns the presentation time of the first frame that is shown. start is that time as the demuxer counts,
// and packets are samples of the track as it reads them: lines of "pts,dts,duration,pos,flags". It fails unless all of
// them are samples of the track and the demuxer's times differ from those in the tables by the same number of ticks.
func (t Track) FindStart(start int64, packets []byte) (int64, error) {
	read, err := parsePackets(packets)
	if err != nil {
		return 0, err
	}
	samples := make(map[int64]Sample, len(read)) // those that were read, by their offsets
	for _, p := range read {
		samples[p.pos] = Sample{Offset: -1}
	}
	for _, s := range t.Samples {
		if _, ok := samples[s.Offset]; ok {
			samples[s.Offset] = s
		}
	}
	shift, found := int64(0), false
	for _, p := range read {
		s := samples[p.pos]
		if s.Offset != p.pos || found && p.pts-s.PTS() != shift {
			return 0, errPackets
		}
		shift, found = p.pts-s.PTS(), true
	}
	start -= shift
	if !found || !slices.ContainsFunc(t.Samples, func(s Sample) bool { return s.PTS() == start }) {
		return 0, errPackets
	}
	return start, nil
}

// packet is a sample as a demuxer reads it.
type packet struct{ pts, pos int64 }

// parsePackets parses lines of "pts,dts,duration,pos,flags".
func parsePackets(lines []byte) (all []packet, err error) {
	for line := range strings.Lines(string(lines)) {
		f := strings.Split(strings.TrimSpace(line), ",")
		if len(f) < 5 {
			return nil, errPackets
		}
		pts, err1 := strconv.ParseInt(f[0], 10, 64)
		pos, err2 := strconv.ParseInt(f[3], 10, 64)
		if err1 != nil || err2 != nil || pos < 0 {
			return nil, errPackets
		}
		all = append(all, packet{pts, pos})
	}
	return all, nil
}
