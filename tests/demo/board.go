package main

import (
	"fmt"
	"time"

	"sluice/tests/client"
)

// board is what is known at one moment.
type board struct {
	Sent, Total  int64         // bytes of the upload
	Began, Ended time.Time     // of the upload; Ended is zero while it lasts
	Video        *client.Video // nil before it was asked for
}

// States of a row; those of a stage in the API.
const (
	waiting = "waiting"
	running = "running"
	done    = "done"
	failed  = "failed"
)

// row is how far one stage is.
type row struct {
	name  string
	state string
	share float64 // 0 to 1; negative while running if nobody knows
	took  time.Duration
	note  string
}

var stages = []string{"upload", "inspect", "encode", "publish"}

// rows returns one row for each stage, as of now.
func (b board) rows(now time.Time) []row {
	rows := []row{b.upload(now)}
	for _, name := range stages[1:] {
		r := row{name: name, state: waiting}
		if b.Video != nil {
			r = stageRow(*b.Video, name, now)
		}
		rows = append(rows, r)
	}
	return rows
}

// upload is ours to tell while it lasts. What it took is the API's to tell, once it does, so that the stages add up.
func (b board) upload(now time.Time) row {
	if b.Ended.IsZero() {
		r := row{name: stages[0], state: running, took: max(0, now.Sub(b.Began))}
		if b.Total > 0 {
			r.share = float64(b.Sent) / float64(b.Total)
		}
		r.note = fmt.Sprintf("%s of %s", bytesText(b.Sent), bytesText(b.Total))
		return r
	}
	r := row{name: stages[0], state: done, share: 1, took: b.Ended.Sub(b.Began), note: bytesText(b.Total)}
	if b.Video != nil {
		if s := stage(*b.Video, r.name); s.State == done {
			r.took = seconds(s.Seconds)
		}
	}
	return r
}

func stageRow(v client.Video, name string, now time.Time) row {
	s := stage(v, name)
	r := row{name: name, state: s.State, took: seconds(s.Seconds), note: note(v, name, s.State)}
	switch s.State {
	case done:
		r.share = 1
	case running:
		if s.Started != nil {
			r.took = max(0, now.Sub(*s.Started)) // our clock and the server's may differ
		}
		r.share = share(v, name)
	case failed:
		r.share = max(0, share(v, name))
	}
	return r
}

// stage finds a stage, one that waits if the document has none of that name.
func stage(v client.Video, name string) client.Stage {
	for _, s := range v.Stages {
		if s.Name == name {
			return s
		}
	}
	return client.Stage{Name: name, State: waiting}
}

// share is what is done of a stage. Only encoding has steps that can be counted.
func share(v client.Video, name string) float64 {
	if p := v.Progress; name == "encode" && p.TasksTotal > 0 {
		return float64(p.TasksDone) / float64(p.TasksTotal)
	}
	return -1
}

func note(v client.Video, name, state string) string {
	switch {
	case state == waiting || state == failed:
		return ""
	case name == "inspect" && v.Media != nil:
		return fmt.Sprintf("%d×%d, %.4g fps, %.1f s", v.Media.Width, v.Media.Height, v.Media.FrameRate, v.Media.Duration)
	case name == "encode" && state == running && v.Progress.TasksTotal > 0:
		tasks := fmt.Sprintf("%d of %d tasks", v.Progress.TasksDone, v.Progress.TasksTotal)
		if v.State == client.Playable {
			tasks += ", playable"
		}
		return tasks
	case name == "encode" && state == done && len(v.Renditions) > 0:
		return fmt.Sprintf("%d renditions", len(v.Renditions))
	}
	return ""
}

// summary is the end of a demo that worked: where to watch, and what each stage took.
func summary(v client.Video) []string {
	lines := []string{"watch " + v.Playback.HLS, "page " + v.Playback.Watch, "studio " + studio(v.Playback), "state " + v.State}
	var total time.Duration
	for _, name := range stages {
		took := seconds(stage(v, name).Seconds)
		total += took
		lines = append(lines, fmt.Sprintf("%s %.1f s", name, took.Seconds()))
	}
	if !v.PlayableAt.IsZero() {
		lines = append(lines, fmt.Sprintf("playable after %.1f s", v.PlayableAt.Sub(v.CreatedAt).Seconds()))
	}
	return append(lines, fmt.Sprintf("total %.1f s", total.Seconds()))
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// bytesText is a size as people say it, in units of 1000.
func bytesText(n int64) string {
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
