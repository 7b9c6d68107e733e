package video

import (
	"slices"
	"time"

	"sluice/shared/domain/errs"
)

// Deadline is the time by which a video that is not in a final state must change its state. When it passes, service
// reconcile sends DeadlinePassed.
type Deadline struct {
	At        time.Time `json:"deadline"` // zero: none
	Retries   int       `json:"nudges"`   // how often the deadline of this state was extended for a retry
	Resent    bool      `json:"asked"`    // the last retry has sent events again, and did not only wait
	TasksDone int       `json:"done"`     // number of finished tasks when the deadline was set
}

// DeadlinePassed: the video has not changed its state in time.
type DeadlinePassed struct {
	At        time.Time     `json:"at"`
	State     State         `json:"state"`
	Deadline  time.Time     `json:"deadline"`         // the deadline that passed
	Stored    *StoredObject `json:"stored,omitempty"` // the original in S3; absent if there is none
	QueueBusy bool          `json:"busy"`             // messages wait in the queue of the video's current step
	Queued    bool          `json:"queued,omitempty"` // see fairshare.IsQueued
}

// How long a video may stay in each state before it is retried, and how often. Each retry doubles the time, except
// while the client uploads.
const (
	UploadLifetime      = 24 * time.Hour // after which an upload that was not completed fails the video
	uploadCheckInterval = time.Hour      // between checks whether S3 has the original
	fetchTimeout        = 15 * time.Minute
	StepTimeout         = 30 * time.Minute
	purgeTimeout        = 10 * time.Minute // longer than any encode task that started before the original was removed
	maxRetries          = 5
	maxBusyRetries      = 2
	tombstoneRetention  = 30 * 24 * time.Hour
)

// ExpiresAt returns when the row may be removed; zero: never.
func (v Video) ExpiresAt() time.Time {
	if v.State != Deleted {
		return time.Time{}
	}
	return v.Times.Deleted.Add(tombstoneRetention)
}

// WithDeadline returns v with the deadline of its state, counted from at.
func (v Video) WithDeadline(at time.Time) Video {
	v.Deadline.At = time.Time{}
	switch {
	case v.State.IsFinal():
	case v.State == Waiting && v.Fetch == nil:
		v.Deadline.At = at.Add(uploadCheckInterval)
	case v.State == Waiting:
		v.Deadline.At = at.Add(fetchTimeout << v.Deadline.Retries)
	case v.AwaitsRemux():
		v.Deadline.At = at.Add(remuxTimeout << v.Deadline.Retries)
	case v.State == Deleting:
		v.Deadline.At = at.Add(purgeTimeout << min(v.Deadline.Retries, maxRetries))
	default:
		v.Deadline.At = at.Add(StepTimeout << v.Deadline.Retries)
	}
	return v
}

// IsOverdue reports whether the video's deadline has passed at the given time.
func (v Video) IsOverdue(now time.Time) bool {
	return !v.Deadline.At.IsZero() && !now.Before(v.Deadline.At)
}

// deadlineTransition is one line of the table of what a passed deadline does to a video.
type deadlineTransition struct {
	name    string
	applies func(v Video, e DeadlinePassed) bool
	apply   func(v Video, e DeadlinePassed) (Video, []Event)
}

