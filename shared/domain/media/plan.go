package media

import (
	"math"
	"slices"

	"sluice/shared/domain/video"
)

const (
	segmentSeconds = 2   // about: a segment has whole frames
	chunkSegments  = 4   // about 8 s: in shorter chunks, rate control loses quality at the joins
	chunkFrames    = 160 // at least; so that a chunk of a slow source is longer than 8 s
	slowRate       = 10  // frames a second; below, a seek misses the frame on screen
)

// NewPlan is NewIndexedPlan for a source without an index.
func NewPlan(m video.Media) video.Plan { return NewIndexedPlan(m, Indexed{}) }

// Indexed is what the index of a source tells its plan.
type Indexed struct {
	Keys  []int // the numbers of the frames from which a decoder can begin, in ascending order
	Audio bool  // it has the packets of the audio
}

// NewIndexedPlan cuts an inspected video into segments of about two seconds and chunks of about four segments. A chunk
// is one segment shorter or longer if the next one then begins nearer behind a frame from which a decoder can begin:
// the frames between are read and decoded for two chunks. The remainder is a chunk of its own if it has at least half a
// chunk, else a part of the last chunk: no chunk is very short, and if the container states a few frames too many, the
// last chunk still has frames. Slow sources have longer chunks, as each of theirs is decoded from the start of the
// source if it has no index.
func NewIndexedPlan(m video.Media, x Indexed) video.Plan {
	p := video.Plan{
		Rate: m.Rate, SegmentFrames: int(math.Round(segmentSeconds * m.Rate.Float())),
		Renditions: BuildLadder(m), Audio: m.AudioCodec != "",
		AudioInChunks: m.AudioCodec != "" && x.Audio,
	}
	segments := max(chunkSegments, (chunkFrames+p.SegmentFrames-1)/p.SegmentFrames)
	for at := 0; at == 0 || m.Frames-at >= (segments*p.SegmentFrames+1)/2; {
		p.Borders = append(p.Borders, at)
		at = chooseBorder(at, segments, p.SegmentFrames, x.Keys)
	}
	p.Borders = append(p.Borders, m.Frames)
	return p
}

// chooseBorder returns the end of a chunk that begins at a frame. A segment more or less than wished for is worth as
// much as decoding a quarter of a segment. If the chunk has no key frame, the next one is decoded from before it,
// wherever it begins.
func chooseBorder(from, segments, segmentFrames int, keys []int) int {
	best, least := 0, math.MaxInt
	for n := segments - 1; n <= segments+1; n++ {
		at := from + n*segmentFrames
		cost := abs(n-segments) * segmentFrames / 4
		switch i, found := slices.BinarySearch(keys, at); {
		case found || len(keys) == 0:
		case i == 0 || keys[i-1] <= from:
			cost += segments * segmentFrames
		default:
			cost += at - keys[i-1]
		}
		if cost < least || cost == least && n == segments {
			best, least = at, cost
		}
	}
	return best
}

func abs(n int) int { return max(n, -n) }
