package video

import (
	"math"
	"slices"
	"time"
)

// A video is watched before it is encoded: its playlists list what there is from the beginning without a gap, and grow.
const (
	startTargets = 3                // target durations that there must be before anybody begins (RFC 8216 §6.3.3)
	startAfter   = 12 * time.Second // of video, at least
	maxSteps     = 15               // about how often the playlists are written anew, however long the video
	behind       = 6 * time.Second  // until a player has what was written: caches keep 2 s, it asks every 2 s, and fetches
)

// Start returns how many frames there are before anybody may begin to watch.
func (p Plan) Start() int {
	return max(startTargets*p.SegmentFrames, int(math.Ceil(startAfter.Seconds()*p.Rate.Float())))
}

// Grows reports whether the video may be watched before it is whole. What is short may not.
func (p Plan) Grows() bool {
	return slices.ContainsFunc(p.Borders[:len(p.Borders)-1], func(b int) bool { return b >= p.Start() })
}

// Next returns how many frames there must be before playlists that list so many are written anew: steps that grow with
// the video keep their number small.
func (p Plan) Next(shown int) int {
	factor := math.Pow(max(1, float64(p.Frames())/float64(p.Start())), 1.0/maxSteps)
	return min(p.Frames(), max(shown+1, int(math.Ceil(float64(shown)*factor))))
}

// Contiguous returns how many frames there are from the first without a gap, in every rendition and in the sound.
func (v Video) Contiguous() int {
	to := map[TaskKind]int{}
	for _, t := range v.Plan.Tasks() {
		if _, begun := to[t.Kind]; !begun {
			to[t.Kind] = 0
		}
		if v.Done[t.Number] && t.From == to[t.Kind] {
			to[t.Kind] = t.To
		}
	}
	least := v.Plan.Frames()
	for _, n := range to {
		least = min(least, n)
	}
	return least
}

// Pace is how fast the encoders are, all together.
type Pace struct {
	Speed float64 // frames a second
	Pause float64 // seconds in which none may come: workers that began together end together
}

// pace returns what is known of it when a task ends: infinite speed if nothing is.
func (v Video) pace(e TaskDone) Pace {
	frames, chunks := 0, 0
	for _, t := range v.Plan.Tasks() {
		if t.Kind == VideoTask && v.Done[t.Number] {
			frames, chunks = frames+t.To-t.From, chunks+1
		}
	}
	spent := e.At.Sub(v.Times.Begun).Seconds()
	if v.Times.Begun.IsZero() || spent <= 0 {
		return Pace{Speed: math.Inf(1)}
	}
	p := Pace{Speed: float64(frames) / spent}
	if !e.Began.IsZero() {
		p.Pause = max(0, e.At.Sub(e.Began).Seconds()-spent/float64(chunks))
	}
	return p
}

// Stalls reports whether a player that begins now, with shown frames listed, would come to the end of what is listed
// before the playlists' next step, at that pace.
func (p Plan) Stalls(shown int, now Pace) bool {
	for at := shown; at < p.Frames(); {
		next, _ := slices.BinarySearch(p.Borders, p.Next(at))
		comes := float64(p.Borders[next]-shown)/now.Speed + now.Pause + behind.Seconds()
		if comes > p.Rate.Seconds(at) {
			return true
		}
		at = p.Borders[next]
	}
	return false
}

// grow shows what there is by now, if it is enough: to begin with, or for another step. That a video can be played is
// told by the event that made it so, and again by its duplicate.
func grow(v Video, e TaskDone) (Video, []Event) {
	there := v.Contiguous()
	switch {
	case v.State == Processing && there >= v.Plan.Start() && !v.Plan.Stalls(there, v.pace(e)):
		v = v.enter(Playable, e.At)
		v.Times.Playable, v.Shown = e.At, there
	case v.State == Playable && there >= v.Plan.Next(v.Shown):
		v.Shown = there
	}
	if v.State == Playable && v.Times.Playable.Equal(e.At) {
		return v, []Event{playable(v)}
	}
	return v, nil
}

func playable(v Video) Event {
	return VideoPlayable{Playback: v.Playback, Duration: v.Plan.Rate.Seconds(v.Plan.Frames())}
}
