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
	annotationService   = "service" // of a hop and of its long steps; a hop is the node that is called like it
	annotationVideoID   = "video_id"
	annotationCode      = "code"
	annotationColdStart = "cold_start"
)

// Status says how a hop or a step ended.
type Status string

// The states.
const (
	StatusOK       Status = "ok"
	StatusError    Status = "error"    // the fault of the caller, or of the file
	StatusFault    Status = "fault"    // ours
	StatusThrottle Status = "throttle" // too many at once
	StatusRunning  Status = "running"
)

// Waterfall is one video's way. Times are in milliseconds; those called start count from Started.
type Waterfall struct {
	Video    string    `json:"video_id"`
	Started  time.Time `json:"started_at"` // to the millisecond
	Duration float64   `json:"duration_ms"`
	Traces   int       `json:"traces"`
	Complete bool      `json:"complete"` // for whoever knows the video to say
	Cost     float64   `json:"cost_usd"` // a hop is taken for an invocation: for those of a batch it is a little too much
	Spans    []Span    `json:"hops"`     // in the order of their starts
}

// Span is the handling of one request or one message.
type Span struct {
	Service         string  `json:"service"`
	Start           float64 `json:"start_ms"`
	Duration        float64 `json:"ms"`
	Wait            float64 `json:"wait_ms"` // in the queue, until Start; of a later attempt: since the one before
	Queue           string  `json:"queue,omitempty"`
	Attempt         int     `json:"attempt,omitempty"` // from 1; absent without a queue
	Status          Status  `json:"status"`
	Code            string  `json:"code,omitempty"` // why it failed
	ColdStart       bool    `json:"cold_start"`     // the function was started for it
	TraceID         string  `json:"trace_id"`
	UpstreamTraceID string  `json:"upstream_trace_id,omitempty"` // the sender's trace, if it is another
	Steps           []Step  `json:"steps"`
}

// Step is a part of a hop: a call of AWS, or a run of a tool.
type Step struct {
	Name     string  `json:"name"`
	Start    float64 `json:"start_ms"`
	Duration float64 `json:"ms"`
	Status   Status  `json:"status"`
	Steps    []Step  `json:"steps"`
}

// Function is what must be known of a service's function.
type Function struct {
	Timeout time.Duration                 // after which Lambda ends it
	Cost    func(d time.Duration) float64 // dollars of an invocation that lasts d
}

// BuildWaterfall returns the way of a video, by documents in any order, as BatchGetTraces returns them or as they were
// sent, read at the given time. A service of which no function is known costs nothing, and may run for ever.
func BuildWaterfall(video string, documents []string, functions map[string]Function, at time.Time) Waterfall {
	b := builder{functions: functions, now: float64(at.UnixMicro()) / 1e6}
	for _, n := range parseDocuments(documents).listSpans() {
		if n.annotation(annotationVideoID) == video {
			b.segments = append(b.segments, n)
		}
	}
	w := Waterfall{Video: video, Started: at.UTC().Truncate(time.Millisecond), Spans: []Span{}}
	if len(b.segments) == 0 {
		return w
	}
	b.first = math.Floor(slices.Min(b.mapSegments(b.sentAt))*1e3) / 1e3
	last := slices.Max(b.mapSegments(func(n *segment) float64 { return b.endTime(n, b.now) }))
	w.Started = time.UnixMilli(int64(math.Round(b.first * 1e3))).UTC()
	w.Duration = b.toMilliseconds(last - b.first)
	traces := map[string]bool{}
	for _, n := range b.segments {
		traces[n.TraceID] = true
		w.Spans = append(w.Spans, b.buildSpan(n))
		w.Cost += b.costOf(n)
	}
	w.Traces = len(traces)
	return w
}

// HasRunning reports whether a hop is not over yet.
func (w Waterfall) HasRunning() bool {
	return slices.ContainsFunc(w.Spans, func(h Span) bool { return h.Status == StatusRunning })
}

// EndTime returns when the last hop ended.
func (w Waterfall) EndTime() time.Time {
	return w.Started.Add(time.Duration(w.Duration * float64(time.Millisecond)))
}

