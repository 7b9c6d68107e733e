package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"time"

	"sluice/tests/client"
	"sluice/tests/player"
)

// videoOutcome is what is known of one video after the burst.
type videoOutcome struct {
	plannedVideo
	id        string
	state     string    // "" if the upload failed
	uploaded  time.Time // this and ready are by the API's clock; zero if unknown
	ready     time.Time
	planned   int           // number of tasks
	tasks     []taskTiming  // those that are known from the trace
	changes   []StateChange // of the state, in order
	announced int           // number of different events that announced it as ready
	copies    int           // number of ready videos with this title
	defects   []string      // descriptions of what is missing or wrong
}

// taskTiming is when one message of encode was sent, received and finished, by the clock of the worker.
type taskTiming struct {
	sent, began, ended time.Time
}

// waitSeconds returns the time from sending to receiving, in seconds.
func (t taskTiming) waitSeconds() float64 { return t.began.Sub(t.sent).Seconds() }

// firstTaskStart returns when the first task started; zero if no task is known.
func (o videoOutcome) firstTaskStart() (first time.Time) {
	for _, t := range o.tasks {
		if first.IsZero() || t.began.Before(first) {
			first = t.began
		}
	}
	return first
}

// StateChange is a change of a video's state.
type StateChange struct {
	State string    `json:"state"`
	At    time.Time `json:"at"`
}

// recordTimeline keeps the changes of the state. Entries of finished tasks are ignored, because late results can follow
// a change.
func (o *videoOutcome) recordTimeline(entries []client.TimelineEntry) {
	o.changes = nil
	for _, e := range entries {
		if n := len(o.changes); e.Task == nil && (n == 0 || o.changes[n-1].State != e.State) {
			o.changes = append(o.changes, StateChange{e.State, e.At})
		}
	}
}

// countState returns how often the video entered a state.
func (o videoOutcome) countState(state string) (n int) {
	for _, c := range o.changes {
		if c.State == state {
			n++
		}
	}
	return n
}

// traceDocument has the used members of GET /v1/videos/{id}/trace.
type traceDocument struct {
	Started  time.Time   `json:"started_at"`
	Complete bool        `json:"complete"`
	Spans    []traceSpan `json:"hops"`
}

type traceSpan struct {
	Service  string  `json:"service"`
	Start    float64 `json:"start_ms"`
	Duration float64 `json:"ms"`
	Wait     float64 `json:"wait_ms"`
	Attempt  int     `json:"attempt"`
}

// recordVideo keeps the state, the number of tasks and the times of the video's document.
func (o *videoOutcome) recordVideo(v client.Video) {
	o.state, o.planned = v.State, v.Progress.TasksTotal
	for _, s := range v.Stages {
		switch {
		case s.Ended == nil:
		case s.Name == "upload":
			o.uploaded = *s.Ended
		case s.Name == "publish" && v.State == client.Ready:
			o.ready = *s.Ended
		}
	}
	if v.Error != nil {
		o.defects = append(o.defects, v.Error.Error())
	}
}

// recordTrace keeps the timing of the encode spans that are first attempts.
func (o *videoOutcome) recordTrace(d traceDocument) {
	o.tasks = nil
	for _, s := range d.Spans {
		if s.Service == "encode" && s.Attempt <= 1 {
			o.tasks = append(o.tasks,
				taskTiming{d.timeAt(s.Start - s.Wait), d.timeAt(s.Start), d.timeAt(s.Start + s.Duration)})
		}
	}
}

func (d traceDocument) timeAt(ms float64) time.Time {
	return d.Started.Add(time.Duration(ms * float64(time.Millisecond)))
}

// traceTimeout bounds the wait for the traces of all videos. X-Ray needs up to a minute.
const traceTimeout = time.Minute

// fetchDetails fetches the document, the timeline and the trace of the video, and checks its playback if it is ready.
func (o *videoOutcome) fetchDetails(
	ctx context.Context, c *client.Client, until time.Time, now func() time.Time,
) error {
	v, err := c.GetVideo(ctx, o.id)
	if err != nil {
		return err
	}
	o.recordVideo(v)
	entries, err := c.GetTimeline(ctx, o.id)
	if err != nil {
		return err
	}
	o.recordTimeline(entries)
	if v.State == client.Ready {
		o.defects = append(o.defects, checkPlayback(ctx, c.HTTP, v)...)
	}
	return o.pollTrace(ctx, c, until, now)
}

// pollTrace fetches the trace until it is complete or the time until has passed.
func (o *videoOutcome) pollTrace(ctx context.Context, c *client.Client, until time.Time, now func() time.Time) error {
	for {
		text, err := c.GetTrace(ctx, o.id)
		if err != nil {
			return fmt.Errorf("the way of %s: %w", o.id, err)
		}
		var d traceDocument
		if err := json.Unmarshal(text, &d); err != nil {
			return err
		}
		if o.recordTrace(d); d.Complete || now().After(until) {
			return nil
		}
		if err := c.Sleep(ctx, time.Second); err != nil {
			return err
		}
	}
}

// durationTolerance is the allowed difference between the duration of a track and of the video, in seconds: the audio
// can be a little longer or shorter.
const durationTolerance = 0.3

// checkPlayback fetches every playlist and segment, and returns descriptions of what is wrong: a rendition must have an
// end and the duration of the video, and each segment must exist.
func checkPlayback(ctx context.Context, h *http.Client, v client.Video) (faults []string) {
	master, err := player.FetchPlaylist(ctx, h, v.Playback.HLS)
	if err != nil {
		return []string{err.Error()}
	}
	for _, at := range append(master.URIs, master.TagURIs...) {
		p, err := player.FetchPlaylist(ctx, h, at)
		switch {
		case err != nil:
			faults = append(faults, err.Error())
			continue
		case !p.Ended:
			faults = append(faults, at+" has no end")
		case math.Abs(p.Seconds-v.Media.Duration) > durationTolerance:
			faults = append(faults, fmt.Sprintf("%s has %.2f of %.2f s", at, p.Seconds, v.Media.Duration))
		}
		for _, segment := range append(p.TagURIs, p.URIs...) {
			if _, _, err := player.FetchBody(ctx, h, segment); err != nil {
				faults = append(faults, err.Error())
			}
		}
	}
	return faults
}
