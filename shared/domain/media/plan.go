package media

import (
	"math"

	"sluice/shared/domain/video"
)

const (
	segmentSeconds = 2   // about: a segment has whole frames
	chunkSegments  = 4   // about 8 s: in shorter chunks, rate control loses quality at the joins
	chunkFrames    = 160 // at least; so that a chunk of a slow source is longer than 8 s
	slowRate       = 10  // frames a second; below, a seek misses the frame on screen
)

// NewPlan cuts an inspected video into segments of about two seconds and chunks of four segments. The remainder is a
// chunk of its own if it has at least half a chunk, else a part of the last chunk: no chunk is very short, and if the
// container states a few frames too many, the last chunk still has frames. Slow sources have longer chunks, as each of
// theirs is decoded from the start of the source.
func NewPlan(m video.Media) video.Plan {
	p := video.Plan{
		Rate: m.Rate, SegmentFrames: int(math.Round(segmentSeconds * m.Rate.Float())),
		Renditions: BuildLadder(m), Audio: m.AudioCodec != "",
	}
	chunk := p.SegmentFrames * max(chunkSegments, (chunkFrames+p.SegmentFrames-1)/p.SegmentFrames)
	for at := 0; at == 0 || m.Frames-at >= (chunk+1)/2; at += chunk {
		p.Borders = append(p.Borders, at)
	}
	p.Borders = append(p.Borders, m.Frames)
	return p
}
