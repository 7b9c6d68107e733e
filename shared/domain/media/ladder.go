package media

import (
	"fmt"
	"math"

	"sluice/shared/domain/video"
)

// rung is a rung of the ladder: a height, and the bits per pixel of its bitrate cap. They are PeerTube's average
// bitrates (packages/core-utils/src/videos/bitrate.ts of that project).
type rung struct {
	lines int
	bits  float64
}

var rungs = []rung{{1080, 0.10}, {720, 0.11}, {480, 0.12}, {360, 0.15}}

const (
	maxRungs   = 3
	smallBits  = 0.17   // for pictures smaller than the lowest rung
	minBitrate = 64_000 // bits a second; with less, the buffer could not hold one key frame
)

// BuildLadder returns the renditions of a video, the largest first: at most three of 1080, 720, 480 and 360 lines. The
// lines are those of the shorter side, so that portrait and landscape videos are treated alike. Nothing is scaled up:
// a source between two rungs starts at the lower one, and one below 360 lines has one rendition of its own size,
// rounded down to even. Names are distinct, and sides are even.
func BuildLadder(m video.Media) []video.Rendition {
	var out []video.Rendition
	for _, r := range rungs {
		if r.lines <= min(m.Width, m.Height) && len(out) < maxRungs {
			out = append(out, newRendition(m, r))
		}
	}
	if len(out) == 0 {
		out = append(out, newRendition(m, rung{min(m.Width, m.Height) &^ 1, smallBits}))
	}
	return out
}

// newRendition returns the rendition whose shorter side has the lines of the rung.
func newRendition(m video.Media, r rung) video.Rendition {
	short, long := min(m.Width, m.Height), max(m.Width, m.Height)
	other := min(2*int(math.Round(float64(long)*float64(r.lines)/float64(short)/2)), long&^1)
	out := video.Rendition{Name: fmt.Sprintf("%dp", r.lines), Width: other, Height: r.lines}
	if m.Width < m.Height {
		out.Width, out.Height = r.lines, other
	}
	bitrate := float64(out.Width*out.Height) * m.Rate.Float() * r.bits
	out.Bitrate = max(minBitrate, int(math.Round(bitrate/1000))*1000)
	return out
}