// builder turns nodes into hops. Its times are in seconds since 1970.
type builder struct {
	functions  map[string]Function
	now, first float64
	segments   []*segment
}

func (b builder) mapSegments(of func(*segment) float64) (all []float64) {
	for _, n := range b.segments {
		all = append(all, of(n))
	}
	return all
}

// toMilliseconds rounds to microseconds: what X-Ray keeps is not better.
func (builder) toMilliseconds(seconds float64) float64 { return math.Round(seconds*1e6) / 1e3 }

func (b builder) buildSpan(n *segment) Span {
	h := Span{
		Service: n.Name, Start: b.toMilliseconds(n.Start - b.first), Duration: b.toMilliseconds(b.endTime(n, b.now) - n.Start), Wait: b.toMilliseconds(n.Start - b.waitStart(n)),
		Queue: n.metadataText("queue"), Attempt: int(n.metadataNumber("attempt")), Status: b.statusOf(n), Code: n.annotation(annotationCode),
		ColdStart: n.Annotations[annotationColdStart] == true || n.initSeconds() > 0, TraceID: n.TraceID, UpstreamTraceID: n.metadataText("upstream"),
	}
	h.Steps = b.buildSteps(n, b.endTime(n, b.now))
	return h
}

func (b builder) buildSteps(n *segment, until float64) []Step {
	steps := []Step{}
	for _, c := range n.children {
		name := c.Name
		if operation, _ := c.AWS["operation"].(string); operation != "" {
			name += " " + operation
		}
		end := b.endTime(c, until)
		steps = append(steps, Step{
			Name: name, Start: b.toMilliseconds(c.Start - b.first), Duration: b.toMilliseconds(end - c.Start), Status: b.statusOf(c), Steps: b.buildSteps(c, end),
		})
	}
	return steps
}

// endTime returns when a node ended. One that has not lasts until the given time, and no longer than its function may
// run.
func (b builder) endTime(n *segment, until float64) float64 {
	if n.hasEnded() {
		return n.End
	}
	if b.wasKilled(n) {
		until = n.Start + b.timeoutOf(n)
	}
	return max(n.Start, until)
}

// wasKilled reports whether a hop that has not ended never will: its function would have been stopped by now.
func (b builder) wasKilled(n *segment) bool {
	limit := b.timeoutOf(n)
	return !n.hasEnded() && limit > 0 && b.now > n.Start+limit
}

func (b builder) timeoutOf(n *segment) float64 {
	return b.functions[n.annotation(annotationService)].Timeout.Seconds()
}

func (b builder) statusOf(n *segment) Status {
	switch {
	case n.Fault || b.wasKilled(n):
		return StatusFault
	case n.Throttle:
		return StatusThrottle
	case n.Error:
		return StatusError
	case !n.hasEnded():
		return StatusRunning
	}
	return StatusOK
}

// sentAt returns when the message of a hop was sent; that of a request begins with the hop.
func (b builder) sentAt(n *segment) float64 { return n.Start - n.metadataNumber("wait_ms")/1e3 }

// waitStart returns from when on the message waited: since it was sent, or since the attempt before ended.
func (b builder) waitStart(n *segment) float64 {
	from := b.sentAt(n)
	message := n.metadataText("message")
	for _, before := range b.segments {
		if message != "" && before.Start < n.Start && before.metadataText("message") == message {
			from = max(from, b.endTime(before, n.Start))
		}
	}
	return min(from, n.Start)
}

// costOf returns what is paid for a hop, with the start of the function if it was for this.
func (b builder) costOf(n *segment) float64 {
	cost := b.functions[n.Name].Cost
	if cost == nil {
		return 0
	}
	return cost(time.Duration((b.endTime(n, b.now) - n.Start + n.initSeconds()) * 1e9))
}

// initSeconds returns the seconds that Lambda took to start the function for the hop's invocation.
func (n *segment) initSeconds() float64 {
	within := n.findLambdaSegment()
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
