package video_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

var (
	noon     = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	testPlan = video.Plan{
		Rate: video.Rate{Num: 25, Den: 1}, SegmentFrames: 50, Borders: []int{0, 200, 400, 510}, Audio: true,
		Renditions: []video.Rendition{{Name: "720p", Width: 1280, Height: 720}},
	}
	inspectedEvent = video.MediaInspected{
		UploadedAt: noon, At: noon.Add(time.Second), ETag: "e1", Media: video.Media{Width: 1280, Height: 720},
		Plan: testPlan,
	}
)

func videoInState(s video.State) video.Video {
	v := video.Video{Tenant: "acme", ID: "vid_1", Playback: "p1", State: s, Version: 7}
	switch s {
	case video.Processing, video.Playable, video.Ready:
		m, p := inspectedEvent.Media, testPlan
		v.Media, v.Plan, v.Source.ETag = &m, &p, inspectedEvent.ETag
	case video.Failed:
		v.Problem = &errs.Problem{Code: "earlier", Message: "It failed earlier."}
	}
	switch s {
	case video.Ready:
		v.Done, v.Times.Encoded = map[int]bool{0: true, 1: true, 2: true, 3: true}, noon
	case video.Playable:
		v.Done, v.ListedFrames, v.Times.Playable = map[int]bool{0: true, 1: true, 2: true}, 400, noon.Add(-time.Minute)
	}
	return v
}

func encodeDoneEvent(n int) video.EncodeDone {
	return video.EncodeDone{At: noon.Add(time.Minute), Result: video.Result{Task: testPlan.Tasks()[n]}}
}

// Every state with every event: the next state, and the types of the events that follow.
func TestApplyCoversEveryStateAndEvent(t *testing.T) {
	refused := video.MediaRefused{At: noon, Problem: errs.Problem{Code: "no_video"}}
	broken := video.EncodeFailed{At: noon, Problem: errs.Problem{Code: "decode_failed"}}
	last := video.EncodeFailed{At: noon, Task: testPlan.Tasks()[3], Problem: errs.Problem{Code: "decode_failed"}}
	tooLong := unindexedEvent
	tooLong.Size = 66 << 30
	encode := "video.VideoProcessing video.EncodeRequested×4"
	ready, failed := "video.VideoReady×1", "video.VideoFailed×1"
	for _, tt := range []struct {
		state video.State
		event video.Event
		want  video.State
		out   string
	}{
		{video.Waiting, video.UploadCompleted{At: noon}, video.Uploaded, ""},
		{video.Waiting, inspectedEvent, video.Processing, encode},
		{video.Waiting, tooLong, video.Failed, failed},
		{video.Uploaded, tooLong, video.Failed, failed},
		{video.Uploaded, remuxDoneEvent, video.Uploaded, ""}, // of an original that is not known
		{video.Processing, unindexedEvent, video.Processing, ""},
		{video.Processing, remuxDoneEvent, video.Processing, ""},
		{video.Processing, tooLong, video.Processing, ""},
		{video.Failed, unindexedEvent, video.Failed, ""},
		{video.Failed, tooLong, video.Failed, failed},
		{video.Ready, unindexedEvent, video.Ready, ""},
		{video.Waiting, refused, video.Failed, failed},
		{video.Waiting, encodeDoneEvent(0), video.Waiting, ""},
		{video.Waiting, broken, video.Failed, failed},
		{video.Uploaded, video.UploadCompleted{At: noon}, video.Uploaded, ""},
		{video.Uploaded, inspectedEvent, video.Processing, encode},
		{video.Uploaded, refused, video.Failed, failed},
		{video.Uploaded, encodeDoneEvent(0), video.Uploaded, ""},
		{video.Uploaded, broken, video.Failed, failed},
		{video.Processing, video.UploadCompleted{At: noon}, video.Processing, ""},
		{video.Processing, inspectedEvent, video.Processing, encode},
		{video.Processing, refused, video.Processing, ""},
		{video.Processing, encodeDoneEvent(0), video.Processing, ""},
		{video.Processing, broken, video.Failed, failed},
		{video.Playable, video.UploadCompleted{At: noon}, video.Playable, ""},
		{video.Playable, inspectedEvent, video.Playable, "video.VideoProcessing video.EncodeRequested×1"},
		{video.Playable, refused, video.Playable, ""},
		{video.Playable, encodeDoneEvent(0), video.Playable, ""},
		{video.Playable, encodeDoneEvent(3), video.Ready, ready},
		{video.Playable, broken, video.Playable, ""}, // the task is finished
		{video.Playable, last, video.Failed, failed},
		{video.Ready, video.UploadCompleted{At: noon}, video.Ready, ""},
		{video.Ready, inspectedEvent, video.Ready, ""},
		{video.Ready, refused, video.Ready, ""},
		{video.Ready, encodeDoneEvent(3), video.Ready, ready},
		{video.Ready, broken, video.Ready, ""},
		{video.Failed, video.UploadCompleted{At: noon}, video.Failed, ""},
		{video.Failed, inspectedEvent, video.Failed, ""},
		{video.Failed, refused, video.Failed, failed},
		{video.Failed, encodeDoneEvent(0), video.Failed, ""},
		{video.Failed, broken, video.Failed, failed},
	} {
		t.Run(fmt.Sprintf("%s/%T", tt.state, tt.event), func(t *testing.T) {
			before := videoInState(tt.state)
			after, out := video.Apply(before, tt.event)
			if after.State != tt.want {
				t.Errorf("state %s, want %s", after.State, tt.want)
			}
			if got := countEventTypes(out); got != tt.out {
				t.Errorf("follows %q, want %q", got, tt.out)
			}
			want := before.Version
			if after.State != before.State {
				want++
			}
			if after.Version != want {
				t.Errorf("version %d, want %d", after.Version, want)
			}
			again, twice := video.Apply(after, tt.event)
			if diff := cmp.Diff(after, again); diff != "" {
				t.Errorf("a duplicate changes the row: %s", diff)
			}
			if diff := cmp.Diff(out, twice); diff != "" {
				t.Errorf("a duplicate gives other events: %s", diff)
			}
		})
	}
}

