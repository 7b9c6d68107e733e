package video

import (
	"sluice/shared/domain/errs"
	"time"
)

// TimelineEntry is one line of a video's timeline: what changed its row. It is kept together with the change.
type TimelineEntry struct {
	Version int64         `json:"version"` // of the row, after it; 0 of a task's end, which leaves the row alone
	At      time.Time     `json:"at"`
	State   State         `json:"state"` // after it
	Cause   string        `json:"what"`  // the type of the event, or "created"
	Retries int           `json:"nudges,omitempty"`
	Task    *Task         `json:"task,omitempty"` // whose end it is
	Problem *errs.Problem `json:"problem,omitempty"`
}

// NewTimelineEntry returns what is to be remembered of the change that has led to v.
func (v Video) NewTimelineEntry(what string, at time.Time) TimelineEntry {
	return TimelineEntry{Version: v.Version, At: at, State: v.State, Cause: what, Retries: v.Deadline.Retries, Problem: v.Problem}
}

// NewTaskEntry returns the line of a finished task.
func NewTaskEntry(t TaskDone) TimelineEntry {
	return TimelineEntry{At: t.At, State: Processing, Cause: "encode.done.v1", Task: &t.Result.Task}
}
