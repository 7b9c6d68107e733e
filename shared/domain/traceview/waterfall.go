// Package traceview builds one video's waterfall from X-Ray segment documents: its spans in order, how long the
// message of each waited in its queue, and the steps of each. The X-Ray console shows one trace; a video's spans are
// in many traces, as on AWS each invocation has its own.
//
// It is pure and needs no AWS rights. It ignores documents that are invalid or belong to another video.
package traceview

import (
	"math"
	"slices"
	"time"
)

// Annotations of the documents, which package trace writes.
const (
	annotationService   = "service" // of a span and its steps; a span is the segment with this name
	annotationVideoID   = "video_id"
	annotationCode      = "code"
	annotationColdStart = "cold_start"
)

// Status says how a span or a step ended.
type Status string

// The statuses.
const (
	StatusOK       Status = "ok"
	StatusError    Status = "error"    // caused by the caller or the file
	StatusFault    Status = "fault"    // caused by Sluice
	StatusThrottle Status = "throttle" // too many requests
	StatusRunning  Status = "running"
)

// Waterfall is the spans of one video. Times are in milliseconds; start times count from Started.
type Waterfall struct {
	Video    string    `json:"video_id"`
	Started  time.Time `json:"started_at"` // rounded to milliseconds
	Duration float64   `json:"duration_ms"`
	Traces   int       `json:"traces"`
	Complete bool      `json:"complete"` // set by the caller, who knows the state of the video
	Cost     float64   `json:"cost_usd"` // each span counts as one invocation, also within a batch
	Spans    []Span    `json:"hops"`     // by start time
}

// Span is the handling of one request or one message.
type Span struct {
	Service         string  `json:"service"`
	Start           float64 `json:"start_ms"`
	Duration        float64 `json:"ms"`
	Wait            float64 `json:"wait_ms"` // in the queue until Start, since the previous attempt
	Queue           string  `json:"queue,omitempty"`
	Attempt         int     `json:"attempt,omitempty"` // from 1; absent without a queue
	Status          Status  `json:"status"`
	Code            string  `json:"code,omitempty"` // error code, if it failed
	ColdStart       bool    `json:"cold_start"`     // Lambda started an execution environment for it
	TraceID         string  `json:"trace_id"`
	UpstreamTraceID string  `json:"upstream_trace_id,omitempty"` // the sender's trace, if it is another one
	Steps           []Step  `json:"steps"`
}

// Step is a part of a span: an AWS call or the run of a tool.
type Step struct {
	Name     string  `json:"name"`
	Start    float64 `json:"start_ms"`
	Duration float64 `json:"ms"`
	Status   Status  `json:"status"`
	Steps    []Step  `json:"steps"`
}

// Function has the settings of a service's Lambda function that the waterfall needs.
type Function struct {
	Timeout time.Duration                 // after which Lambda stops an invocation
	Cost    func(d time.Duration) float64 // dollars for an invocation of this duration
}

// BuildWaterfall returns the waterfall of a video. documents are X-Ray segment documents in any order; at is the
// current time, until which spans without an end last. A service that functions does not have costs nothing and has no
// timeout.
func BuildWaterfall(video string, documents []string, functions map[string]Function, at time.Time) Waterfall {
	b := builder{functions: functions, now: float64(at.UnixMicro()) / 1e6}
	for _, s := range parseDocuments(documents).listSpans() {
		if s.annotation(annotationVideoID) == video {
			b.segments = append(b.segments, s)
		}
	}
	w := Waterfall{Video: video, Started: at.UTC().Truncate(time.Millisecond), Spans: []Span{}}
	if len(b.segments) == 0 {
		return w
	}
	b.first = math.Floor(slices.Min(b.mapSegments(b.sentAt))*1e3) / 1e3
	last := slices.Max(b.mapSegments(func(s *segment) float64 { return b.endTime(s, b.now) }))
	w.Started = time.UnixMilli(int64(math.Round(b.first * 1e3))).UTC()
	w.Duration = b.toMilliseconds(last - b.first)
	traces := map[string]bool{}
	for _, s := range b.segments {
		traces[s.TraceID] = true
		w.Spans = append(w.Spans, b.buildSpan(s))
		if cost := functions[s.Name].Cost; cost != nil { // of the invocation with the initialization of its environment
			w.Cost += cost(time.Duration((b.endTime(s, b.now) - s.Start + s.initSeconds()) * 1e9))
		}
	}
	w.Traces = len(traces)
	return w
}

