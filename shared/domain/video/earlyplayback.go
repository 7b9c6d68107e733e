package video

import (
	"math"
	"slices"
	"time"
)

// Early playback: a video can be watched while it is still being encoded. Its playlists list the segments from the
// beginning up to the first gap, and are rewritten as tasks finish.
const (
	startTargetDurations = 3                // target durations listed before a player may start (RFC 8216 §6.3.3)
	minStartDuration     = 12 * time.Second // of video that must be listed, at least
	maxPlaylistUpdates   = 15               // about how often the playlists are rewritten, at any length
	playerLag            = 6 * time.Second  // until a player has an update: cache, polling and download
)

// StartFrames returns how many frames must be encoded before the video becomes playable.
func (p Plan) StartFrames() int {
	return max(startTargetDurations*p.SegmentFrames, int(math.Ceil(minStartDuration.Seconds()*p.Rate.Float())))
}

// AllowsEarlyPlayback reports whether the video can become playable before it is ready. A short video can't.
func (p Plan) AllowsEarlyPlayback() bool {
	return slices.ContainsFunc(p.Borders[:len(p.Borders)-1], func(b int) bool { return b >= p.StartFrames() })
}

// NextListedFrames returns how many frames must be encoded before playlists that list shown frames are rewritten. The
// steps grow with the length of the video, so that there are about maxPlaylistUpdates.
func (p Plan) NextListedFrames(shown int) int {
	factor := math.Pow(max(1, float64(p.FrameCount())/float64(p.StartFrames())), 1.0/maxPlaylistUpdates)
	return min(p.FrameCount(), max(shown+1, int(math.Ceil(float64(shown)*factor))))
}

// ContiguousFrames returns how many frames from the first are encoded without a gap, in video and in audio.
func (v Video) ContiguousFrames() int {
	to := map[TaskKind]int{}
	for _, t := range v.Plan.Tasks() {
		if _, begun := to[t.Kind]; !begun {
			to[t.Kind] = 0
		}
		if v.Done[t.Number] && t.From == to[t.Kind] {
			to[t.Kind] = t.To
		}
	}
	least := v.Plan.FrameCount()
	for _, n := range to {
		least = min(least, n)
	}
	return least
}

// EncodeRate is the speed at which a video is being encoded, by all its workers together.
type EncodeRate struct {
	FramesPerSecond float64 // +Inf if not known
	PauseSeconds    float64 // how long no task may finish, as workers that started together finish together
}

// measureEncodeRate returns the rate as known when a task finishes.
func (v Video) measureEncodeRate(e EncodeDone) EncodeRate {
	frames, chunks := 0, 0
	for _, t := range v.Plan.Tasks() {
		if t.Kind == VideoTask && v.Done[t.Number] {
			frames, chunks = frames+t.To-t.From, chunks+1
		}
	}
	spent := e.At.Sub(v.Times.EncodeStarted).Seconds()
	if v.Times.EncodeStarted.IsZero() || spent <= 0 {
		return EncodeRate{FramesPerSecond: math.Inf(1)}
	}
	r := EncodeRate{FramesPerSecond: float64(frames) / spent}
	if !e.Started.IsZero() {
		r.PauseSeconds = max(0, e.At.Sub(e.Started).Seconds()-spent/float64(chunks))
	}
	return r
}

// WouldStall reports whether, at an encode rate, a player that starts now, with shown frames listed, would reach the
// end of the listed frames before the playlists are extended.
func (p Plan) WouldStall(shown int, rate EncodeRate) bool {
	for listed := shown; listed < p.FrameCount(); {
		next, _ := slices.BinarySearch(p.Borders, p.NextListedFrames(listed))
		extendedAfter := float64(p.Borders[next]-shown)/rate.FramesPerSecond + rate.PauseSeconds + playerLag.Seconds()
		if extendedAfter > p.Rate.Seconds(listed) {
			return true
		}
		listed = p.Borders[next]
	}
	return false
}

// extendPlayback makes the video playable, or extends its listed frames, if enough tasks have finished. The event that
// makes it playable gives VideoPlayable, and so does its duplicate.
func extendPlayback(v Video, e EncodeDone) (Video, []Event) {
	encoded := v.ContiguousFrames()
	switch {
	case v.State == Processing && encoded >= v.Plan.StartFrames() &&
		!v.Plan.WouldStall(encoded, v.measureEncodeRate(e)):
		v = v.enterState(Playable, e.At)
		v.Times.Playable, v.ListedFrames = e.At, encoded
	case v.State == Playable && encoded >= v.Plan.NextListedFrames(v.ListedFrames):
		v.ListedFrames = encoded
	}
	if v.State == Playable && v.Times.Playable.Equal(e.At) {
		return v, []Event{newPlayableEvent(v)}
	}
	return v, nil
}

func newPlayableEvent(v Video) Event {
	return VideoPlayable{Playback: v.Playback, Duration: v.Plan.Rate.Seconds(v.Plan.FrameCount())}
}
