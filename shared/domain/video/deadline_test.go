package video_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

var (
	storedObject = video.StoredObject{Size: 9, ETag: "e1", At: noon}
	fetchRequest = video.FetchRequested{Origin: video.Origin{URL: "https://example.com/a"}, Key: "k", MultipartID: "m"}
)

// overdueVideo returns a video in a state whose deadline was at noon, after some retries.
func overdueVideo(s video.State, retries int) video.Video {
	v := videoInState(s)
	v.Source.Key, v.Times.Created = "k", noon.Add(-time.Hour)
	v.Deadline = video.Deadline{At: noon, Retries: retries}
	return v
}

// deadlinePassedEvent returns the event about a video's deadline, changed by with if it is not nil.
func deadlinePassedEvent(v video.Video, with func(*video.DeadlinePassed)) video.DeadlinePassed {
	e := video.DeadlinePassed{At: noon, State: v.State, Deadline: v.Deadline.At}
	if with != nil {
		with(&e)
	}
	return e
}

func TestDeadlinePassedRetriesOrFails(t *testing.T) {
	t.Parallel()
	has := func(e *video.DeadlinePassed) { e.Stored = &storedObject }
	busy := func(e *video.DeadlinePassed) { e.Stored, e.QueueBusy = &storedObject, true }
	withFetch := func(n int) video.Video { v := overdueVideo(video.Waiting, n); v.Fetch = &fetchRequest; return v }
	withDone := func(done, seen int) video.Video {
		v := overdueVideo(video.Processing, 1)
		v.Done, v.Deadline.TasksDone = map[int]bool{}, seen
		for n := range done {
			v.Done[n] = true
		}
		return v
	}
	shown := func(done, retries int) video.Video {
		v := overdueVideo(video.Playable, retries)
		v.Done, v.Deadline.TasksDone = withDone(done, 0).Done, 3
		return v
	}
	old := overdueVideo(video.Waiting, 0)
	old.Times.Created = noon.Add(-video.UploadLifetime)
	asks := []video.Event{video.InspectRequested{Key: "k", Stored: storedObject}}
	for _, tt := range []struct {
		name    string
		before  video.Video
		with    func(*video.DeadlinePassed)
		state   video.State
		code    string
		next    time.Duration // to the next deadline
		retries int
		out     string
	}{
		{"the client is uploading", overdueVideo(video.Waiting, 0), nil, video.Waiting, "", time.Hour, 0, ""},
		{"the upload expired", old, nil, video.Failed, "upload_expired", 0, 0, "video.VideoFailed×1"},
		{"the notification of S3 was lost", old, has, video.Waiting, "", time.Hour, 1, "video.InspectRequested×1"},
		{
			"the inspection was lost", overdueVideo(video.Uploaded, 0), has, video.Uploaded, "", time.Hour, 1,
			"video.InspectRequested×1",
		},
		{"the inspect queue is busy", overdueVideo(video.Uploaded, 0), busy, video.Uploaded, "", time.Hour, 1, ""},
		{
			"the inspect queue is busy for long", overdueVideo(video.Uploaded, 2), busy, video.Uploaded, "",
			4 * time.Hour, 3, "video.InspectRequested×1",
		},
		{
			"the inspection is lost every time", overdueVideo(video.Uploaded, 5), has, video.Failed,
			"processing_overdue", 0, 0, "video.VideoFailed×1",
		},
		{
			"the original is gone", overdueVideo(video.Uploaded, 0), nil, video.Failed, "source_gone", 0, 0,
			"video.VideoFailed×1",
		},
		{"the fetch was lost", withFetch(0), nil, video.Waiting, "", 30 * time.Minute, 1, "video.FetchRequested×1"},
		{"the fetch is lost every time", withFetch(5), nil, video.Failed, "fetch_overdue", 0, 0, "video.VideoFailed×1"},
		{"tasks are lost", withDone(1, 1), nil, video.Processing, "", 2 * time.Hour, 2, "video.EncodeRequested×3"},
		{"tasks finish", withDone(2, 1), nil, video.Processing, "", 30 * time.Minute, 0, ""},
		{"the last result was lost", withDone(4, 1), nil, video.Ready, "", 0, 0, "video.VideoPlayable×2"},
		{"the last result of a playable video was lost", shown(4, 0), nil, video.Ready, "", 0, 0, "video.VideoReady×1"},
		{
			"tasks of a playable video are lost", shown(3, 0), nil, video.Playable, "", time.Hour, 1,
			"video.EncodeRequested×1",
		},
		{
			"tasks of a playable video are lost every time", shown(3, 5), nil, video.Failed, "processing_overdue", 0, 0,
			"video.VideoFailed×1",
		},
		{"other videos of the tenant come first", overdueVideo(video.Processing, 5), func(e *video.DeadlinePassed) {
			e.Queued = true
		}, video.Processing, "", 30 * time.Minute, 0, ""},
		{
			"tasks are lost every time", overdueVideo(video.Processing, 5), nil, video.Failed, "processing_overdue", 0,
			0, "video.VideoFailed×1",
		},
		{
			"the second purge round is due", overdueVideo(video.Deleting, 0), nil, video.Deleting, "", 20 * time.Minute,
			1, "video.PurgeRequested×1",
		},
		{
			"a purge never fails", overdueVideo(video.Deleting, 40), nil, video.Deleting, "", 320 * time.Minute, 41,
			"video.PurgeRequested×1",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := deadlinePassedEvent(tt.before, tt.with)
			after, out := video.Apply(tt.before, e)
			if after.State != tt.state || after.Deadline.Retries != tt.retries || describeEvents(out) != tt.out {
				t.Errorf(
					"%s after %d retries, events %q; want %s, %d, %q", after.State, after.Deadline.Retries,
					describeEvents(out), tt.state, tt.retries, tt.out,
				)
			}
			if tt.code != "" && (after.Problem == nil || string(after.Problem.Code) != tt.code) {
				t.Errorf("failed with %v, want %s", after.Problem, tt.code)
			}
			if want := noon.Add(tt.next); tt.next > 0 && !after.Deadline.At.Equal(want) ||
				tt.next == 0 && !after.Deadline.At.IsZero() {
				t.Errorf("the next deadline is %s, want %s", after.Deadline.At, want)
			}
			if after.Version != tt.before.Version+1 {
				t.Errorf("version %d after %d", after.Version, tt.before.Version)
			}
			again, _ := video.Apply(after, e)
			if diff := cmp.Diff(after, again); diff != "" {
				t.Errorf("a duplicate changes the row: %s", diff)
			}
		})
	}
	_, out := video.Apply(overdueVideo(video.Uploaded, 0), deadlinePassedEvent(overdueVideo(video.Uploaded, 0), has))
	if diff := cmp.Diff(asks, out); diff != "" {
		t.Error(diff)
	}
}

