package client_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/tests/client"
	"sluice/tests/client/fake"
)

func TestListAndOperatorResponsesAreDecoded(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	two, none := 2, 0
	a := fake.New(t)
	a.Files = map[string]string{
		"/v1/videos":                `{"videos":[{"id":"vid_2","title":"b","state":"ready"},{"id":"vid_1","state":"waiting"}],"next_cursor":"c"}`,
		"/v1/videos/vid_1/timeline": `{"entries":[{"at":"2026-11-22T12:00:00Z","event":"created","state":"waiting"},{"at":"2026-11-22T12:00:00Z","event":"encode.done.v1","state":"processing","task":{"number":1,"kind":"video","from_frame":0,"to_frame":50}}]}`,
		"/v1/map":                   `{"at":"2026-11-22T12:00:00Z","services":[{"name":"encode","queues":[{"name":"encode","lane":"interactive","waiting":2,"in_flight":0}]}],"edges":[]}`,
		"/v1/dead-letters":          `{"letters":[{"id":"l","service":"encode","video_id":"vid_1","code":"x","reason":"r","state":"open"}]}`,
	}
	c := newTestClient(a)
	videos, next, err1 := c.ListVideos(t.Context(), "from")
	entries, err2 := c.GetTimeline(t.Context(), "vid_1")
	m, err3 := c.GetServiceMap(t.Context())
	deadLetters, end, err4 := c.ListDeadLetters(t.Context(), "")
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, diff := range map[string]string{
		"videos": cmp.Diff(
			[]client.Video{{ID: "vid_2", Title: "b", State: "ready"}, {ID: "vid_1", State: "waiting"}}, videos,
		) + cmp.Diff("c", next),
		"timeline": cmp.Diff([]client.TimelineEntry{
			{At: noon, Event: "created", State: "waiting"},
			{
				At: noon, Event: "encode.done.v1", State: "processing",
				Task: &client.Task{Number: 1, Kind: "video", ToFrame: 50},
			},
		}, entries),
		"map": cmp.Diff(
			client.ServiceMap{
				At: noon,
				Services: []client.Service{{
					Name:   "encode",
					Queues: []client.Queue{{Name: "encode", Lane: "interactive", Waiting: &two, InFlight: &none}},
				}},
			},
			m,
		),
		"letters": cmp.Diff(
			[]client.DeadLetter{{ID: "l", Service: "encode", VideoID: "vid_1", Code: "x", Reason: "r", State: "open"}},
			deadLetters,
		) + cmp.Diff("", end),
	} {
		if diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
