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

// pageVisit is what the page did; see testdata/page.mjs.
type pageVisit struct {
	Said    []string
	Asked   []int // ms since the page was opened
	Played  bool
	Button  bool // can be seen at the end
	Pressed int  // how often the page had asked when its button was pressed; 0: it was not
	Grows   []bool
}

// statusEmptyPlaylist is the answer with the playlist of a video that failed after it was playable.
const statusEmptyPlaylist = 299

// openPage runs the page's script in Node.js; the playlist answers with each status, and with the last for ever.
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
		away       = "The server can’t be reached. Trying again…"
	)
	for _, row := range []struct {
		name     string
		statuses []int
		said     []string
		played   bool
	}{
		{"ready", []int{200}, []string{loading, ""}, true},
		{"not ready yet", []int{404, 404, 200}, []string{loading, processing, ""}, true},
		{"busy, then away, then ready", []int{503, 429, 0, 200}, []string{loading, busy, away, ""}, true},
		{"never ready", []int{404}, []string{loading, processing, nothing, loading, processing, nothing}, false},
		{"failed late", []int{statusEmptyPlaylist}, []string{loading, failed, loading, failed}, false},
		{"failed while somebody waited", []int{404, statusEmptyPlaylist}, []string{loading, processing, failed, loading, failed}, false},
		{"refused", []int{403}, []string{loading, "refused with 403", loading, "refused with 403"}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := openPage(t, row.statuses...)
			if d := cmp.Diff(row.said, got.Said); d != "" {
				t.Error(d)
			}
			if got.Played != row.played || got.Button == row.played {
				t.Errorf("played %v, button %v", got.Played, got.Button)
			}
		})
	}
}

// TestWatchPageShowsThatVideoIsStillProcessed: from its first playlist to the one that has an end.
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

// TestWatchPageBacksOffAndGivesUp: and gives up after five minutes, until somebody presses the button.
func TestWatchPageBacksOffAndGivesUp(t *testing.T) {
	t.Parallel()
	got := openPage(t, 404)
	if got.Pressed == 0 {
		t.Fatalf("asked %d times and did not give up", len(got.Asked))
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
		t.Errorf("asked %d times, and %d times after the button", len(first), len(again))
	}
}

// TestWatchPageRetriesThroughAnOutage: that a server is away says nothing about the video, however long.
func TestWatchPageRetriesThroughAnOutage(t *testing.T) {
	t.Parallel()
	long := append(slices.Repeat([]int{503}, 100), 404, 200)
	if got := openPage(t, long...); got.Pressed != 0 || !got.Played {
		t.Errorf("after an outage: %q", got.Said)
	}
	for _, status := range []int{0, 503} {
		if got := openPage(t, status); got.Pressed != 0 || got.Button || len(got.Asked) < 1000 {
			t.Errorf("%d: gave up after %d questions: %q", status, len(got.Asked), got.Said)
		}
	}
}