// deadlineTransitions are tried in order, and the first that applies is taken. The "repeat" ones answer a duplicate of
// the event that made the state final: it gives the same events again. From "finish" on, the event is about the state
// and the deadline that the video has.
var deadlineTransitions = []deadlineTransition{
	{"repeat failure", func(v Video, _ DeadlinePassed) bool { return v.State == Failed },
		func(v Video, e DeadlinePassed) (Video, []Event) { return failVideo(v, e.At, *v.Problem) }},
	{"repeat deletion", func(v Video, _ DeadlinePassed) bool { return v.State == Deleted },
		func(v Video, _ DeadlinePassed) (Video, []Event) { return v, []Event{VideoDeleted{}} }},
	{"repeat ready", func(v Video, e DeadlinePassed) bool {
		return v.State == Ready && e.State.IsEncoding() && v.Times.Encoded.Equal(e.At)
	}, finishEncoding},
	{"ignore stale", func(v Video, e DeadlinePassed) bool {
		return v.State != e.State || v.State.IsFinal() || v.Deadline.At.Before(e.Deadline)
	}, ignoreDeadline},
	{"ignore duplicate", func(v Video, e DeadlinePassed) bool {
		return v.Deadline.At.After(e.Deadline) && !v.Deadline.Resent
	}, ignoreDeadline},
	{"repeat retry", func(v Video, e DeadlinePassed) bool { return v.Deadline.At.After(e.Deadline) },
		func(v Video, e DeadlinePassed) (Video, []Event) { return v, buildRetryEvents(v, e) }},
	{"finish", func(v Video, _ DeadlinePassed) bool { return v.State.IsEncoding() && v.IsComplete() }, finishEncoding},
	{"extend: tasks finish, or wait for their turn", func(v Video, e DeadlinePassed) bool {
		return v.State.IsEncoding() && (e.Queued || len(v.Done) > v.Deadline.TasksDone)
	}, func(v Video, e DeadlinePassed) (Video, []Event) {
		v.Deadline = Deadline{TasksDone: len(v.Done)}
		return v.WithDeadline(e.At), nil
	}},
	{"fail: upload expired", func(v Video, e DeadlinePassed) bool {
		return v.awaitsUpload(e) && e.At.Sub(v.Times.Created) >= UploadLifetime
	}, failOverdue("upload_expired", "The upload was not completed within a day; begin a new one.")},
	{"extend: upload under way", Video.awaitsUpload,
		func(v Video, e DeadlinePassed) (Video, []Event) { return v.WithDeadline(e.At), nil }},
	{"fail: source gone", func(v Video, e DeadlinePassed) bool { return v.State == Uploaded && e.Stored == nil },
		failOverdue(SourceGone.Code, SourceGone.Message)},
	{"fail: not fetched", func(v Video, e DeadlinePassed) bool {
		return v.retriesExhausted() && v.State == Waiting && e.Stored == nil
	}, failOverdue("fetch_overdue",
		"The file could not be fetched in time; see that its source answers, and ask again.")},
	{"fail: not processed", func(v Video, _ DeadlinePassed) bool { return v.retriesExhausted() },
		failOverdue("processing_overdue",
			"The video was not processed in time, which is our fault. Upload it again, and report it if it fails once more.")},
	{"wait: the queue is busy", func(v Video, e DeadlinePassed) bool {
		return e.QueueBusy && v.Deadline.Retries < maxBusyRetries
	},
		func(v Video, e DeadlinePassed) (Video, []Event) { return v.countRetry(e, false), nil }},
	{"retry", func(Video, DeadlinePassed) bool { return true }, func(v Video, e DeadlinePassed) (Video, []Event) {
		v = v.countRetry(e, true)
		return v, buildRetryEvents(v, e)
	}},
}

func findDeadlineTransition(v Video, e DeadlinePassed) deadlineTransition {
	i := slices.IndexFunc(deadlineTransitions, func(t deadlineTransition) bool { return t.applies(v, e) })
	return deadlineTransitions[i]
}

func ignoreDeadline(v Video, _ DeadlinePassed) (Video, []Event) { return v, nil }

func finishEncoding(v Video, e DeadlinePassed) (Video, []Event) { return markReady(v, e.At) }

// SourceGone is the problem of a video whose original was removed.
var SourceGone = errs.NewProblem("source_gone", "The file was removed before it was processed; upload it again.")

// failOverdue returns the step that fails a video with a problem.
func failOverdue(code errs.Code, message string) func(Video, DeadlinePassed) (Video, []Event) {
	return func(v Video, e DeadlinePassed) (Video, []Event) {
		return failVideo(v, e.At, errs.Problem{Code: code, Message: message})
	}
}

// awaitsUpload reports whether the client is to send the original and S3 does not have it yet.
func (v Video) awaitsUpload(e DeadlinePassed) bool {
	return v.State == Waiting && v.Fetch == nil && e.Stored == nil
}

// retriesExhausted reports whether the video fails instead of being retried once more. A deletion never fails.
func (v Video) retriesExhausted() bool {
	return v.State != Deleting && v.Deadline.Retries >= maxRetries
}

// countRetry returns v with one retry more and the deadline that follows.
func (v Video) countRetry(e DeadlinePassed, resent bool) Video {
	v.Deadline.Retries++
	v.Deadline.Resent = resent
	return v.WithDeadline(e.At)
}

// buildRetryEvents returns the events that bring the video on from its state: those that were sent before and may be
// lost, or, of an original that is stored, the request to inspect it.
func buildRetryEvents(v Video, e DeadlinePassed) []Event {
	switch v.State {
	case Waiting, Uploaded:
		if e.Stored != nil {
			request := InspectRequested{Key: v.Source.Key, Stored: *e.Stored}
			if e.Stored.ETag == v.Source.ETag { // else another object has replaced the one that was remuxed
				request.Copy = v.Source.Copy
			}
			return []Event{request}
		}
		if v.State == Waiting && v.Fetch != nil {
			return []Event{*v.Fetch}
		}
	case Processing, Playable:
		return requestTasks(v)[1:]
	case Deleting:
		return []Event{newPurgeRequest(v)}
	}
	return nil
}