func describeEvents(out []video.Event) string {
	if len(out) == 0 {
		return ""
	}
	return fmt.Sprintf("%T×%d", out[0], len(out))
}

// When the publish queue is long, the same deadline is delivered several times; that must not add work to busy queues.
func TestDuplicateOfSilentDeadlineSendsNothing(t *testing.T) {
	t.Parallel()
	moving := overdueVideo(video.Processing, 0)
	moving.Done = map[int]bool{0: true}
	for _, before := range []video.Video{moving, overdueVideo(video.Uploaded, 0), overdueVideo(video.Processing, 1)} {
		e := deadlinePassedEvent(before, func(e *video.DeadlinePassed) { e.Stored, e.QueueBusy = &storedObject, true })
		after, once := video.Apply(before, e)
		_, twice := video.Apply(after, e)
		if once != nil || twice != nil {
			t.Errorf("%s: gives %v, then %v", before.State, once, twice)
		}
	}
}

// A duplicate repairs a crash between saving the video and sending the events.
func TestDuplicateOfDeadlineSendsSameEvents(t *testing.T) {
	t.Parallel()
	whole, playable := overdueVideo(video.Processing, 0), overdueVideo(video.Playable, 0)
	whole.Done = map[int]bool{0: true, 1: true, 2: true, 3: true}
	playable.Done = whole.Done
	for _, before := range []video.Video{
		overdueVideo(video.Uploaded, 0), overdueVideo(video.Processing, 0), overdueVideo(video.Processing, 5),
		overdueVideo(video.Deleting, 0), whole, playable,
	} {
		e := deadlinePassedEvent(before, func(e *video.DeadlinePassed) { e.Stored = &storedObject })
		after, once := video.Apply(before, e)
		_, twice := video.Apply(after, e)
		if diff := cmp.Diff(once, twice); diff != "" || len(once) == 0 {
			t.Errorf("%s: gives %v, then something else: %s", before.State, once, diff)
		}
	}
}

func TestDeadlineOfAnotherStateIsIgnored(t *testing.T) {
	t.Parallel()
	for _, s := range []video.State{video.Uploaded, video.Processing, video.Ready, video.Cancelled} {
		before := overdueVideo(s, 0)
		after, out := video.Apply(before, deadlinePassedEvent(overdueVideo(video.Waiting, 0), nil))
		if diff := cmp.Diff(before, after); diff != "" || out != nil {
			t.Errorf("%s: gives %v and changes %s", s, out, diff)
		}
	}
}

// oneOfEachEvent has the events that Apply takes, but for DeadlinePassed.
var oneOfEachEvent = []video.Event{
	video.UploadCompleted{At: noon}, inspectedEvent, video.MediaRefused{At: noon, Problem: errs.Problem{Code: "x"}},
	encodeDoneEvent(0), encodeDoneEvent(3),
	video.EncodeFailed{At: noon, Problem: errs.Problem{Code: "x"}}, video.UploadCancelled{At: noon},
	video.FetchFailed{At: noon, Problem: errs.Problem{Code: "x"}}, video.DeleteRequested{At: noon},
	video.PurgeDone{At: noon, Round: 1}, video.PurgeDone{At: noon, Round: 2},
}

