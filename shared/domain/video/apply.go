package video

import (
	"cmp"
	"maps"
	"time"

	"sluice/shared/domain/errs"
)

// Apply returns the video as it is after e, and what follows. It is a pure function, and what follows depends on the
// state reached and not on the step taken: a duplicate of e gives the same events again and leaves the video as it
// is, so that a crash between saving and sending is mended by redelivery. Version grows by one with each change.
func Apply(v Video, e Event) (Video, []Event) {
	after, out := apply(v, e)
	return counted(v, after), out
}

// Fail returns the video as it is when its owner finds that it can't be published, and what follows. Like Apply it may
// be called again. at is when the event happened at which that is found: its duplicate is known by it.
func Fail(v Video, at time.Time, p errs.Problem) (Video, []Event) {
	after, out := fail(v, at, p)
	return counted(v, after), out
}

// counted returns after with the version that follows before's, if it is another.
func counted(before, after Video) Video {
	if after.State != before.State || after.Watch != before.Watch || after.Shown != before.Shown || !after.Times.Begun.Equal(before.Times.Begun) {
		after.Version = before.Version + 1
	}
	return after
}

func apply(v Video, e Event) (Video, []Event) {
	switch e := e.(type) {
	case UploadCompleted:
		return uploaded(v, e.At), nil
	case MediaInspected:
		return inspected(uploaded(v, e.UploadedAt), e)
	case MediaRefused:
		if v.State.Encoding() { // another delivery was looked at and taken
			return v, nil
		}
		return fail(uploaded(v, e.UploadedAt), e.At, e.Problem)
	case TaskDone:
		return done(v, e)
	case TaskFailed:
		if v.Done[e.Task.Number] { // by another delivery of it
			return v, nil
		}
		return fail(v, e.At, e.Problem)
	case FetchFailed:
		if v.State != Waiting && v.State != Failed { // another delivery fetched it
			return v, nil
		}
		return fail(v, e.At, e.Problem)
	case UploadCancelled:
		return cancelled(v, e)
	case DeleteRequested:
		return deleting(v, e)
	case SweepDone:
		return swept(v, e)
	case DeadlinePassed:
		return overdue(v, e)
	}
	return v, nil
}

// enter returns v in another state, with the deadline of that. From where the original was to come is forgotten: the URL
// may give a right.
func (v Video) enter(s State, at time.Time) Video {
	v.State, v.Watch, v.Fetch, v.Shown = s, Watch{}, nil, 0
	return v.Watched(at)
}

func uploaded(v Video, at time.Time) Video {
	if v.State == Waiting {
		v = v.enter(Uploaded, at)
		v.Times.Uploaded = at
	}
	return v
}

func inspected(v Video, e MediaInspected) (Video, []Event) {
	if v.State == Uploaded {
		v = v.enter(Processing, e.At)
		v.Times.Inspected = e.At
		v.Media, v.Plan, v.Source.ETag = &e.Media, &e.Plan, e.ETag
		v.Source.Size = cmp.Or(e.Size, v.Source.Size)
	}
	if !v.State.Encoding() || v.Source.ETag != e.ETag { // late, or of an object that was replaced since
		return v, nil
	}
	return v, begin(v)
}

// begin asks for every task that is not done yet.
func begin(v Video) []Event {
	out := []Event{VideoProcessing{Media: *v.Media, Tasks: v.Plan.Size()}}
	for _, t := range v.Plan.Tasks() {
		if !v.Done[t.Number] {
			out = append(out, v.Encode(t))
		}
	}
	return out
}

// Encode asks for one task of the plan.
func (v Video) Encode(t Task) EncodeRequested {
	return EncodeRequested{Task: t, Plan: v.Plan.Outline(), Media: *v.Media, Source: v.Source, Playback: v.Playback, Lane: v.Plan.Lane(t)}
}

// done adds to the set of finished tasks. Whoever sees it full emits; a redelivery sees it full and emits again: of a
// video that failed with a full set, or at this very event, that it failed.
func done(v Video, e TaskDone) (Video, []Event) {
	switch {
	case v.State == Failed && (v.Complete() || v.Times.Failed.Equal(e.At)):
		return fail(v, e.At, *v.Problem)
	case !v.State.Encoding() && v.State != Ready, !v.Plan.Has(e.Result.Task):
		return v, nil
	}
	v.Done = maps.Clone(v.Done)
	if v.Done == nil {
		v.Done = map[int]bool{}
	}
	v.Done[e.Result.Task.Number] = true
	if v.Times.Begun.IsZero() && v.State.Encoding() {
		v.Times.Begun = e.Began
	}
	if !v.Complete() {
		return grow(v, e)
	}
	return ready(v, e.At)
}

func ready(v Video, at time.Time) (Video, []Event) {
	if v.State.Encoding() {
		v = v.enter(Ready, at)
		v.Times.Encoded = at
		if v.Times.Playable.IsZero() {
			v.Times.Playable = at
		}
	}
	out := []Event{VideoReady{Playback: v.Playback, Duration: v.Plan.Rate.Seconds(v.Plan.Frames())}}
	if v.Times.Playable.Equal(v.Times.Encoded) {
		out = append([]Event{playable(v)}, out...)
	}
	return v, out
}

func fail(v Video, at time.Time, p errs.Problem) (Video, []Event) {
	switch v.State {
	case Ready, Cancelled, Deleting, Deleted:
		return v, nil
	case Waiting, Uploaded, Processing, Playable:
		v = v.enter(Failed, at)
		v.Times.Failed, v.Problem = at, &p
	}
	return v, []Event{VideoFailed{Problem: *v.Problem}}
}

func cancelled(v Video, e UploadCancelled) (Video, []Event) {
	if v.State == Waiting {
		v = v.enter(Cancelled, e.At)
		v.Times.Cancelled = e.At
	}
	if v.State != Cancelled { // too late
		return v, nil
	}
	return v, []Event{VideoCancelled{}}
}

func deleting(v Video, e DeleteRequested) (Video, []Event) {
	switch v.State {
	case Deleted:
		return v, []Event{VideoDeleted{}}
	case Deleting:
	default:
		v = v.enter(Deleting, e.At)
		v.Times.Deleted = e.At
	}
	return v, []Event{sweep(v)}
}

func sweep(v Video) Event { return SweepRequested{Playback: v.Playback, Round: v.Watch.Nudges + 1} }

// swept ends a deletion after its second round.
func swept(v Video, e SweepDone) (Video, []Event) {
	if v.State == Deleting && e.Round > 1 {
		v = v.enter(Deleted, e.At)
		v.Times.Deleted = e.At
	}
	if v.State != Deleted {
		return v, nil
	}
	return v, []Event{VideoDeleted{}}
}
