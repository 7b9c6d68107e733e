package main

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/tests/client"
	"sluice/tests/client/fake"
)

// readyVideo returns the document of a ready video of five seconds, and lets the API serve its three segments.
func readyVideo(a *fake.API) client.Video {
	uploaded, ready := atSecond(2), atSecond(9)
	a.Files = map[string]string{
		"/p/master.m3u8":            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,URI=\"sound/index.m3u8\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\n360p/index.m3u8\n",
		"/p/360p/index.m3u8":        "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:2,\n1.m4s\n#EXTINF:2,\n2.m4s\n#EXTINF:1,\n3.m4s\n#EXT-X-ENDLIST\n",
		"/p/sound/index.m3u8":       "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:5.1,\n1.m4s\n#EXT-X-ENDLIST\n",
		"/v1/videos/vid_1/timeline": `{"entries":[{"at":"2026-11-22T12:00:00Z","event":"created","state":"waiting"},{"at":"2026-11-22T12:00:09Z","event":"encode.done.v1","state":"ready"},{"at":"2026-11-22T12:00:08Z","state":"processing","task":{"number":1}}]}`,
	}
	for _, name := range []string{
		"360p/init.mp4", "360p/1.m4s", "360p/2.m4s", "360p/3.m4s", "sound/init.mp4", "sound/1.m4s",
	} {
		a.Files["/p/"+name] = "moof"
	}
	return client.Video{
		ID: "vid_1", State: client.Ready, Progress: client.Progress{TasksTotal: 2}, Media: &client.Media{Duration: 5},
		Playback: client.Playback{HLS: a.URL + "/p/master.m3u8"},
		Stages: []client.Stage{
			{Name: "upload", Ended: &uploaded}, {Name: "inspect"}, {Name: "publish", Ended: &ready},
		},
	}
}

const traceJSON = `{"started_at":"2026-11-22T12:00:00Z","complete":true,"hops":[
	{"service":"inspect","start_ms":1000,"wait_ms":900,"attempt":1},
	{"service":"encode","start_ms":5000,"ms":1000,"wait_ms":1500,"attempt":1},
	{"service":"encode","start_ms":4000,"ms":500,"wait_ms":250,"attempt":1},
	{"service":"encode","start_ms":8000,"wait_ms":60000,"attempt":2}]}`

func TestFetchDetailsCollectsTasksAndStateChanges(t *testing.T) {
	t.Parallel()
	a := fake.New(t)
	a.Videos = []client.Video{readyVideo(a)}
	a.Traces = []string{`{"complete":false,"hops":[]}`, traceJSON}
	c := client.New(a.URL, fake.Token)
	pauses := 0
	c.Sleep = func(context.Context, time.Duration) error { pauses++; return nil }
	o := videoOutcome{id: "vid_1"}
	if err := o.fetchDetails(t.Context(), c, atSecond(60), func() time.Time { return atSecond(10) }); err != nil {
		t.Fatal(err)
	}
	want := videoOutcome{
		id: "vid_1", state: "ready", uploaded: atSecond(2), ready: atSecond(9), planned: 2,
		tasks:   []taskTiming{{atSecond(3.5), atSecond(5), atSecond(6)}, {atSecond(3.75), atSecond(4), atSecond(4.5)}},
		changes: []StateChange{{"waiting", atSecond(0)}, {"ready", atSecond(9)}},
	}
	if diff := cmp.Diff(
		want, o, cmp.AllowUnexported(videoOutcome{}, plannedVideo{}, clip{}, taskTiming{}),
	); diff != "" || pauses != 1 || !o.firstTaskStart().Equal(atSecond(4)) {
		t.Errorf("after %d pauses (-want +got):\n%s", pauses, diff)
	}
}

// TestFetchDetailsStopsAtTraceTimeout checks that an incomplete trace is accepted once the time is up.
func TestFetchDetailsStopsAtTraceTimeout(t *testing.T) {
	t.Parallel()
	a := fake.New(t)
	a.Videos = []client.Video{readyVideo(a)}
	a.Traces = []string{`{"complete":false,"hops":[]}`}
	o := videoOutcome{id: "vid_1"}
	if err := o.fetchDetails(t.Context(), client.New(a.URL, fake.Token), atSecond(60), func() time.Time {
		return atSecond(61)
	}); err != nil || o.tasks != nil || !o.firstTaskStart().IsZero() {
		t.Errorf("error %v, tasks %v", err, o.tasks)
	}
}

func TestCheckPlaybackReportsMissingParts(t *testing.T) {
	t.Parallel()
	const media = "/p/360p/index.m3u8"
	for _, tt := range []struct {
		name, path, text, want string
	}{
		{"all there", "/p/more", "x", ""},
		{"no master", "/p/master.m3u8", "", "master.m3u8 answered 404"},
		{"no rendition", media, "", "index.m3u8 answered 404"},
		{"no segment", "/p/360p/2.m4s", "", "2.m4s answered 404"},
		{"no init segment", "/p/sound/init.mp4", "", "init.mp4 answered 404"},
		{
			"a segment is not listed", media, "#EXTM3U\n#EXTINF:2,\n1.m4s\n#EXTINF:1,\n3.m4s\n#EXT-X-ENDLIST\n",
			"has 3.00 of 5.00 s",
		},
		{"it grows", media, "#EXTM3U\n#EXTINF:5,\n1.m4s\n", "has no end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := fake.New(t)
			v := readyVideo(a)
			a.Files[tt.path] = tt.text
			if tt.text == "" {
				maps.DeleteFunc(a.Files, func(path, _ string) bool { return path == tt.path })
			}
			faults := checkPlayback(t.Context(), http.DefaultClient, v)
			if tt.want == "" && faults == nil {
				return
			}
			if !slices.ContainsFunc(faults, func(s string) bool {
				return strings.Contains(s, tt.want)
			}) || tt.want == "" {
				t.Errorf("faults %q, want %q", faults, tt.want)
			}
		})
	}
}
