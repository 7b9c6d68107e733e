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

// fate is what became of one video, as the judgement needs it.
type fate struct {
	order
	id       string
	state    string    // "" if it could not be sent
	uploaded time.Time // these two by the service's clock; zero if not known
	ready    time.Time
	planned  int      // tasks
	tasks    []task   // as far as they are known
	changes  []Change // of its state, in order
	told     int      // how often the topic told that it is ready
	copies   int      // videos of this title that are ready
	faults   []string // what is not whole of it, in words
}

// task is the handling of one message of encode, by the clock of who handled it.
type task struct {
	sent, began, ended time.Time
}

// wait is how long the message waited for a worker, seconds.
func (t task) wait() float64 { return t.began.Sub(t.sent).Seconds() }

// started returns when the first task began; zero if none is known.
func (f fate) started() (first time.Time) {
	for _, t := range f.tasks {
		if first.IsZero() || t.began.Before(first) {
			first = t.began
		}
	}
	return first
}

// Change is a change of a video's state.
type Change struct {
	State string    `json:"state"`
	At    time.Time `json:"at"`
}

// timeline keeps the changes of the state. That a task is done is none, and what comes late may come in between.
func (f *fate) timeline(entries []client.Entry) {
	f.changes = nil
	for _, e := range entries {
		if n := len(f.changes); e.Task == nil && (n == 0 || f.changes[n-1].State != e.State) {
			f.changes = append(f.changes, Change{e.State, e.At})
		}
	}
}

// times returns how often the video came to a state.
func (f fate) times(state string) (n int) {
	for _, c := range f.changes {
		if c.State == state {
			n++
		}
	}
	return n
}

// way is what a trace tells.
type way struct {
	Started  time.Time `json:"started_at"`
	Complete bool      `json:"complete"`
	Hops     []hop     `json:"hops"`
}

type hop struct {
	Service string  `json:"service"`
	Start   float64 `json:"start_ms"`
	Length  float64 `json:"ms"`
	Wait    float64 `json:"wait_ms"`
	Attempt int     `json:"attempt"`
}

// document notes what the video's own document tells.
func (f *fate) document(v client.Video) {
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
		f.faults = append(f.faults, v.Error.Error())
	}
}

// trace notes the messages of encode as they were taken by a worker for the first time.
func (f *fate) trace(w way) {
	f.tasks = nil
	for _, h := range w.Hops {
		if h.Service == "encode" && h.Attempt <= 1 {
			f.tasks = append(f.tasks, task{w.at(h.Start - h.Wait), w.at(h.Start), w.at(h.Start + h.Length)})
		}
	}
}

func (w way) at(ms float64) time.Time {
	return w.Started.Add(time.Duration(ms * float64(time.Millisecond)))
}

// patience is how long the traces of all videos may take to be there: X-Ray needs up to a minute.
const patience = time.Minute

// look asks for all that is known of a video in the end.
func (f *fate) look(ctx context.Context, c *client.Client, until time.Time, now func() time.Time) error {
	v, err := c.Video(ctx, f.id)
	if err != nil {
		return err
	}
	f.document(v)
	entries, err := c.Timeline(ctx, f.id)
	if err != nil {
		return err
	}
	f.timeline(entries)
	if v.State == client.Ready {
		f.faults = append(f.faults, play(ctx, c.HTTP, v)...)
	}
	return f.hops(ctx, c, until, now)
}

// hops asks for the video's way until all of it is known, or the time is up.
func (f *fate) hops(ctx context.Context, c *client.Client, until time.Time, now func() time.Time) error {
	for {
		text, err := c.Trace(ctx, f.id)
		if err != nil {
			return fmt.Errorf("the way of %s: %w", f.id, err)
		}
		var w way
		if err := json.Unmarshal(text, &w); err != nil {
			return err
		}
		if f.trace(w); w.Complete || now().After(until) {
			return nil
		}
		if err := c.Sleep(ctx, time.Second); err != nil {
			return err
		}
	}
}

// slack is by how much the length of a track may differ from the film's: sound is a little longer or shorter.
const slack = 0.3

// play fetches everything that a player could, and returns what is wrong: each rendition's playlist is to be complete and
// as long as the film, and each segment to be there.
func play(ctx context.Context, h *http.Client, v client.Video) (faults []string) {
	master, err := player.Open(ctx, h, v.Playback.HLS)
	if err != nil {
		return []string{err.Error()}
	}
	for _, at := range append(master.URIs, master.Named...) {
		p, err := player.Open(ctx, h, at)
		switch {
		case err != nil:
			faults = append(faults, err.Error())
			continue
		case !p.Ended:
			faults = append(faults, at+" has no end")
		case math.Abs(p.Seconds-v.Media.Duration) > slack:
			faults = append(faults, fmt.Sprintf("%s has %.2f of %.2f s", at, p.Seconds, v.Media.Duration))
		}
		for _, segment := range append(p.Named, p.URIs...) {
			if _, _, err := player.Fetch(ctx, h, segment); err != nil {
				faults = append(faults, err.Error())
			}
		}
	}
	return faults
}