// HasRunning reports whether a span has not ended.
func (w Waterfall) HasRunning() bool {
	return slices.ContainsFunc(w.Spans, func(s Span) bool { return s.Status == StatusRunning })
}

// EndTime returns when the last span ended.
func (w Waterfall) EndTime() time.Time {
	return w.Started.Add(time.Duration(w.Duration * float64(time.Millisecond)))
}

// builder makes spans of segments. Its times are in seconds since 1970.
type builder struct {
	functions  map[string]Function
	now, first float64
	segments   []*segment
}

func (b builder) mapSegments(of func(*segment) float64) (all []float64) {
	for _, s := range b.segments {
		all = append(all, of(s))
	}
	return all
}

// toMilliseconds converts to milliseconds, rounded to microseconds: the resolution of X-Ray.
func (builder) toMilliseconds(seconds float64) float64 { return math.Round(seconds*1e6) / 1e3 }

func (b builder) buildSpan(seg *segment) Span {
	s := Span{
		Service: seg.Name, Start: b.toMilliseconds(seg.Start - b.first),
		Duration: b.toMilliseconds(b.endTime(seg, b.now) - seg.Start),
		Wait:     b.toMilliseconds(seg.Start - b.waitStart(seg)), Queue: seg.metadataText("queue"),
		Attempt: int(seg.metadataNumber("attempt")), Status: b.statusOf(seg), Code: seg.annotation(annotationCode),
		ColdStart: seg.Annotations[annotationColdStart] == true || seg.initSeconds() > 0, TraceID: seg.TraceID,
		UpstreamTraceID: seg.metadataText("upstream"),
	}
	s.Steps = b.buildSteps(seg, b.endTime(seg, b.now))
	return s
}

func (b builder) buildSteps(s *segment, until float64) []Step {
	steps := []Step{}
	for _, child := range s.children {
		name := child.Name
		if operation, _ := child.AWS["operation"].(string); operation != "" {
			name += " " + operation
		}
		end := b.endTime(child, until)
		steps = append(steps, Step{
			Name: name, Start: b.toMilliseconds(child.Start - b.first), Duration: b.toMilliseconds(end - child.Start),
			Status: b.statusOf(child), Steps: b.buildSteps(child, end),
		})
	}
	return steps
}

// endTime returns when a segment ended. One without an end lasts until the given time, but no longer than the timeout
// of its function.
func (b builder) endTime(s *segment, until float64) float64 {
	if s.hasEnded() {
		return s.End
	}
	if b.wasKilled(s) {
		until = s.Start + b.timeoutOf(s)
	}
	return max(s.Start, until)
}

// wasKilled reports whether a segment without an end will never get one: Lambda must have stopped its function by now.
func (b builder) wasKilled(s *segment) bool {
	limit := b.timeoutOf(s)
	return !s.hasEnded() && limit > 0 && b.now > s.Start+limit
}

func (b builder) timeoutOf(s *segment) float64 {
	return b.functions[s.annotation(annotationService)].Timeout.Seconds()
}

func (b builder) statusOf(s *segment) Status {
	switch {
	case s.Fault || b.wasKilled(s):
		return StatusFault
	case s.Throttle:
		return StatusThrottle
	case s.Error:
		return StatusError
	case !s.hasEnded():
		return StatusRunning
	}
	return StatusOK
}

// sentAt returns when the message of a span was sent; for a request, when the span started.
func (b builder) sentAt(s *segment) float64 { return s.Start - s.metadataNumber("wait_ms")/1e3 }

// waitStart returns when the message of a span started to wait: when it was sent, or when the previous attempt ended.
func (b builder) waitStart(s *segment) float64 {
	from := b.sentAt(s)
	message := s.metadataText("message")
	for _, before := range b.segments {
		if message != "" && before.Start < s.Start && before.metadataText("message") == message {
			from = max(from, b.endTime(before, s.Start))
		}
	}
	return min(from, s.Start)
}

// initSeconds returns how many seconds Lambda took to initialize the execution environment for the segment's
// invocation.
func (s *segment) initSeconds() float64 {
	for s != nil && s.Origin != "AWS::Lambda::Function" { // the segment that Lambda itself wrote
		s = s.parent
	}
	if s == nil {
		return 0
	}
	for _, child := range s.children {
		if child.Name == "Initialization" || child.Name == "Init" {
			return max(0, child.End-child.Start)
		}
	}
	return 0
}
