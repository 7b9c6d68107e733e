package play_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pageVisit records what the page did: see testdata/page.mjs.
type pageVisit struct {
	Said    []string // messages, in order
	Asked   []int    // times of requests of the playlist, in ms since the page was opened
	Played  bool
	Button  bool // visible at the end
	Pressed int  // number of requests when the button was pressed; 0: it was not pressed
	Grows   []bool
}

// statusEmptyPlaylist stands for a response with the playlist of a video that failed after it was playable.
const statusEmptyPlaylist = 299

// openPage runs the page's script in Node.js. Requests of the playlist get one status after the other, then always the
// last.
func openPage(tb testing.TB, statuses ...int) pageVisit {
	tb.Helper()
	return openPageWith(tb, map[string]any{"answers": statuses})
}

func openPageWith(tb testing.TB, in map[string]any) pageVisit {
	tb.Helper()
	code, err := os.ReadFile("web/watch.js")
	if err != nil {
		tb.Fatal(err)
	}
	in["code"] = string(code)
	text, err := json.Marshal(in)
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.CommandContext(tb.Context(), "node", "testdata/page.mjs")
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(text), &stderr
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("node: %v\n%s", err, &stderr)
	}
	var v pageVisit
	if err := json.Unmarshal(out, &v); err != nil {
		tb.Fatalf("%v: %s", err, out)
	}
	return v
}

func TestWatchPageWaitsUntilVideoIsReady(t *testing.T) {
	t.Parallel()
	const (
		loading    = "Loading…"
		processing = "This video is still being processed. It will be here as soon as it can be watched."
		nothing    = "There is no such video, or it failed, or it takes longer than usual."
		failed     = "This video could not be processed to its end."
		busy       = "The server is busy. Trying again…"
		offline    = "The server can’t be reached. Trying again…"
	)
	for _, row := range []struct {
		name     string
		statuses []int
		messages []string
		played   bool
	}{
		{"ready", []int{200}, []string{loading, ""}, true},
		{"not ready yet", []int{404, 404, 200}, []string{loading, processing, ""}, true},
		{"busy, then unreachable, then ready", []int{503, 429, 0, 200}, []string{loading, busy, offline, ""}, true},
		{"never ready", []int{404}, []string{loading, processing, nothing, loading, processing, nothing}, false},
		{"failed after it was playable", []int{statusEmptyPlaylist}, []string{loading, failed, loading, failed}, false},
		{
			"failed while the page waited", []int{404, statusEmptyPlaylist},
			[]string{loading, processing, failed, loading, failed}, false,
		},
		{"refused", []int{403}, []string{loading, "refused with 403", loading, "refused with 403"}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := openPage(t, row.statuses...)
			if d := cmp.Diff(row.messages, got.Said); d != "" {
				t.Error(d)
			}
			if got.Played != row.played || got.Button == row.played {
				t.Errorf("played %v, button %v", got.Played, got.Button)
			}
		})
	}
}

// The page says so from the first playlist to the one that has an end.
func TestWatchPageShowsThatVideoIsStillProcessed(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name        string
		live, grows []bool
	}{
		{"whole", []bool{false}, []bool{}},
		{"growing", []bool{true, true, false}, []bool{true, false}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := openPageWith(t, map[string]any{"answers": []int{200}, "live": row.live})
			if d := cmp.Diff(row.grows, got.Grows); d != "" || !got.Played {
				t.Errorf("played %v: %s", got.Played, d)
			}
		})
	}
}

// The page gives up after five minutes, until the button is pressed.
func TestWatchPageBacksOffAndGivesUp(t *testing.T) {
	t.Parallel()
	got := openPage(t, 404)
	if got.Pressed == 0 {
		t.Fatalf("%d requests, and it did not give up", len(got.Asked))
	}
	first, again := got.Asked[:got.Pressed], got.Asked[got.Pressed:]
	var pauses []int
	for i := range first[1:] {
		pauses = append(pauses, first[i+1]-first[i])
	}
	if pauses[0] != 2000 || slices.Max(pauses) != 15000 || !slices.IsSorted(pauses) {
		t.Errorf("pauses of %v ms", pauses)
	}
	if end := first[len(first)-1]; end < 5*60*1000 || end >= 5*60*1000+15000 {
		t.Errorf("gave up after %d ms", end)
	}
	if len(again) != len(first) {
		t.Errorf("%d requests, and %d after the button was pressed", len(first), len(again))
	}
}

func TestWatchPageRetriesThroughAnOutage(t *testing.T) {
	t.Parallel()
	long := append(slices.Repeat([]int{503}, 100), 404, 200)
	if got := openPage(t, long...); got.Pressed != 0 || !got.Played {
		t.Errorf("after an outage: %q", got.Said)
	}
	for _, status := range []int{0, 503} {
		if got := openPage(t, status); got.Pressed != 0 || got.Button || len(got.Asked) < 1000 {
			t.Errorf("%d: gave up after %d requests: %q", status, len(got.Asked), got.Said)
		}
	}
}
