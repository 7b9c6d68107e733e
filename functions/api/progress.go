package api

import (
	"math"
	"time"

	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
)

// videoProgress is the progress of a video's processing.
type videoProgress struct {
	Stage   string `json:"stage"`   // upload, inspect, encode, publish or done
	Percent int    `json:"percent"` // 0 to 100; 100 when it is ready and not before
	Done    int    `json:"tasks_done"`
	Total   int    `json:"tasks_total"` // 0 until the video is planned
}

// stage is one stage of a video's processing.
type stage struct {
	Name    string            `json:"name"`
	State   stageState        `json:"state"`
	Started httpapi.Timestamp `json:"started_at,omitzero"`
	Ended   httpapi.Timestamp `json:"ended_at,omitzero"`
	Seconds float64           `json:"seconds"` // so far, while it runs
}

type stageState string

const (
	stageWaiting stageState = "waiting"
	stageRunning stageState = "running"
	stageDone    stageState = "done"
	stageFailed  stageState = "failed"
	stageStopped stageState = "stopped" // cancelled or deleted
)

// stageNames are the stages in order, and the percent at which each begins. The upload is 0 %, since its bytes pass
// through S3 alone.
var (
	stageNames         = []string{"upload", "inspect", "encode", "publish"}
	stageStartPercents = []int{0, 5, 10, 95}
)

// computeStages returns the stages of a video at the time now, and its progress.
func computeStages(v video.Video, now time.Time) (videoProgress, []stage) {
	current := currentStage(v)
	stages := make([]stage, len(stageNames))
	start, t := v.Times.Created, v.Times
	for i, end := range []time.Time{t.Uploaded, t.Inspected, t.Encoded, t.Ready} {
		s := stage{Name: stageNames[i], State: stageWaiting}
		switch {
		case i < current:
			s.State, s.Started, s.Ended = stageDone, httpapi.Timestamp{Time: start}, httpapi.Timestamp{Time: end}
		case i == current && v.State == video.Failed:
			s.State, s.Started, s.Ended = stageFailed, httpapi.Timestamp{Time: start}, httpapi.Timestamp{Time: t.Failed}
		case i == current && v.State == video.Cancelled:
			s.State, s.Started, s.Ended = stageStopped, httpapi.Timestamp{
				Time: start,
			}, httpapi.Timestamp{Time: t.Cancelled}
		case i == current && v.State == video.Deleting:
			s.State, s.Started, s.Ended = stageStopped, httpapi.Timestamp{
				Time: start,
			}, httpapi.Timestamp{Time: t.Deleted}
		case i == current:
			s.State, s.Started = stageRunning, httpapi.Timestamp{Time: start}
		}
		s.Seconds = stageSeconds(s, now)
		stages[i], start = s, end
	}
	return computeProgress(v, current), stages
}

// currentStage returns the index of the stage that a video is in or has failed in, len(stageNames) after the last.
func currentStage(v video.Video) int {
	t := v.Times
	switch {
	case v.State == video.Ready, !t.Ready.IsZero():
		return 4
	case v.IsComplete(), !t.Encoded.IsZero():
		return 3
	case !t.Inspected.IsZero():
		return 2
	case !t.Uploaded.IsZero():
		return 1
	}
	return 0
}

func computeProgress(v video.Video, current int) videoProgress {
	p := videoProgress{Stage: "done", Percent: 100}
	if v.Plan != nil {
		p.Total = v.Plan.TaskCount()
		p.Done = min(len(v.Done), p.Total)
	}
	if current == len(stageNames) {
		return p
	}
	p.Stage, p.Percent = stageNames[current], stageStartPercents[current]
	if p.Stage == "encode" && p.Total > 0 {
		p.Percent += (stageStartPercents[current+1] - stageStartPercents[current]) * p.Done / p.Total
	}
	return p
}

// stageSeconds returns how long a stage has taken, in seconds with three decimals, at least 0.
func stageSeconds(s stage, now time.Time) float64 {
	end := s.Ended.Time
	if s.State == stageRunning {
		end = now
	}
	if s.Started.IsZero() || end.IsZero() {
		return 0
	}
	return math.Round(1000*max(0, end.Sub(s.Started.Time).Seconds())) / 1000
}
