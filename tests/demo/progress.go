package main

import (
	"fmt"
	"time"

	"sluice/tests/client"
)

// progressView is what is known at one time.
type progressView struct {
	Sent, Total  int64         // bytes of the upload
	Began, Ended time.Time     // of the upload; Ended is zero until it ends
	Video        *client.Video // nil before the first document
}

// States of a stage, as in the API.
const (
	stateWaiting = "waiting"
	stateRunning = "running"
	stateDone    = "done"
	stateFailed  = "failed"
)

// stageProgress is the progress of one stage.
type stageProgress struct {
	name    string
	state   string
	share   float64 // 0 to 1; negative if it is running and its progress is unknown
	elapsed time.Duration
	note    string
}

var stageNames = []string{"upload", "inspect", "encode", "publish"}

// buildRows returns the progress of each stage at a time.
func (v progressView) buildRows(now time.Time) []stageProgress {
	rows := []stageProgress{v.buildUploadRow(now)}
	for _, name := range stageNames[1:] {
		s := stageProgress{name: name, state: stateWaiting}
		if v.Video != nil {
			s = buildStageRow(*v.Video, name, now)
		}
		rows = append(rows, s)
	}
	return rows
}

// buildUploadRow returns the progress of the upload. While it runs, it is measured here. Its final duration is the
// API's, so that the durations of the stages add up.
func (v progressView) buildUploadRow(now time.Time) stageProgress {
	if v.Ended.IsZero() {
		stage := stageProgress{name: stageNames[0], state: stateRunning, elapsed: max(0, now.Sub(v.Began))}
		if v.Total > 0 {
			stage.share = float64(v.Sent) / float64(v.Total)
		}
		stage.note = fmt.Sprintf("%s of %s", formatBytes(v.Sent), formatBytes(v.Total))
		return stage
	}
	stage := stageProgress{
		name: stageNames[0], state: stateDone, share: 1, elapsed: v.Ended.Sub(v.Began), note: formatBytes(v.Total),
	}
	if v.Video != nil {
		if s := findStage(*v.Video, stage.name); s.State == stateDone {
			stage.elapsed = toDuration(s.Seconds)
		}
	}
	return stage
}

func buildStageRow(v client.Video, name string, now time.Time) stageProgress {
	s := findStage(v, name)
	stage := stageProgress{
		name: name, state: s.State, elapsed: toDuration(s.Seconds), note: describeStage(v, name, s.State),
	}
	switch s.State {
	case stateDone:
		stage.share = 1
	case stateRunning:
		if s.Started != nil {
			stage.elapsed = max(0, now.Sub(*s.Started)) // the clocks of this machine and of the API can differ
		}
		stage.share = completedShare(v, name)
	case stateFailed:
		stage.share = max(0, completedShare(v, name))
	}
	return stage
}

// findStage returns a stage of the document, or a waiting one if the document lacks it.
func findStage(v client.Video, name string) client.Stage {
	for _, s := range v.Stages {
		if s.Name == name {
			return s
		}
	}
	return client.Stage{Name: name, State: stateWaiting}
}

// completedShare returns the completed share of a stage, or -1 if it is unknown. Only encode has tasks to count.
func completedShare(v client.Video, name string) float64 {
	if p := v.Progress; name == "encode" && p.TasksTotal > 0 {
		return float64(p.TasksDone) / float64(p.TasksTotal)
	}
	return -1
}

func describeStage(v client.Video, name, state string) string {
	switch {
	case state == stateWaiting || state == stateFailed:
		return ""
	case name == "inspect" && v.Media != nil:
		return fmt.Sprintf("%d×%d, %.4g fps, %.1f s", v.Media.Width, v.Media.Height, v.Media.FrameRate,
			v.Media.Duration)
	case name == "encode" && state == stateRunning && v.Progress.TasksTotal > 0:
		tasks := fmt.Sprintf("%d of %d tasks", v.Progress.TasksDone, v.Progress.TasksTotal)
		if v.State == client.Playable {
			tasks += ", playable"
		}
		return tasks
	case name == "encode" && state == stateDone && len(v.Renditions) > 0:
		return fmt.Sprintf("%d renditions", len(v.Renditions))
	}
	return ""
}

// renderSummary returns the links to watch the video and the duration of each stage.
func renderSummary(v client.Video) []string {
	lines := []string{
		"watch " + v.Playback.HLS, "page " + v.Playback.WatchPage, "studio " + studioURL(v.Playback),
		"state " + v.State,
	}
	var total time.Duration
	for _, name := range stageNames {
		took := toDuration(findStage(v, name).Seconds)
		total += took
		lines = append(lines, fmt.Sprintf("%s %.1f s", name, took.Seconds()))
	}
	if !v.PlayableAt.IsZero() {
		lines = append(lines, fmt.Sprintf("playable after %.1f s", v.PlayableAt.Sub(v.CreatedAt).Seconds()))
	}
	return append(lines, fmt.Sprintf("total %.1f s", total.Seconds()))
}

func toDuration(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// formatBytes formats a size in units of 1000.
func formatBytes(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1_000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/1e9)
}