func countEventTypes(out []video.Event) string {
	n := map[string]int{}
	for _, e := range out {
		n[fmt.Sprintf("%T", e)]++
	}
	if n["video.VideoProcessing"] == 1 {
		return fmt.Sprintf("video.VideoProcessing video.EncodeRequested×%d", n["video.EncodeRequested"])
	}
	for k, c := range n {
		return fmt.Sprintf("%s×%d", k, c)
	}
	return ""
}

// A task may be delivered twice: one delivery finishes it, and the other one exhausts its attempts.
func TestFailureOfFinishedTaskIsIgnored(t *testing.T) {
	v := videoInState(video.Processing)
	v.Done = map[int]bool{1: true}
	after, out := video.Apply(
		v, video.EncodeFailed{At: noon, Task: testPlan.Tasks()[1], Problem: errs.Problem{Code: "internal"}},
	)
	if diff := cmp.Diff(v, after); diff != "" || out != nil {
		t.Errorf("follows %v, and the row changes: %s", out, diff)
	}
}

// The publish service fails a video whose results don't fit together when the last one arrives.
func TestLastResultOfFailedVideoRepeatsFailedEvent(t *testing.T) {
	v := videoInState(video.Ready)
	v.State, v.Problem = video.Failed, &errs.Problem{Code: "earlier"}
	after, out := video.Apply(v, encodeDoneEvent(3))
	if diff := cmp.Diff(v, after); diff != "" {
		t.Errorf("the row changes: %s", diff)
	}
	if diff := cmp.Diff([]video.Event{video.VideoFailed{Problem: *v.Problem}}, out); diff != "" {
		t.Error(diff)
	}
}

func TestInspectionOfReplacedObjectRequestsNothing(t *testing.T) {
	late := inspectedEvent
	late.ETag = "of another object"
	if _, out := video.Apply(videoInState(video.Processing), late); out != nil {
		t.Errorf("follows %v, want nothing", out)
	}
}

