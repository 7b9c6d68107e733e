package main

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/tests/client"
	"sluice/tests/client/fake"
)

func smallTracker() *videoTracker {
	return newVideoTracker("run", map[string][]plannedVideo{
		"a": {{tenant: "a", title: "run a 001"}},
		"b": {{tenant: "b", title: "run b 001"}, {tenant: "b", title: "run b 002"}},
	}, []string{"a", "b"})
}

func TestTrackerCountsUploadsAndStates(t *testing.T) {
	t.Parallel()
	tracker := smallTracker()
	if tracker.isDone() {
		t.Error("over before it began")
	}
	tracker.recordUpload("run a 001", uploadResult{id: "vid_1"})
	tracker.recordUpload("run b 001", uploadResult{id: "vid_2"})
	tracker.recordUpload("run b 002", uploadResult{err: errors.New("refused")})
	tracker.recordStates([]client.Video{
		{ID: "vid_1", Title: "run a 001", State: "ready"}, {ID: "vid_2", Title: "run b 001", State: "processing"},
	})
	if diff := cmp.Diff(
		[]tenantProgress{{"a", 1, 1, 1, 0}, {"b", 2, 1, 0, 1}}, tracker.countByTenant(),
		cmp.AllowUnexported(tenantProgress{}),
	); diff != "" || tracker.isDone() {
		t.Errorf("over %v (-want +got):\n%s", tracker.isDone(), diff)
	}
	tracker.recordStates([]client.Video{
		{ID: "vid_2", Title: "run b 001", State: "failed"}, {ID: "vid_3", Title: "run a 001", State: "ready"},
	})
	if !tracker.isDone() {
		t.Error("not over in the end")
	}
	if n, m := tracker.countReady(tracker.planned[0]), tracker.countReady(tracker.planned[1]); n != 2 || m != 0 {
		t.Errorf("%d and %d copies are ready", n, m)
	}
}

// TestTrackerStopsPagingAfterItsOwnVideos checks that the list is read only as far as it has videos of the burst.
func TestTrackerStopsPagingAfterItsOwnVideos(t *testing.T) {
	t.Parallel()
	a, tracker := fake.New(t), smallTracker()
	a.Files = map[string]string{
		"/v1/videos": `{"videos":[{"id":"vid_1","title":"run a 001","state":"ready"},{"id":"vid_0","title":"runner","state":"ready"}]}`,
	}
	if err := tracker.pollTenant(t.Context(), client.New(a.URL, fake.Token)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"vid_1": "ready"}, tracker.states); diff != "" {
		t.Error(diff)
	}
	a = fake.New(t)
	a.Files = map[string]string{
		"/v1/videos": `{"videos":[{"id":"vid_0","title":"another","state":"ready"}],"next_cursor":"more"}`,
	}
	if err := tracker.pollTenant(t.Context(), client.New(a.URL, fake.Token)); err != nil ||
		a.CountRequests("GET /v1/videos") != 1 {
		t.Errorf("asked %d times, error %v", a.CountRequests("GET /v1/videos"), err)
	}
}

func TestReadyEventsAreCountedOncePerID(t *testing.T) {
	t.Parallel()
	r := newReadyEvents()
	for _, event := range []string{
		`{"type":"video.ready.v1","id":"e1","subject":"vid_1"}`,
		`{"type":"video.ready.v1","id":"e1","subject":"vid_1"}`,
		`{"type":"video.ready.v1","id":"e2","subject":"vid_2"}`,
		`{"type":"video.ready.v1","id":"e3","subject":"vid_2"}`,
		`{"type":"video.processing.v1","id":"e4","subject":"vid_3"}`,
	} {
		if err := r.recordEvent([]byte(event)); err != nil {
			t.Fatal(err)
		}
	}
	if r.countEvents("vid_1") != 1 || r.countEvents("vid_2") != 2 || r.countEvents("vid_3") != 0 {
		t.Errorf("heard %v", r.ids)
	}
	if r.recordEvent([]byte("no event")) == nil {
		t.Error("what is no event was taken")
	}
}