// A final state has no deadline, and every other state has one. A deleted video stays deleted.
func TestNonFinalStatesHaveDeadlines(t *testing.T) {
	t.Parallel()
	comesBack := map[video.State][]video.State{
		video.Deleting: {video.Deleting, video.Deleted}, video.Deleted: {video.Deleted},
		video.Cancelled: {video.Cancelled, video.Deleting},
	}
	for _, s := range []video.State{
		video.Waiting, video.Uploaded, video.Processing, video.Playable, video.Ready, video.Failed, video.Cancelled,
		video.Deleting, video.Deleted,
	} {
		for _, e := range oneOfEachEvent {
			before := overdueVideo(s, 0)
			if s.IsFinal() {
				before.Deadline = video.Deadline{}
			}
			after, out := video.Apply(before, e)
			if after.State.IsFinal() != after.Deadline.At.IsZero() {
				t.Errorf("%s, %T: %s has the deadline %s", s, e, after.State, after.Deadline.At)
			}
			if may := comesBack[s]; may != nil && after.State != may[0] && after.State != may[len(may)-1] {
				t.Errorf("%s comes back as %s by %T", s, after.State, e)
			}
			again, twice := video.Apply(after, e)
			if diff := cmp.Diff(after, again) + cmp.Diff(out, twice); diff != "" {
				t.Errorf("%s: a duplicate of %T is something else: %s", s, e, diff)
			}
		}
	}
}

func TestDeletedVideoExpires(t *testing.T) {
	t.Parallel()
	v, _ := video.Apply(videoInState(video.Ready), video.DeleteRequested{At: noon})
	if !v.ExpiresAt().IsZero() {
		t.Errorf("%s expires at %s", v.State, v.ExpiresAt())
	}
	v, out := video.Apply(v, video.PurgeDone{At: noon.Add(time.Hour), Round: 2})
	if want := noon.Add(time.Hour + 30*24*time.Hour); !v.ExpiresAt().Equal(want) ||
		describeEvents(out) != "video.VideoDeleted×1" {
		t.Errorf("%s expires at %s and gives %v", v.State, v.ExpiresAt(), out)
	}
}

// Every transition of the table applies to some video.
func TestEveryDeadlineTransitionIsTaken(t *testing.T) {
	t.Parallel()
	changed := func(v video.Video, change func(*video.Video)) video.Video { change(&v); return v }
	hasOriginal := func(e *video.DeadlinePassed) { e.Stored = &storedObject }
	isBusy := func(e *video.DeadlinePassed) { e.Stored, e.QueueBusy = &storedObject, true }
	late := func(e *video.DeadlinePassed) { e.State = video.Uploaded }
	earlier := func(e *video.DeadlinePassed) { e.Deadline = noon.Add(-time.Hour) }
	retried := changed(overdueVideo(video.Uploaded, 1), func(v *video.Video) { v.Deadline.Resent = true })
	fetching := changed(overdueVideo(video.Waiting, 5), func(v *video.Video) { v.Fetch = &fetchRequest })
	whole := map[int]bool{0: true, 1: true, 2: true, 3: true}
	var got []string
	for _, tt := range []struct {
		v    video.Video
		with func(*video.DeadlinePassed)
	}{
		{overdueVideo(video.Failed, 0), nil},
		{overdueVideo(video.Deleted, 0), nil},
		{changed(overdueVideo(video.Ready, 0), func(v *video.Video) {
			v.Times.Encoded = noon
		}), func(e *video.DeadlinePassed) {
			e.State = video.Processing
		}},
		{overdueVideo(video.Waiting, 0), late},
		{overdueVideo(video.Uploaded, 1), earlier},
		{retried, earlier},
		{changed(overdueVideo(video.Processing, 0), func(v *video.Video) { v.Done = whole }), nil},
		{overdueVideo(video.Processing, 5), func(e *video.DeadlinePassed) { e.Queued = true }},
		{changed(overdueVideo(video.Waiting, 0), func(v *video.Video) {
			v.Times.Created = noon.Add(-video.UploadLifetime)
		}), nil},
		{overdueVideo(video.Waiting, 0), nil},
		{overdueVideo(video.Uploaded, 0), nil},
		{fetching, nil},
		{overdueVideo(video.Processing, 5), nil},
		{overdueVideo(video.Uploaded, 1), isBusy},
		{overdueVideo(video.Uploaded, 1), hasOriginal},
	} {
		got = append(got, video.DeadlineTransition(tt.v, deadlinePassedEvent(tt.v, tt.with)))
	}
	if diff := cmp.Diff(video.DeadlineTransitions(), got); diff != "" {
		t.Error(diff)
	}
}
