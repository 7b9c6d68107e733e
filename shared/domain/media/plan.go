package media

import (
	"math"

	"sluice/shared/domain/video"
)

const (
	segmentSeconds = 2   // about; whole frames decide
	chunkSegments  = 4   // ≈ 8 s: in shorter chunks rate control loses quality at the joins
	chunkFrames    = 160 // at least; a chunk of a slow source is longer than 8 s
	slowRate       = 10  // frames a second; a seek in a slower source misses the frame on screen
)

// NewPlan cuts an inspected video into segments of about two seconds and chunks of four segments. What remains is a
// chunk of its own if it is at least half a chunk, else part of the one before: no chunk is tiny, and a count of
// frames that the container overstates a little still leaves the last one frames to encode. Slow sources have longer
// chunks: each of theirs decodes the source from its start.
func NewPlan(m video.Media) video.Plan {
	p := video.Plan{
		Rate: m.Rate, SegmentFrames: int(math.Round(segmentSeconds * m.Rate.Float())),
		Renditions: BuildLadder(m), Audio: m.AudioCodec != "",
	}
	segments := max(chunkSegments, (chunkFrames+p.SegmentFrames-1)/p.SegmentFrames)
	p.Borders = buildBorders(m.Frames, segments*p.SegmentFrames)
	return p
}

func buildBorders(frames, chunk int) []int {
	out := []int{0}
	for at := chunk; frames-at >= (chunk+1)/2; at += chunk {
		out = append(out, at)
	}
	return append(out, frames)
}
