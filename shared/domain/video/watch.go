package video

import (
	"sluice/shared/domain/errs"
	"time"
)

// Watch is what a video that is not final waits for: when its deadline passes, it is looked at again.
type Watch struct {
	Deadline time.Time `json:"deadline"` // zero: none
	Nudges   int       `json:"nudges"`   // how often what should have happened in this state was asked for again
	Asked    bool      `json:"asked"`    // the last nudge did ask, and did not only wait
	Done     int       `json:"done"`     // tasks that were finished when it was looked at last
}

// DeadlinePassed: nothing has moved the video on in time.
type DeadlinePassed struct {
	At       time.Time `json:"at"`
	State    State     `json:"state"`
	Deadline time.Time `json:"deadline"`         // the one that passed
	Stored   *Stored   `json:"stored,omitempty"` // the original as S3 has it; absent if it has none
	Busy     bool      `json:"busy"`             // messages wait in the queue of the step it is at: it may be its turn yet
	Queued   bool      `json:"queued,omitempty"` // it is not its turn yet among its tenant's videos, whose tasks move on
}

// Stored is an object that S3 has.
type Stored struct {
	Size int64     `json:"size"` // bytes
	ETag string    `json:"etag"`
	At   time.Time `json:"at"` // when it was last written
}

// How long each state may last. Only what no queue can lose is given up at once: uploads that never come.
const (
	UploadLife    = 24 * time.Hour // of an upload that is not completed
	uploadLook    = time.Hour      // between looks for its original
	fetchLook     = 15 * time.Minute
	stepLook      = 30 * time.Minute
	sweepLook     = 10 * time.Minute // longer than any encode task that was begun before the original was gone
	maxNudges     = 5
	maxBusy       = 2
	keepTombstone = 30 * 24 * time.Hour
)

// Expires returns when the row is to be forgotten; zero: never.
func (v Video) Expires() time.Time {
	if v.State != Deleted {
		return time.Time{}
	}
	return v.Times.Deleted.Add(keepTombstone)
}

// Watched returns v with the deadline of its state, counted from at. After each nudge the next one is given twice the
// time.
func (v Video) Watched(at time.Time) Video {
	v.Watch.Deadline = time.Time{}
	if !v.State.Final() {
		v.Watch.Deadline = at.Add(v.patience())
	}
	return v
}

func (v Video) patience() time.Duration {
	switch {
	case v.State == Waiting && v.Fetch == nil:
		return uploadLook
	case v.State == Waiting:
		return fetchLook << v.Watch.Nudges
	case v.State == Deleting:
		return sweepLook << min(v.Watch.Nudges, maxNudges)
	}
	return stepLook << v.Watch.Nudges
}

// Due reports whether the video's deadline has passed.
func (v Video) Due(now time.Time) bool {
	return !v.Watch.Deadline.IsZero() && !now.Before(v.Watch.Deadline)
}

// overdue decides what becomes of a video whose deadline has passed: it is given more time while it moves on or its
// turn may yet come, else what should have happened is asked for again, and in the end it fails. A duplicate asks again
// if the first did.
func overdue(v Video, e DeadlinePassed) (Video, []Event) {
	switch {
	case v.State == Failed:
		return fail(v, e.At, *v.Problem)
	case v.State == Deleted:
		return v, []Event{VideoDeleted{}}
	case v.State == Ready && e.State.Encoding() && v.Times.Encoded.Equal(e.At): // a duplicate of what made it so
		return ready(v, e.At)
	case v.State != e.State || v.Watch.Deadline.Before(e.Deadline):
		return v, nil
	case v.Watch.Deadline.After(e.Deadline): // a duplicate
		if !v.Watch.Asked {
			return v, nil
		}
		return v, missed(v, e)
	case v.State.Encoding() && v.Complete():
		return ready(v, e.At)
	case v.State.Encoding() && (e.Queued || len(v.Done) > v.Watch.Done):
		v.Watch = Watch{Done: len(v.Done)}
		return v.Watched(e.At), nil
	}
	if p, over := hopeless(v, e); over {
		return fail(v, e.At, p)
	}
	return nudged(v, e)
}

// nudged asks once more for what should have happened. The first times it only waits longer if messages wait too.
func nudged(v Video, e DeadlinePassed) (Video, []Event) {
	next := v
	next.Watch.Nudges++
	next.Watch.Asked = !e.Busy || v.Watch.Nudges >= maxBusy
	again := missed(next, e)
	switch {
	case len(again) == 0: // there is nothing to ask for: a client's upload is under way
		return v.Watched(e.At), nil
	case !next.Watch.Asked:
		return next.Watched(e.At), nil
	}
	return next.Watched(e.At), again
}

// missed returns what should have been said, or heard, in the state that the video is in.
func missed(v Video, e DeadlinePassed) []Event {
	switch v.State {
	case Waiting, Uploaded:
		if e.Stored != nil {
			return []Event{InspectRequested{Key: v.Source.Key, Stored: *e.Stored}}
		}
		if v.State == Waiting && v.Fetch != nil {
			return []Event{*v.Fetch}
		}
	case Processing, Playable:
		return begin(v)[1:]
	case Deleting:
		return []Event{sweep(v)}
	}
	return nil
}

// hopeless returns why a video is not waited for any longer.
func hopeless(v Video, e DeadlinePassed) (p errs.Problem, over bool) {
	switch {
	case v.State == Deleting:
		return p, false
	case v.State == Waiting && v.Fetch == nil && e.Stored == nil:
		return errs.Problem{Code: "upload_expired", Message: "The upload was not completed within a day; begin a new one."}, e.At.Sub(v.Times.Created) >= UploadLife
	case v.State == Uploaded && e.Stored == nil:
		return errs.Problem{Code: "source_gone", Message: "The file was removed before it was processed; upload it again."}, true
	case v.Watch.Nudges < maxNudges:
		return p, false
	case v.State == Waiting && e.Stored == nil:
		return errs.Problem{Code: "fetch_overdue", Message: "The file could not be fetched in time; see that its source answers, and ask again."}, true
	}
	return errs.Problem{Code: "processing_overdue", Message: "The video was not processed in time, which is our fault. Upload it again, and report it if it fails once more."}, true
}
