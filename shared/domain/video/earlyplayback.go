package video

import (
	"math"
	"slices"
	"time"
)

// A video is watched before it is encoded: its playlists list what there is from the beginning without a gap, and grow.
const (
	startTargetDurations = 3                // target durations that there must be before anybody begins (RFC 8216 §6.3.3)
	minStartDuration     = 12 * time.Second // of video, at least
	maxPlaylistUpdates   = 15               // about how often the playlists are written anew, however long the video
	playerLag            = 6 * time.Second  // until a player has what was written: caches keep 2 s, it asks every 2 s, and fetches
)

// StartFrames returns how many frames there are before anybody may begin to watch.
func (p Plan) StartFrames() int {
	return max(startTargetDurations*p.SegmentFrames, int(math.Ceil(minStartDuration.Seconds()*p.Rate.Float())))
}

// AllowsEarlyPlayback reports whether the video may be watched before it is whole. What is short may not.
func (p Plan) AllowsEarlyPlayback() bool {
	return slices.ContainsFunc(p.Borders[:len(p.Borders)-1], func(b int) bool { return b >= p.StartFrames() })
}

// NextListedFrames returns how many frames there must be before playlists that list so many are written anew: steps that grow with
// the video keep their number small.
func (p Plan) NextListedFrames(shown int) int {
	factor := math.Pow(max(1, float64(p.FrameCount())/float64(p.StartFrames())), 1.0/maxPlaylistUpdates)
	return min(p.FrameCount(), max(shown+1, int(math.Ceil(float64(shown)*factor))))
}

// ContiguousFrames returns how many frames there are from the first without a gap, in every rendition and in the sound.
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

// EncodeRate is how fast the encoders are, all together.
type EncodeRate struct {
	FramesPerSecond float64 // frames a second
	PauseSeconds    float64 // seconds in which none may come: workers that began together end together
}

// measureEncodeRate returns what is known of it when a task ends: infinite speed if nothing is.
func (v Video) measureEncodeRate(e TaskDone) EncodeRate {
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
	p := EncodeRate{FramesPerSecond: float64(frames) / spent}
	if !e.Started.IsZero() {
		p.PauseSeconds = max(0, e.At.Sub(e.Started).Seconds()-spent/float64(chunks))
	}
	return p
}

// WouldStall reports whether a player that begins now, with shown frames listed, would come to the end of what is listed
// before the playlists' next step, at that pace.
func (p Plan) WouldStall(shown int, now EncodeRate) bool {
	for at := shown; at < p.FrameCount(); {
		next, _ := slices.BinarySearch(p.Borders, p.NextListedFrames(at))
		comes := float64(p.Borders[next]-shown)/now.FramesPerSecond + now.PauseSeconds + playerLag.Seconds()
		if comes > p.Rate.Seconds(at) {
			return true
		}
		at = p.Borders[next]
	}
	return false
}

// extendPlayback shows what there is by now, if it is enough: to begin with, or for another step. That a video can be played is
// told by the event that made it so, and again by its duplicate.
func extendPlayback(v Video, e TaskDone) (Video, []Event) {
	there := v.ContiguousFrames()
	switch {
	case v.State == Processing && there >= v.Plan.StartFrames() && !v.Plan.WouldStall(there, v.measureEncodeRate(e)):
		v = v.enterState(Playable, e.At)
		v.Times.Playable, v.ListedFrames = e.At, there
	case v.State == Playable && there >= v.Plan.NextListedFrames(v.ListedFrames):
		v.ListedFrames = there
	}
	if v.State == Playable && v.Times.Playable.Equal(e.At) {
		return v, []Event{newPlayableEvent(v)}
	}
	return v, nil
}

func newPlayableEvent(v Video) Event {
	return VideoPlayable{Playback: v.Playback, Duration: v.Plan.Rate.Seconds(v.Plan.FrameCount())}
}
