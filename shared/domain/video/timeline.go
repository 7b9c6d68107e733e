package video

import (
	"sluice/shared/domain/errs"
	"time"
)

// TimelineEntry is one entry of a video's timeline: a change of its row. It is saved together with the change.
type TimelineEntry struct {
	Version int64         `json:"version"` // of the row after the change; 0 for a finished task
	At      time.Time     `json:"at"`
	State   State         `json:"state"` // after the change
	Cause   string        `json:"what"`  // the type of the event that caused it, or "created"
	Retries int           `json:"nudges,omitempty"`
	Task    *Task         `json:"task,omitempty"` // the task that has finished
	Problem *errs.Problem `json:"problem,omitempty"`
}

// NewTimelineEntry returns the timeline entry of the change that has led to v. cause is the type of the event, or
// "created".
func (v Video) NewTimelineEntry(cause string, at time.Time) TimelineEntry {
	return TimelineEntry{
		Version: v.Version, At: at, State: v.State, Cause: cause, Retries: v.Deadline.Retries, Problem: v.Problem,
	}
}

// NewTaskEntry returns the timeline entry of a finished task.
func NewTaskEntry(t EncodeDone) TimelineEntry {
	return TimelineEntry{At: t.At, State: Processing, Cause: "encode.done.v1", Task: &t.Result.Task}
}
