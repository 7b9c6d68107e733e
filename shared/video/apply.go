package video

import (
	"maps"
	"time"
)

// Event is something that happened to a video, or that it asks for. The JSON of these types is the data of the
// messages in package events.
type Event interface{ event() }

// What can happen to a video.
type (
	// UploadCompleted: the client has completed its upload and S3 holds the object.
	UploadCompleted struct {
		At time.Time `json:"at"`
	}
	// MediaInspected: the object is a video that we take.
	MediaInspected struct {
		UploadedAt time.Time `json:"uploaded_at"`
		At         time.Time `json:"at"`
		ETag       string    `json:"etag"`
		Media      Media     `json:"media"`
		Plan       Plan      `json:"plan"`
	}
	// MediaRefused: the object is not a video that we take, as is seen when it is inspected or when all is encoded.
	MediaRefused struct {
		UploadedAt time.Time `json:"uploaded_at"`
		At         time.Time `json:"at"`
		Problem    Problem   `json:"problem"`
	}
	// TaskDone: one encode task is finished and its segments are stored.
	TaskDone struct {
		At     time.Time `json:"at"`
		Result Result    `json:"result"`
	}
	// TaskFailed: one encode task can't be done.
	TaskFailed struct {
		At      time.Time `json:"at"`
		Task    Task      `json:"task"`
		Problem Problem   `json:"problem"`
	}
)

// What follows from it.
type (
	// EncodeRequested asks for one task.
	EncodeRequested struct {
		Task     Task   `json:"task"`
		Plan     Plan   `json:"plan"` // its Outline
		Media    Media  `json:"media"`
		Source   Source `json:"source"`
		Playback string `json:"playback"`
	}
	// VideoProcessing: a video is inspected and being encoded.
	VideoProcessing struct {
		Media Media `json:"media"`
		Tasks int   `json:"tasks"`
	}
	// VideoReady: every rendition can be played.
	VideoReady struct {
		Playback string  `json:"playback_id"`
		Duration float64 `json:"duration"` // seconds
	}
	// VideoFailed: the video will not be played.
	VideoFailed struct {
		Problem Problem `json:"problem"`
	}
)

func (UploadCompleted) event() {}
func (MediaInspected) event()  {}
func (MediaRefused) event()    {}
func (TaskDone) event()        {}
func (TaskFailed) event()      {}
func (EncodeRequested) event() {}
func (VideoProcessing) event() {}
func (VideoReady) event()      {}
func (VideoFailed) event()     {}

// Apply returns the video as it is after e, and what follows. It is a pure function, and what follows depends on the
// state reached and not on the step taken: a duplicate of e gives the same events again and leaves the video as it
// is, so that a crash between saving and sending is mended by redelivery. Version grows by one with each change of state.
func Apply(v Video, e Event) (Video, []Event) {
	after, out := apply(v, e)
	return counted(v, after), out
}

// Fail returns the video as it is when its owner finds that it can't be published, and what follows. Like Apply it may
// be called again.
func Fail(v Video, at time.Time, p Problem) (Video, []Event) {
	after, out := fail(v, at, p)
	return counted(v, after), out
}

// counted returns after with the version that follows before's, if its state is another.
func counted(before, after Video) Video {
	if after.State != before.State {
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
		if v.State == Processing { // another delivery was looked at and taken
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
	}
	return v, nil
}

func uploaded(v Video, at time.Time) Video {
	if v.State == Waiting {
		v.State, v.Times.Uploaded = Uploaded, at
	}
	return v
}

func inspected(v Video, e MediaInspected) (Video, []Event) {
	if v.State == Uploaded {
		v.State, v.Times.Inspected = Processing, e.At
		v.Media, v.Plan, v.Source.ETag = &e.Media, &e.Plan, e.ETag
	}
	if v.State != Processing || v.Source.ETag != e.ETag { // late, or of an object that was replaced since
		return v, nil
	}
	return v, begin(v)
}

// begin asks for every task that is not done yet.
func begin(v Video) []Event {
	out := []Event{VideoProcessing{Media: *v.Media, Tasks: v.Plan.Size()}}
	for _, t := range v.Plan.Tasks() {
		if !v.Done[t.Number] {
			out = append(out, EncodeRequested{Task: t, Plan: v.Plan.Outline(), Media: *v.Media, Source: v.Source, Playback: v.Playback})
		}
	}
	return out
}

// done adds to the set of finished tasks. Whoever sees it full emits; a redelivery sees it full and emits again: of a
// video that failed with a full set, that it failed.
func done(v Video, e TaskDone) (Video, []Event) {
	switch {
	case v.State == Failed && v.Complete():
		return fail(v, e.At, *v.Problem)
	case v.State == Failed, v.Plan == nil, !v.Plan.Has(e.Result.Task):
		return v, nil
	}
	v.Done = maps.Clone(v.Done)
	if v.Done == nil {
		v.Done = map[int]bool{}
	}
	v.Done[e.Result.Task.Number] = true
	if !v.Complete() {
		return v, nil
	}
	if v.State == Processing {
		v.State, v.Times.Encoded = Ready, e.At
	}
	return v, []Event{VideoReady{Playback: v.Playback, Duration: v.Plan.Rate.Seconds(v.Plan.Frames())}}
}

func fail(v Video, at time.Time, p Problem) (Video, []Event) {
	if v.State == Ready {
		return v, nil
	}
	if v.State != Failed {
		v.State, v.Times.Failed, v.Problem = Failed, at, &p
	}
	return v, []Event{VideoFailed{Problem: *v.Problem}}
}
