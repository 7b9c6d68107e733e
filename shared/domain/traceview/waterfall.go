// Package waterfall makes one video's way through Sluice out of X-Ray's segment documents: its hops in order, how long
// the message of each waited, and what each did in steps. It computes what X-Ray's own page does not show: a video's
// hops over all the traces that it is in, for on AWS each invocation has a trace of its own.
//
// All of it is pure: it needs no rights and knows only the standard library. It refuses nothing; what is no document,
// or of another video, is passed over.
package traceview

import (
	"math"
	"slices"
	"time"
)

// The annotations by which it reads documents; package trace sets them.
const (
	service   = "service" // of a hop and of its long steps; a hop is the node that is called like it
	videoID   = "video_id"
	failure   = "code"
	coldStart = "cold_start"
)

// Status says how a hop or a step ended.
type Status string

// The states.
const (
	OK       Status = "ok"
	Error    Status = "error"    // the fault of the caller, or of the file
	Fault    Status = "fault"    // ours
	Throttle Status = "throttle" // too many at once
	Running  Status = "running"
)

// Waterfall is one video's way. Times are in milliseconds; those called start count from Started.
type Waterfall struct {
	Video    string    `json:"video_id"`
	Started  time.Time `json:"started_at"` // to the millisecond
	Duration float64   `json:"duration_ms"`
	Traces   int       `json:"traces"`
	Complete bool      `json:"complete"` // for whoever knows the video to say
	Cost     float64   `json:"cost_usd"` // a hop is taken for an invocation: for those of a batch it is a little too much
	Hops     []Hop     `json:"hops"`     // in the order of their starts
}

// Hop is the handling of one request or one message.
type Hop struct {
	Service string  `json:"service"`
	Start   float64 `json:"start_ms"`
	Length  float64 `json:"ms"`
	Wait    float64 `json:"wait_ms"` // in the queue, until Start; of a later attempt: since the one before
	Queue   string  `json:"queue,omitempty"`
	Attempt int     `json:"attempt,omitempty"` // from 1; absent without a queue
	Status  Status  `json:"status"`
	Code    string  `json:"code,omitempty"` // why it failed
	Cold    bool    `json:"cold_start"`     // the function was started for it
	Trace   string  `json:"trace_id"`
	From    string  `json:"upstream_trace_id,omitempty"` // the sender's trace, if it is another
	Steps   []Step  `json:"steps"`
}

// Step is a part of a hop: a call of AWS, or a run of a tool.
type Step struct {
	Name   string  `json:"name"`
	Start  float64 `json:"start_ms"`
	Length float64 `json:"ms"`
	Status Status  `json:"status"`
	Steps  []Step  `json:"steps"`
}

// Function is what must be known of a service's function.
type Function struct {
	Timeout time.Duration                 // after which Lambda ends it
	Cost    func(d time.Duration) float64 // dollars of an invocation that lasts d
}

// Of returns the way of a video, by documents in any order, as BatchGetTraces returns them or as they were sent, read at
// the given time. A service of which no function is known costs nothing, and may run for ever.
func Of(video string, documents []string, functions map[string]Function, at time.Time) Waterfall {
	b := builder{functions: functions, now: float64(at.UnixMicro()) / 1e6}
	for _, n := range gather(documents).hops() {
		if n.note(videoID) == video {
			b.nodes = append(b.nodes, n)
		}
	}
	w := Waterfall{Video: video, Started: at.UTC().Truncate(time.Millisecond), Hops: []Hop{}}
	if len(b.nodes) == 0 {
		return w
	}
	b.first = math.Floor(slices.Min(b.each(b.sent))*1e3) / 1e3
	last := slices.Max(b.each(func(n *node) float64 { return b.end(n, b.now) }))
	w.Started = time.UnixMilli(int64(math.Round(b.first * 1e3))).UTC()
	w.Duration = b.ms(last - b.first)
	traces := map[string]bool{}
	for _, n := range b.nodes {
		traces[n.TraceID] = true
		w.Hops = append(w.Hops, b.hop(n))
		w.Cost += b.cost(n)
	}
	w.Traces = len(traces)
	return w
}

