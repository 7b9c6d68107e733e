package video_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/video"
)

var (
	copyOfOriginal = video.Copy{ETag: "c1", Size: 99, Rate: video.Rate{Num: 25, Den: 1}}
	unindexedEvent = video.MediaUnindexed{
		UploadedAt: noon, At: noon.Add(time.Second), ETag: "e1", Size: 100,
		Streams: video.Streams{Container: "matroska"},
	}
	remuxDoneEvent = video.RemuxDone{At: noon.Add(time.Minute), ETag: "e1", Copy: &copyOfOriginal}
	inspectedCopy  = video.MediaInspected{
		UploadedAt: noon, At: noon.Add(2 * time.Minute), ETag: "e1", Size: 100, Media: inspectedEvent.Media,
		Plan: testPlan, Copy: &copyOfOriginal,
	}
)

// applyTwice applies an event and a duplicate of it, which must change nothing and give the same events.
func applyTwice(t *testing.T, v video.Video, e video.Event) (video.Video, []video.Event) {
	t.Helper()
	after, out := video.Apply(v, e)
	again, twice := video.Apply(after, e)
	if d := cmp.Diff(after, again) + cmp.Diff(out, twice); d != "" {
		t.Errorf("a duplicate of %T: %s", e, d)
	}
	return after, out
}

// An original without an index is copied, the copy is inspected, and tasks read the copy. Each step has an entry in the
// timeline, because it changes the version.
func TestUnindexedOriginalIsCopiedOnce(t *testing.T) {
	v := videoInState(video.Waiting)
	v.Source.Key = "t/acme/vid_1/source"
	v, out := applyTwice(t, v, unindexedEvent)
	source := video.Source{Key: v.Source.Key, Size: 100, ETag: "e1"}
	if d := cmp.Diff([]video.Event{video.RemuxRequested{
		UploadedAt: noon, Source: source, Streams: unindexedEvent.Streams,
	}}, out); d != "" || v.State != video.Uploaded || !v.AwaitsRemux() || v.Version != 8 {
		t.Fatalf("%s, version %d: %s", v.State, v.Version, d)
	}
	if want := unindexedEvent.At.Add(time.Hour); !v.Deadline.At.Equal(want) {
		t.Errorf("deadline %v, want %v: three attempts of a quarter of an hour", v.Deadline.At, want)
	}
	v, out = applyTwice(t, v, remuxDoneEvent)
	if d := cmp.Diff([]video.Event{video.InspectRequested{
		Key: source.Key, Stored: video.StoredObject{Size: 100, ETag: "e1", At: noon}, Copy: &copyOfOriginal,
	}}, out); d != "" || v.State != video.Uploaded || v.AwaitsRemux() || v.Version != 9 {
		t.Fatalf("%s, version %d: %s", v.State, v.Version, d)
	}
	v, out = applyTwice(t, v, inspectedCopy)
	source.Copy = &copyOfOriginal
	if v.State != video.Processing || v.Version != 10 || len(out) != 5 {
		t.Fatalf("%s, version %d, %d events", v.State, v.Version, len(out))
	}
	if d := cmp.Diff(source, out[1].(video.EncodeRequested).Source); d != "" {
		t.Error(d)
	}
}

// An original whose streams can't be copied is inspected as a whole.
func TestOriginalThatCannotBeCopiedIsReadAsWhole(t *testing.T) {
	v, _ := video.Apply(videoInState(video.Uploaded), unindexedEvent)
	v, out := applyTwice(t, v, video.RemuxDone{At: noon, ETag: "e1"})
	if asked, ok := out[0].(video.InspectRequested); !ok || !asked.Whole || asked.Copy != nil {
		t.Fatalf("%+v", out)
	}
	v, _ = applyTwice(t, v, inspectedEvent)
	if v.State != video.Processing || v.Source.Copy != nil {
		t.Errorf("%s, copy %v", v.State, v.Source.Copy)
	}
}

// Events about an object that was replaced while it was remuxed do not reach the video of the new one.
func TestEventsOfReplacedOriginalAreIgnored(t *testing.T) {
	newer := unindexedEvent
	newer.ETag, newer.At = "e2", noon.Add(time.Hour)
	v, _ := video.Apply(videoInState(video.Uploaded), unindexedEvent)
	v, _ = applyTwice(t, v, newer)
	failed := video.MediaRefused{At: noon.Add(2 * time.Hour), ETag: unindexedEvent.ETag}
	for _, late := range []video.Event{remuxDoneEvent, inspectedCopy, failed} {
		after, out := video.Apply(v, late)
		if d := cmp.Diff(v, after); d != "" || out != nil {
			t.Errorf("%T: %v %s", late, out, d)
		}
	}
}

// A remux whose last attempt has failed fails the video, unless another delivery has made the copy.
func TestFailedRemuxFailsVideoWithoutCopy(t *testing.T) {
	failed := video.MediaRefused{At: noon.Add(time.Hour), ETag: unindexedEvent.ETag}
	v, _ := video.Apply(videoInState(video.Uploaded), unindexedEvent)
	if after, _ := video.Apply(v, failed); after.State != video.Failed {
		t.Errorf("without a copy: %s", after.State)
	}
	v, _ = video.Apply(v, remuxDoneEvent)
	if after, _ := video.Apply(v, failed); after.State != video.Uploaded {
		t.Errorf("with a copy: %s", after.State)
	}
}

// When the deadline of a remux passes, its inspection is requested again, or that of the copy.
func TestDeadlineOfRemuxRequestsInspectionAgain(t *testing.T) {
	stored := video.StoredObject{Size: 100, ETag: "e1", At: noon}
	v, _ := video.Apply(videoInState(video.Uploaded), unindexedEvent)
	copied, _ := video.Apply(v, remuxDoneEvent)
	for _, tt := range []struct {
		video video.Video
		etag  string
		copy  *video.Copy
	}{{v, "e1", nil}, {copied, "e1", &copyOfOriginal}, {copied, "e2", nil}} {
		stored.ETag = tt.etag
		_, out := applyTwice(t, tt.video, video.DeadlinePassed{
			At: tt.video.Deadline.At, State: video.Uploaded, Deadline: tt.video.Deadline.At, Stored: &stored,
		})
		if d := cmp.Diff([]video.Event{video.InspectRequested{
			Key: tt.video.Source.Key, Stored: stored, Copy: tt.copy,
		}}, out); d != "" {
			t.Error(d)
		}
	}
}

// A video that is deleted while it is remuxed stays so, in whichever order the events arrive, and however often.
func TestPromise02_EventsOfRemuxInAnyOrder(t *testing.T) {
	inOrder := []video.Event{video.UploadCompleted{At: noon}, unindexedEvent, remuxDoneEvent, inspectedCopy}
	want, _ := applyAll(videoInState(video.Waiting), inOrder)
	want.Version = 0
	rapid.Check(t, func(t *rapid.T) {
		early := rapid.SliceOf(rapid.SampledFrom(inOrder)).Draw(t, "early")
		deleted := rapid.IntRange(-1, len(early)).Draw(t, "deleted before")
		all := append(early, inOrder...) // each is sent again until it is handled
		if deleted >= 0 {
			all = slices.Insert(all, deleted, video.Event(video.DeleteRequested{At: noon}))
		}
		got, _ := applyAll(videoInState(video.Waiting), all)
		if deleted >= 0 {
			if got.State != video.Deleting {
				t.Fatalf("%s after a deletion", got.State)
			}
			return
		}
		got.Version = 0
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	})
}