func TestFailChangesOnlyUnfinishedVideos(t *testing.T) {
	why := errs.Problem{Code: "renditions_differ"}
	for state, want := range map[video.State]video.State{
		video.Processing: video.Failed, video.Failed: video.Failed, video.Ready: video.Ready,
	} {
		before := videoInState(state)
		after, out := video.Fail(before, noon, why)
		again, twice := video.Fail(after, noon.Add(time.Hour), why)
		if after.State != want || (after.Version != before.Version) != (state != want) {
			t.Errorf("%s: now %s, version %d → %d", state, after.State, before.Version, after.Version)
		}
		if diff := cmp.Diff(after, again) + cmp.Diff(out, twice); diff != "" {
			t.Errorf("%s: a second call gives another result: %s", state, diff)
		}
	}
}

func TestTaskOutsidePlanIsIgnored(t *testing.T) {
	for _, foreign := range []video.Task{
		{Number: 9, Kind: video.VideoTask}, {Number: -1},
		{Number: 1, Kind: video.VideoTask, From: 0, To: 50, Segment: 1},
	} {
		before := videoInState(video.Processing)
		before.Done = map[int]bool{0: true, 1: true, 2: true}
		after, out := video.Apply(before, video.EncodeDone{Result: video.Result{Task: foreign}})
		if diff := cmp.Diff(before, after); diff != "" || out != nil {
			t.Errorf("task %+v: says %v and changes %s", foreign, out, diff)
		}
	}
}

// Events of one video in any order and with any duplicates lead to the same row, and to VideoReady.
func TestApplyIgnoresOrderAndDuplicates(t *testing.T) {
	inOrder := []video.Event{
		video.UploadCompleted{At: noon}, inspectedEvent, encodeDoneEvent(0), encodeDoneEvent(1), encodeDoneEvent(2),
		encodeDoneEvent(3),
	}
	want, _ := applyAll(videoInState(video.Waiting), inOrder)
	want.Version = 0 // the number of changes depends on the order
	rapid.Check(t, func(t *rapid.T) {
		results := rapid.Permutation(slices.Concat(inOrder[2:], inOrder[2:])).Draw(t, "results")
		early := rapid.SampledFrom([][]video.Event{
			inOrder[:2], {inOrder[1], inOrder[0]}, {inOrder[1], inOrder[1]},
		}).Draw(t, "early")
		got, said := applyAll(videoInState(video.Waiting), slices.Concat(early, results))
		got.Version = 0
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		if len(said[video.VideoReady{Playback: "p1", Duration: testPlan.Rate.Seconds(510)}]) == 0 {
			t.Fatal("no VideoReady")
		}
	})
}

func applyAll(v video.Video, es []video.Event) (video.Video, map[video.Event][]int) {
	said := map[video.Event][]int{}
	for i, e := range es {
		var out []video.Event
		v, out = video.Apply(v, e)
		for _, o := range out {
			if r, ok := o.(video.VideoReady); ok {
				said[r] = append(said[r], i)
			}
		}
	}
	return v, said
}

func TestApplyDoesNotModifyInput(t *testing.T) {
	before := videoInState(video.Processing)
	before.Done = map[int]bool{1: true}
	kept := maps.Clone(before.Done)
	video.Apply(before, encodeDoneEvent(0))
	if diff := cmp.Diff(kept, before.Done); diff != "" {
		t.Error(diff)
	}
}

func TestPlanTasksCoverSoundAndChunks(t *testing.T) {
	want := []video.Task{
		{Number: 0, Kind: video.AudioTask, From: 0, To: 510, Segment: 1, Last: true},
		{Number: 1, Kind: video.VideoTask, From: 0, To: 200, Segment: 1},
		{Number: 2, Kind: video.VideoTask, From: 200, To: 400, Segment: 5},
		{Number: 3, Kind: video.VideoTask, From: 400, To: 510, Segment: 9, Last: true},
	}
	if diff := cmp.Diff(want, testPlan.Tasks()); diff != "" {
		t.Error(diff)
	}
	if testPlan.TaskCount() != len(want) {
		t.Errorf("size %d, want %d", testPlan.TaskCount(), len(want))
	}
	inChunks := testPlan
	inChunks.AudioInChunks = true
	if got := inChunks.Tasks(); len(got) != len(want)-1 || inChunks.TaskCount() != len(got) || got[0].To != 200 {
		t.Errorf("with the audio in the chunks: %+v", got)
	}
	if o := testPlan.Outline(); o.FrameCount() != testPlan.FrameCount() || len(o.Borders) != 2 {
		t.Errorf("outline %v", o)
	}
}
