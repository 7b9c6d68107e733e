package video

import (
	"sluice/shared/domain/errs"
	"time"
)

// Entry is one line of a video's timeline: what changed its row. It is kept together with the change.
type Entry struct {
	Version int64         `json:"version"` // of the row, after it; 0 of a task's end, which leaves the row alone
	At      time.Time     `json:"at"`
	State   State         `json:"state"` // after it
	What    string        `json:"what"`  // the type of the event, or "created"
	Nudges  int           `json:"nudges,omitempty"`
	Task    *Task         `json:"task,omitempty"` // whose end it is
	Problem *errs.Problem `json:"problem,omitempty"`
}

// Entry returns what is to be remembered of the change that has led to v.
func (v Video) Entry(what string, at time.Time) Entry {
	return Entry{Version: v.Version, At: at, State: v.State, What: what, Nudges: v.Watch.Nudges, Problem: v.Problem}
}

// TaskEntry returns the line of a finished task.
func TaskEntry(t TaskDone) Entry {
	return Entry{At: t.At, State: Processing, What: "encode.done.v1", Task: &t.Result.Task}
}