// Runs reports whether a hop is not over yet.
func (w Waterfall) Runs() bool {
	return slices.ContainsFunc(w.Hops, func(h Hop) bool { return h.Status == Running })
}

// Ended returns when the last hop ended.
func (w Waterfall) Ended() time.Time {
	return w.Started.Add(time.Duration(w.Duration * float64(time.Millisecond)))
}

// builder turns nodes into hops. Its times are in seconds since 1970.
type builder struct {
	functions  map[string]Function
	now, first float64
	nodes      []*node
}

func (b builder) each(of func(*node) float64) (all []float64) {
	for _, n := range b.nodes {
		all = append(all, of(n))
	}
	return all
}

// ms rounds to microseconds: what X-Ray keeps is not better.
func (builder) ms(seconds float64) float64 { return math.Round(seconds*1e6) / 1e3 }

func (b builder) hop(n *node) Hop {
	h := Hop{
		Service: n.Name, Start: b.ms(n.Start - b.first), Length: b.ms(b.end(n, b.now) - n.Start), Wait: b.ms(n.Start - b.waits(n)),
		Queue: n.detail("queue"), Attempt: int(n.number("attempt")), Status: b.status(n), Code: n.note(failure),
		Cold: n.Annotations[coldStart] == true || n.prepared() > 0, Trace: n.TraceID, From: n.detail("upstream"),
	}
	h.Steps = b.steps(n, b.end(n, b.now))
	return h
}

func (b builder) steps(n *node, until float64) []Step {
	steps := []Step{}
	for _, c := range n.children {
		name := c.Name
		if operation, _ := c.AWS["operation"].(string); operation != "" {
			name += " " + operation
		}
		end := b.end(c, until)
		steps = append(steps, Step{
			Name: name, Start: b.ms(c.Start - b.first), Length: b.ms(end - c.Start), Status: b.status(c), Steps: b.steps(c, end),
		})
	}
	return steps
}

// end returns when a node ended. One that has not lasts until the given time, and no longer than its function may run.
func (b builder) end(n *node, until float64) float64 {
	if n.over() {
		return n.End
	}
	if b.killed(n) {
		until = n.Start + b.limit(n)
	}
	return max(n.Start, until)
}

// killed reports whether a hop that has not ended never will: its function would have been stopped by now.
func (b builder) killed(n *node) bool {
	limit := b.limit(n)
	return !n.over() && limit > 0 && b.now > n.Start+limit
}

func (b builder) limit(n *node) float64 { return b.functions[n.note(service)].Timeout.Seconds() }

func (b builder) status(n *node) Status {
	switch {
	case n.Fault || b.killed(n):
		return Fault
	case n.Throttle:
		return Throttle
	case n.Error:
		return Error
	case !n.over():
		return Running
	}
	return OK
}

// sent returns when the message of a hop was sent; that of a request begins with the hop.
func (b builder) sent(n *node) float64 { return n.Start - n.number("wait_ms")/1e3 }

// waits returns from when on the message waited: since it was sent, or since the attempt before ended.
func (b builder) waits(n *node) float64 {
	from := b.sent(n)
	message := n.detail("message")
	for _, before := range b.nodes {
		if message != "" && before.Start < n.Start && before.detail("message") == message {
			from = max(from, b.end(before, n.Start))
		}
	}
	return min(from, n.Start)
}

// cost returns what is paid for a hop, with the start of the function if it was for this.
func (b builder) cost(n *node) float64 {
	cost := b.functions[n.Name].Cost
	if cost == nil {
		return 0
	}
	return cost(time.Duration((b.end(n, b.now) - n.Start + n.prepared()) * 1e9))
}

// prepared returns the seconds that Lambda took to start the function for the hop's invocation.
func (n *node) prepared() float64 {
	within := n.within()
	if within == nil {
		return 0
	}
	for _, c := range within.children {
		if c.Name == "Initialization" || c.Name == "Init" {
			return max(0, c.End-c.Start)
		}
	}
	return 0
}
