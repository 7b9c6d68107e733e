package video

import (
	"cmp"
	"maps"
	"time"

	"sluice/shared/domain/errs"
)

// Apply returns the video after the event e, and the events that follow. These depend on the state reached, not on the
// step taken: a duplicate of e leaves the video unchanged and gives the same events again. A crash between saving the
// video and sending the events is therefore repaired by the redelivery of e. Each change increments Version.
func Apply(v Video, e Event) (Video, []Event) {
	after, out := applyEvent(v, e)
	return bumpVersion(v, after), out
}

// Fail returns the video after the publish service has found that it can't be published, and the events that follow.
// Like Apply, it may be called again. at is the time of the event that was being handled, by which a duplicate of that
// event is recognized.
func Fail(v Video, at time.Time, p errs.Problem) (Video, []Event) {
	after, out := failVideo(v, at, p)
	return bumpVersion(v, after), out
}

// bumpVersion returns after with the next version if it differs from before.
func bumpVersion(before, after Video) Video {
	if after.State != before.State || after.Deadline != before.Deadline || after.ListedFrames != before.ListedFrames ||
		after.Source.Copy != before.Source.Copy ||
		!after.Times.EncodeStarted.Equal(before.Times.EncodeStarted) ||
		after.Publication.Version != before.Publication.Version {
		after.Version = before.Version + 1
	}
	return after
}

func applyEvent(v Video, e Event) (Video, []Event) {
	switch e := e.(type) {
	case UploadCompleted:
		return applyUploaded(v, e.At), nil
	case MediaInspected:
		return applyInspected(applyUploaded(v, e.UploadedAt), e)
	case MediaUnindexed:
		return applyUnindexed(applyUploaded(v, e.UploadedAt), e)
	case RemuxDone:
		return applyRemuxDone(v, e)
	case MediaRefused:
		staleRemux := e.ETag != "" && (e.ETag != v.Source.ETag || v.Source.Copy != nil)
		if v.State.IsEncoding() || staleRemux { // another delivery of the request was accepted
			return v, nil
		}
		v.Source.Size = cmp.Or(e.Size, v.Source.Size) // the original stays
		return failVideo(applyUploaded(v, e.UploadedAt), e.At, e.Problem)
	case EncodeDone:
		return applyEncodeDone(v, e)
	case EncodeFailed:
		if v.Done[e.Task.Number] { // another delivery of the task finished it
			return v, nil
		}
		return failVideo(v, e.At, e.Problem)
	case FetchFailed:
		if v.State != Waiting && v.State != Failed { // another delivery of the request fetched it
			return v, nil
		}
		return failVideo(v, e.At, e.Problem)
	case UploadCancelled:
		return applyCancelled(v, e)
	case DeleteRequested:
		return applyDeleteRequested(v, e)
	case UnpublishRequested:
		return applyPublication(v, true, e.At)
	case PublishRequested:
		return applyPublication(v, false, e.At)
	case PurgeDone:
		return applyPurgeDone(v, e)
	case DeadlinePassed:
		return findDeadlineTransition(v, e).apply(v, e)
	}
	return v, nil
}

// enterState returns v in another state, with the deadline of that state. It removes the fetch request, whose URL may
// contain a credential.
func (v Video) enterState(s State, at time.Time) Video {
	v.State, v.Deadline, v.Fetch, v.ListedFrames = s, Deadline{}, nil, 0
	return v.WithDeadline(at)
}

func applyUploaded(v Video, at time.Time) Video {
	if v.State == Waiting {
		v = v.enterState(Uploaded, at)
		v.Times.Uploaded = at
	}
	return v
}

// applyInspected plans the tasks. If the video failed at this very event, because its tenant had reached a limit, the
// duplicate repeats the failure.
func applyInspected(v Video, e MediaInspected) (Video, []Event) {
	if v.State == Failed && v.Times.Failed.Equal(e.At) {
		return failVideo(v, e.At, *v.Problem)
	}
	if v.State == Uploaded && (e.Copy == nil || e.ETag == v.Source.ETag) {
		v = v.enterState(Processing, e.At)
		v.Times.Inspected = e.At
		v.Media, v.Plan, v.Source.ETag, v.Source.Copy = &e.Media, &e.Plan, e.ETag, e.Copy
		v.Source.Size = cmp.Or(e.Size, v.Source.Size)
	}
	if !v.State.IsEncoding() || v.Source.ETag != e.ETag { // too late, or about an object that was replaced since
		return v, nil
	}
	return v, requestTasks(v)
}

