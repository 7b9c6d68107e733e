package media

import (
	"math"

	"sluice/shared/domain/sampletable"
	"sluice/shared/domain/video"
)

// FindWindow returns what a decoder needs for a video task, if start is the presentation time of the first frame that
// is shown. A decoder that begins with a key frame whose frame number is at most that of the first frame has every
// frame from there on: the frames that it can't decode are shown before the key frame.
//
// Half a second more is decoded if a filter looks at frames before, or for codecs of which we have not tried all kinds
// of key frames. The frame after the last one ends it.
func FindWindow(p video.Plan, m video.Media, t video.Task, start int64) sampletable.Window {
	preroll := 0
	if m.Interlaced || m.VideoCodec != "h264" {
		preroll = int(math.Ceil(p.Rate.Float() / 2))
	}
	w := sampletable.Window{KeyBefore: start + ticksBefore(p, m, t.From+1-preroll), End: math.MaxInt64}
	if !t.Last {
		w.End = start + ticksBefore(p, m, t.To+tailFrames)
	}
	return w
}

// ticksBefore returns how many ticks of the source after its first frame the time begins that the filter fps rounds to
// frame n of the grid.
func ticksBefore(p video.Plan, m video.Media, n int) int64 {
	ticks := int64(p.Rate.Den) * int64(m.TimeBase.Den)
	grid := 2 * int64(p.Rate.Num) * int64(m.TimeBase.Num)
	half := (2*int64(n) - 1) * ticks
	if half < 0 {
		return half / grid
	}
	return (half + grid - 1) / grid
}

// ListKeyFrames returns the numbers of the frames from which a decoder can begin, in ascending order: those of the key
// frames of the video track, if start is the presentation time of the first frame that is shown.
func ListKeyFrames(m video.Media, track sampletable.Track, start int64) (keys []int) {
	ticks := int64(m.Rate.Den) * int64(m.TimeBase.Den)
	grid := 2 * int64(m.Rate.Num) * int64(m.TimeBase.Num)
	for _, s := range track.Samples {
		if s.Key && s.PTS() >= start {
			keys = append(keys, int(((s.PTS()-start)*grid+ticks)/(2*ticks)))
		}
	}
	return keys
}
