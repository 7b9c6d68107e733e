package api

import (
	"math"
	"time"

	"sluice/shared/domain/video"
)

// progress is how far a video is.
type progress struct {
	Stage   string `json:"stage"`   // upload, inspect, encode, publish or done
	Percent int    `json:"percent"` // 0 to 100; 100 when it is ready and not before
	Done    int    `json:"tasks_done"`
	Total   int    `json:"tasks_total"` // 0 until the video is planned
}

// stage is one part of a video's way.
type stage struct {
	Name    string     `json:"name"`
	State   stageState `json:"state"`
	Started moment     `json:"started_at,omitzero"`
	Ended   moment     `json:"ended_at,omitzero"`
	Seconds float64    `json:"seconds"` // so far, while it runs
}

type stageState string

const (
	stageWaiting stageState = "waiting"
	stageRunning stageState = "running"
	stageDone    stageState = "done"
	stageFailed  stageState = "failed"
	stageStopped stageState = "stopped" // cancelled or deleted
)

// names of the stages in their order, and the percent at which each begins. The upload counts nothing: we don't see
// its bytes.
var (
	names  = []string{"upload", "inspect", "encode", "publish"}
	begins = []int{0, 5, 10, 95}
)

// follow returns the stages of a video at the time now, and its progress.
func follow(v video.Video, now time.Time) (progress, []stage) {
	current := reached(v)
	stages := make([]stage, len(names))
	start, t := v.Times.Created, v.Times
	for i, end := range []time.Time{t.Uploaded, t.Inspected, t.Encoded, t.Ready} {
		s := stage{Name: names[i], State: stageWaiting}
		switch {
		case i < current:
			s.State, s.Started, s.Ended = stageDone, moment{start}, moment{end}
		case i == current && v.State == video.Failed:
			s.State, s.Started, s.Ended = stageFailed, moment{start}, moment{t.Failed}
		case i == current && v.State == video.Cancelled:
			s.State, s.Started, s.Ended = stageStopped, moment{start}, moment{t.Cancelled}
		case i == current && v.State == video.Deleting:
			s.State, s.Started, s.Ended = stageStopped, moment{start}, moment{t.Deleted}
		case i == current:
			s.State, s.Started = stageRunning, moment{start}
		}
		s.Seconds = lasted(s, now)
		stages[i], start = s, end
	}
	return tell(v, current), stages
}

// reached returns the index of the stage that a video is in, or failed in; len(names) when it is through.
func reached(v video.Video) int {
	t := v.Times
	switch {
	case v.State == video.Ready, !t.Ready.IsZero():
		return 4
	case v.Complete(), !t.Encoded.IsZero():
		return 3
	case !t.Inspected.IsZero():
		return 2
	case !t.Uploaded.IsZero():
		return 1
	}
	return 0
}

func tell(v video.Video, current int) progress {
	p := progress{Stage: "done", Percent: 100}
	if v.Plan != nil {
		p.Total = v.Plan.Size()
		p.Done = min(len(v.Done), p.Total)
	}
	if current == len(names) {
		return p
	}
	p.Stage, p.Percent = names[current], begins[current]
	if p.Stage == "encode" && p.Total > 0 {
		p.Percent += (begins[current+1] - begins[current]) * p.Done / p.Total
	}
	return p
}

// lasted returns a stage's seconds, in milliseconds' precision; clocks that disagree make it no less than 0.
func lasted(s stage, now time.Time) float64 {
	end := s.Ended.Time
	if s.State == stageRunning {
		end = now
	}
	if s.Started.IsZero() || end.IsZero() {
		return 0
	}
	return math.Round(1000*max(0, end.Sub(s.Started.Time).Seconds())) / 1000
}