// requestTasks returns VideoProcessing and an EncodeRequested for every unfinished task.
func requestTasks(v Video) []Event {
	out := []Event{VideoProcessing{Media: *v.Media, Tasks: v.Plan.TaskCount()}}
	for _, t := range v.Plan.Tasks() {
		if !v.Done[t.Number] {
			out = append(out, v.NewEncodeRequest(t))
		}
	}
	return out
}

// NewEncodeRequest returns the request to encode one task of the plan.
func (v Video) NewEncodeRequest(t Task) EncodeRequested {
	return EncodeRequested{
		Task: t, Plan: v.Plan.Outline(), Media: *v.Media, Source: v.Source, Playback: v.Playback,
		Lane: v.Plan.LaneOf(t),
	}
}

// applyEncodeDone adds a task to the set of finished tasks. The event that completes the set makes the video ready, and
// so does its duplicate. If the video failed with a complete set, or at this very event, the duplicate repeats the
// failure.
func applyEncodeDone(v Video, e EncodeDone) (Video, []Event) {
	switch {
	case v.State == Failed && (v.IsComplete() || v.Times.Failed.Equal(e.At)):
		return failVideo(v, e.At, *v.Problem)
	case !v.State.IsEncoding() && v.State != Ready, !v.Plan.HasTask(e.Result.Task):
		return v, nil
	}
	v.Done = maps.Clone(v.Done)
	if v.Done == nil {
		v.Done = map[int]bool{}
	}
	v.Done[e.Result.Task.Number] = true
	if v.Times.EncodeStarted.IsZero() && v.State.IsEncoding() {
		v.Times.EncodeStarted = e.Started
	}
	if !v.IsComplete() {
		return extendPlayback(v, e)
	}
	return markReady(v, e.At)
}

func markReady(v Video, at time.Time) (Video, []Event) {
	if v.State.IsEncoding() {
		v = v.enterState(Ready, at)
		v.Times.Encoded = at
		if v.Times.Playable.IsZero() {
			v.Times.Playable = at
		}
	}
	out := []Event{VideoReady{Playback: v.Playback, Duration: v.Plan.Rate.Seconds(v.Plan.FrameCount())}}
	// the second: the event that made it playable may have been applied together with those that made it ready
	if v.Times.Playable.Equal(v.Times.Encoded) || v.Times.Playable.Equal(at) {
		out = append([]Event{newPlayableEvent(v)}, out...)
	}
	return v, out
}

func failVideo(v Video, at time.Time, p errs.Problem) (Video, []Event) {
	switch v.State {
	case Ready, Cancelled, Deleting, Deleted:
		return v, nil
	case Waiting, Uploaded, Processing, Playable:
		v = v.enterState(Failed, at)
		v.Times.Failed, v.Problem = at, &p
	}
	return v, []Event{VideoFailed{Problem: *v.Problem}}
}

func applyCancelled(v Video, e UploadCancelled) (Video, []Event) {
	if v.State == Waiting {
		v = v.enterState(Cancelled, e.At)
		v.Times.Cancelled = e.At
	}
	if v.State != Cancelled { // the original had arrived before
		return v, nil
	}
	return v, []Event{VideoCancelled{}}
}

func applyDeleteRequested(v Video, e DeleteRequested) (Video, []Event) {
	switch v.State {
	case Deleted:
		return v, []Event{VideoDeleted{}}
	case Deleting:
	default:
		v = v.enterState(Deleting, e.At)
		v.Times.Deleted = e.At
	}
	return v, []Event{newPurgeRequest(v)}
}

func newPurgeRequest(v Video) Event {
	return PurgeRequested{Playback: v.Playback, Round: v.Deadline.Retries + 1}
}

// applyPurgeDone makes the video deleted after the second purge round.
func applyPurgeDone(v Video, e PurgeDone) (Video, []Event) {
	if v.State == Deleting && e.Round > 1 {
		v = v.enterState(Deleted, e.At)
		v.Times.Deleted = e.At
	}
	if v.State != Deleted {
		return v, nil
	}
	return v, []Event{VideoDeleted{}}
}
