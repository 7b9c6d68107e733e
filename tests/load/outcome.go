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

// videoOutcome is what became of one video, as the judgement needs it.
type videoOutcome struct {
	plannedVideo
	id        string
	state     string    // "" if it could not be sent
	uploaded  time.Time // these two by the service's clock; zero if not known
	ready     time.Time
	planned   int           // tasks
	tasks     []taskTiming  // as far as they are known
	changes   []StateChange // of its state, in order
	announced int           // how often the topic told that it is ready
	copies    int           // videos of this title that are ready
	defects   []string      // what is not whole of it, in words
}

// taskTiming is the handling of one message of encode, by the clock of who handled it.
type taskTiming struct {
	sent, began, ended time.Time
}

// waitSeconds is how long the message waited for a worker, seconds.
func (t taskTiming) waitSeconds() float64 { return t.began.Sub(t.sent).Seconds() }

// firstTaskStart returns when the first task began; zero if none is known.
func (f videoOutcome) firstTaskStart() (first time.Time) {
	for _, t := range f.tasks {
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

// recordTimeline keeps the changes of the state. That a task is done is none, and what comes late may come in between.
func (f *videoOutcome) recordTimeline(entries []client.TimelineEntry) {
	f.changes = nil
	for _, e := range entries {
		if n := len(f.changes); e.Task == nil && (n == 0 || f.changes[n-1].State != e.State) {
			f.changes = append(f.changes, StateChange{e.State, e.At})
		}
	}
}

// countState returns how often the video came to a state.
func (f videoOutcome) countState(state string) (n int) {
	for _, c := range f.changes {
		if c.State == state {
			n++
		}
	}
	return n
}

// traceDocument is what a trace tells.
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

// recordVideo notes what the video's own document tells.
func (f *videoOutcome) recordVideo(v client.Video) {
	f.state, f.planned = v.State, v.Progress.TasksTotal
	for _, s := range v.Stages {
		switch {
		case s.Ended == nil:
		case s.Name == "upload":
			f.uploaded = *s.Ended
		case s.Name == "publish" && v.State == client.Ready:
			f.ready = *s.Ended
		}
	}
	if v.Error != nil {
		f.defects = append(f.defects, v.Error.Error())
	}
}

// recordTrace notes the messages of encode as they were taken by a worker for the first time.
func (f *videoOutcome) recordTrace(w traceDocument) {
	f.tasks = nil
	for _, h := range w.Spans {
		if h.Service == "encode" && h.Attempt <= 1 {
			f.tasks = append(f.tasks, taskTiming{w.timeAt(h.Start - h.Wait), w.timeAt(h.Start), w.timeAt(h.Start + h.Duration)})
		}
	}
}

func (w traceDocument) timeAt(ms float64) time.Time {
	return w.Started.Add(time.Duration(ms * float64(time.Millisecond)))
}

// traceTimeout is how long the traces of all videos may take to be there: X-Ray needs up to a minute.
const traceTimeout = time.Minute

// fetchDetails asks for all that is known of a video in the end.
func (f *videoOutcome) fetchDetails(ctx context.Context, c *client.Client, until time.Time, now func() time.Time) error {
	v, err := c.GetVideo(ctx, f.id)
	if err != nil {
		return err
	}
	f.recordVideo(v)
	entries, err := c.GetTimeline(ctx, f.id)
	if err != nil {
		return err
	}
	f.recordTimeline(entries)
	if v.State == client.Ready {
		f.defects = append(f.defects, checkPlayback(ctx, c.HTTP, v)...)
	}
	return f.pollTrace(ctx, c, until, now)
}

// pollTrace asks for the video's way until all of it is known, or the time is up.
func (f *videoOutcome) pollTrace(ctx context.Context, c *client.Client, until time.Time, now func() time.Time) error {
	for {
		text, err := c.GetTrace(ctx, f.id)
		if err != nil {
			return fmt.Errorf("the way of %s: %w", f.id, err)
		}
		var w traceDocument
		if err := json.Unmarshal(text, &w); err != nil {
			return err
		}
		if f.recordTrace(w); w.Complete || now().After(until) {
			return nil
		}
		if err := c.Sleep(ctx, time.Second); err != nil {
			return err
		}
	}
}

// durationTolerance is by how much the length of a track may differ from the film's: sound is a little longer or shorter.
const durationTolerance = 0.3

// checkPlayback fetches everything that a player could, and returns what is wrong: each rendition's playlist is to be complete and
// as long as the film, and each segment to be there.
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
