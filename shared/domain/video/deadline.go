package video

import (
	"sluice/shared/domain/errs"
	"time"
)

// Deadline is what a video that is not final waits for: when its deadline passes, it is looked at again.
type Deadline struct {
	At        time.Time `json:"deadline"` // zero: none
	Retries   int       `json:"nudges"`   // how often what should have happened in this state was asked for again
	Resent    bool      `json:"asked"`    // the last nudge did ask, and did not only wait
	TasksDone int       `json:"done"`     // tasks that were finished when it was looked at last
}

// DeadlinePassed: nothing has moved the video on in time.
type DeadlinePassed struct {
	At        time.Time     `json:"at"`
	State     State         `json:"state"`
	Deadline  time.Time     `json:"deadline"`         // the one that passed
	Stored    *StoredObject `json:"stored,omitempty"` // the original as S3 has it; absent if it has none
	QueueBusy bool          `json:"busy"`             // messages wait in the queue of the step it is at: it may be its turn yet
	Queued    bool          `json:"queued,omitempty"` // it is not its turn yet among its tenant's videos, whose tasks move on
}

// StoredObject is an object that S3 has.
type StoredObject struct {
	Size int64     `json:"size"` // bytes
	ETag string    `json:"etag"`
	At   time.Time `json:"at"` // when it was last written
}

// How long each state may last. Only what no queue can lose is given up at once: uploads that never come.
const (
	UploadLifetime      = 24 * time.Hour // of an upload that is not completed
	uploadCheckInterval = time.Hour      // between looks for its original
	fetchTimeout        = 15 * time.Minute
	stepTimeout         = 30 * time.Minute
	purgeTimeout        = 10 * time.Minute // longer than any encode task that was begun before the original was gone
	maxRetries          = 5
	maxBusyRetries      = 2
	tombstoneRetention  = 30 * 24 * time.Hour
)

// ExpiresAt returns when the row is to be forgotten; zero: never.
func (v Video) ExpiresAt() time.Time {
	if v.State != Deleted {
		return time.Time{}
	}
	return v.Times.Deleted.Add(tombstoneRetention)
}

// WithDeadline returns v with the deadline of its state, counted from at. After each nudge the next one is given twice the
// time.
func (v Video) WithDeadline(at time.Time) Video {
	v.Deadline.At = time.Time{}
	if !v.State.IsFinal() {
		v.Deadline.At = at.Add(v.stateTimeout())
	}
	return v
}

func (v Video) stateTimeout() time.Duration {
	switch {
	case v.State == Waiting && v.Fetch == nil:
		return uploadCheckInterval
	case v.State == Waiting:
		return fetchTimeout << v.Deadline.Retries
	case v.State == Deleting:
		return purgeTimeout << min(v.Deadline.Retries, maxRetries)
	}
	return stepTimeout << v.Deadline.Retries
}

// IsOverdue reports whether the video's deadline has passed.
func (v Video) IsOverdue(now time.Time) bool {
	return !v.Deadline.At.IsZero() && !now.Before(v.Deadline.At)
}

// applyDeadlinePassed decides what becomes of a video whose deadline has passed: it is given more time while it moves on or its
// turn may yet come, else what should have happened is asked for again, and in the end it fails. A duplicate asks again
// if the first did.
func applyDeadlinePassed(v Video, e DeadlinePassed) (Video, []Event) {
	switch {
	case v.State == Failed:
		return failVideo(v, e.At, *v.Problem)
	case v.State == Deleted:
		return v, []Event{VideoDeleted{}}
	case v.State == Ready && e.State.IsEncoding() && v.Times.Encoded.Equal(e.At): // a duplicate of what made it so
		return markReady(v, e.At)
	case v.State != e.State || v.Deadline.At.Before(e.Deadline):
		return v, nil
	case v.Deadline.At.After(e.Deadline): // a duplicate
		if !v.Deadline.Resent {
			return v, nil
		}
		return v, buildRetryEvents(v, e)
	case v.State.IsEncoding() && v.IsComplete():
		return markReady(v, e.At)
	case v.State.IsEncoding() && (e.Queued || len(v.Done) > v.Deadline.TasksDone):
		v.Deadline = Deadline{TasksDone: len(v.Done)}
		return v.WithDeadline(e.At), nil
	}
	if p, over := findTimeoutProblem(v, e); over {
		return failVideo(v, e.At, p)
	}
	return retryOverdue(v, e)
}

// retryOverdue asks once more for what should have happened. The first times it only waits longer if messages wait too.
func retryOverdue(v Video, e DeadlinePassed) (Video, []Event) {
	next := v
	next.Deadline.Retries++
	next.Deadline.Resent = !e.QueueBusy || v.Deadline.Retries >= maxBusyRetries
	again := buildRetryEvents(next, e)
	switch {
	case len(again) == 0: // there is nothing to ask for: a client's upload is under way
		return v.WithDeadline(e.At), nil
	case !next.Deadline.Resent:
		return next.WithDeadline(e.At), nil
	}
	return next.WithDeadline(e.At), again
}

// buildRetryEvents returns what should have been said, or heard, in the state that the video is in.
func buildRetryEvents(v Video, e DeadlinePassed) []Event {
	switch v.State {
	case Waiting, Uploaded:
		if e.Stored != nil {
			return []Event{InspectRequested{Key: v.Source.Key, Stored: *e.Stored}}
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

// findTimeoutProblem returns why a video is not waited for any longer.
func findTimeoutProblem(v Video, e DeadlinePassed) (p errs.Problem, over bool) {
	switch {
	case v.State == Deleting:
		return p, false
	case v.State == Waiting && v.Fetch == nil && e.Stored == nil:
		return errs.Problem{Code: "upload_expired", Message: "The upload was not completed within a day; begin a new one."}, e.At.Sub(v.Times.Created) >= UploadLifetime
	case v.State == Uploaded && e.Stored == nil:
		return errs.Problem{Code: "source_gone", Message: "The file was removed before it was processed; upload it again."}, true
	case v.Deadline.Retries < maxRetries:
		return p, false
	case v.State == Waiting && e.Stored == nil:
		return errs.Problem{Code: "fetch_overdue", Message: "The file could not be fetched in time; see that its source answers, and ask again."}, true
	}
	return errs.Problem{Code: "processing_overdue", Message: "The video was not processed in time, which is our fault. Upload it again, and report it if it fails once more."}, true
}
