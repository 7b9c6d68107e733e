package main

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/tests/client"
	"sluice/tests/client/fake"
)

func small() *crowd {
	return newCrowd("run", map[string][]order{
		"a": {{tenant: "a", title: "run a 001"}},
		"b": {{tenant: "b", title: "run b 001"}, {tenant: "b", title: "run b 002"}},
	}, []string{"a", "b"})
}

func TestCrowd(t *testing.T) {
	t.Parallel()
	c := small()
	if c.over() {
		t.Error("over before it began")
	}
	c.note("run a 001", upload{id: "vid_1"})
	c.note("run b 001", upload{id: "vid_2"})
	c.note("run b 002", upload{err: errors.New("refused")})
	c.add([]client.Video{{ID: "vid_1", Title: "run a 001", State: "ready"}, {ID: "vid_2", Title: "run b 001", State: "processing"}})
	if diff := cmp.Diff([]count{{"a", 1, 1, 1, 0}, {"b", 2, 1, 0, 1}}, c.counts(), cmp.AllowUnexported(count{})); diff != "" || c.over() {
		t.Errorf("over %v (-want +got):\n%s", c.over(), diff)
	}
	c.add([]client.Video{{ID: "vid_2", Title: "run b 001", State: "failed"}, {ID: "vid_3", Title: "run a 001", State: "ready"}})
	if !c.over() {
		t.Error("not over in the end")
	}
	if n, m := c.copies(c.orders[0]), c.copies(c.orders[1]); n != 2 || m != 0 {
		t.Errorf("%d and %d copies are ready", n, m)
	}
}

// The list is read while there are videos of this run, and no further.
func TestCrowdReadsTheList(t *testing.T) {
	t.Parallel()
	a, c := fake.New(t), small()
	a.Files = map[string]string{"/v1/videos": `{"videos":[{"id":"vid_1","title":"run a 001","state":"ready"},{"id":"vid_0","title":"runner","state":"ready"}]}`}
	if err := c.see(t.Context(), client.New(a.URL, fake.Token)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"vid_1": "ready"}, c.states); diff != "" {
		t.Error(diff)
	}
	a = fake.New(t)
	a.Files = map[string]string{"/v1/videos": `{"videos":[{"id":"vid_0","title":"another","state":"ready"}],"next_cursor":"more"}`}
	if err := c.see(t.Context(), client.New(a.URL, fake.Token)); err != nil || a.Tries("GET /v1/videos") != 1 {
		t.Errorf("asked %d times, error %v", a.Tries("GET /v1/videos"), err)
	}
}

func TestNewsCountsEventsOnce(t *testing.T) {
	t.Parallel()
	n := newNews()
	for _, event := range []string{
		`{"type":"video.ready.v1","id":"e1","subject":"vid_1"}`, `{"type":"video.ready.v1","id":"e1","subject":"vid_1"}`,
		`{"type":"video.ready.v1","id":"e2","subject":"vid_2"}`, `{"type":"video.ready.v1","id":"e3","subject":"vid_2"}`,
		`{"type":"video.processing.v1","id":"e4","subject":"vid_3"}`,
	} {
		if err := n.heard([]byte(event)); err != nil {
			t.Fatal(err)
		}
	}
	if n.times("vid_1") != 1 || n.times("vid_2") != 2 || n.times("vid_3") != 0 {
		t.Errorf("heard %v", n.ids)
	}
	if n.heard([]byte("no event")) == nil {
		t.Error("what is no event was taken")
	}
}
