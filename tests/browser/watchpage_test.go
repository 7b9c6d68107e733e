package browser

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// requireBrowser returns the root of the repository, below which the scripts are installed. It skips the test if there
// is no browser.
func requireBrowser(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	if err := CheckAvailable(); err != nil {
		t.Skip(err)
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func servePages(t *testing.T, pages map[string]string) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServer(http.Dir("testdata")))
	for path, text := range pages {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Write([]byte(text))
		})
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestWatchPagePlaysToEnd(t *testing.T) {
	t.Parallel()
	root, picture := requireBrowser(t), filepath.Join(t.TempDir(), "last.png")
	got, err := PlayWatchPage(
		t.Context(), root, servePages(t, nil)+"/watch.html", WatchOptions{Rate: 2, Screenshot: picture},
	)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Ended || got.Duration < 2 || got.CurrentTime < 2 || got.Width != 160 || got.Height != 90 {
		t.Errorf("report %+v, want 2 s of 160×90 to the end", got)
	}
	if since := time.Since(time.UnixMilli(got.StartedAt)); since <= 0 || since > time.Minute {
		t.Errorf("began %v ago", since)
	}
	if got.Frames != 50 || got.AudioBytes == 0 {
		t.Errorf("decoded %d frames and %d bytes of sound, want 50 frames and some sound", got.Frames, got.AudioBytes)
	}
	if all := slices.Concat(got.Errors, got.ConsoleErrors, got.ForeignRequests); len(all) != 0 {
		t.Errorf("errors or requests elsewhere: %q", all)
	}
	if text, err := os.ReadFile(picture); err != nil || !strings.HasPrefix(string(text), "\x89PNG") {
		t.Errorf("no picture: %v", err)
	}
}

func TestWatchPageErrorNamesReason(t *testing.T) {
	t.Parallel()
	root := requireBrowser(t)
	elsewhere := servePages(t, nil)
	pages := servePages(t, map[string]string{
		"/none":  `<p>No player here.`,
		"/dead":  `<video id="player" src="/missing.mp4?signature=hush"></video>`,
		"/empty": `<video id="player"></video><img src="` + elsewhere + `/pixel.png?signature=hush">`,
	})
	for _, test := range []struct {
		name, path, want, outside string
	}{
		{"no page", "/missing", "the page answered 404", ""},
		{"no player", "/none", `the page has no <video id="player">`, ""},
		{"no file", "/dead", "media error 4", ""},
		{
			"nothing to play", "/empty", "the video has not ended in time: it is at 0.0 of 0.0 s",
			elsewhere + "/pixel.png",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := PlayWatchPage(t.Context(), root, pages+test.path, WatchOptions{Timeout: time.Second})
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hush") {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
			if test.outside != "" {
				if diff := cmp.Diff([]string{test.outside}, got.ForeignRequests); diff != "" {
					t.Errorf("requests elsewhere (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestRunScriptDecodesReport(t *testing.T) {
	t.Parallel()
	const report = `echo '{"duration":2.5,"ended":true,"stalls":1,"droppedFrames":3,"requestsOutsideOrigin":["a"]}'`
	want := WatchReport{Duration: 2.5, Ended: true, Stalls: 1, DroppedFrames: 3, ForeignRequests: []string{"a"}}
	for _, test := range []struct {
		name, script string
		want         WatchReport
		fails        string
	}{
		{"ended", report, want, ""},
		{"not ended", report + "; echo it stands still >&2; exit 1", want, "it stands still"},
		{"no reason", "exit 3", WatchReport{}, "exit status 3"},
		{"no report", "echo hello", WatchReport{}, "can't be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := runScript(exec.CommandContext(t.Context(), "sh", "-c", test.script))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
			if (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
				t.Errorf("error %v, want %q", err, test.fails)
			}
		})
	}
}

func TestRunScriptStopsWhenContextIsCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := runScript(exec.CommandContext(ctx, "sleep", "600"))
	if err == nil || !strings.Contains(err.Error(), "terminated") {
		t.Errorf("error %v, want the end by a signal", err)
	}
}

func TestCheckAvailableNamesMissingProgram(t *testing.T) {
	for _, test := range []struct {
		name     string
		programs map[string]string // on PATH, with what they print
		chromium string
		want     string
	}{
		{"nothing", nil, "", "there is no Chromium: install it"},
		{"no node", map[string]string{"chromium": ""}, "", "there is no node on PATH"},
		{"no npm", map[string]string{"google-chrome": "", "node": "v22.1.0"}, "", "there is no npm on PATH"},
		{
			"an old node", map[string]string{"chromium-browser": "", "node": "v18.19.1", "npm": ""}, "",
			"node is v18.19.1: install",
		},
		{
			"a wrong path", map[string]string{"chromium": ""}, "/nowhere/chrome",
			"CHROMIUM is /nowhere/chrome, which can't be run",
		},
		{"all", map[string]string{"chromium": "", "node": "v20.0.0", "npm": ""}, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := t.TempDir()
			for name, prints := range test.programs {
				script := "#!/bin/sh\necho " + prints + "\n"
				if err := os.WriteFile(filepath.Join(folder, name), []byte(script), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("PATH", folder)
			t.Setenv("CHROMIUM", test.chromium)
			err := CheckAvailable()
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func TestHashChangesWithFiles(t *testing.T) {
	t.Parallel()
	base := fstest.MapFS{"a": {Data: []byte("1")}, "b": {Data: []byte("2")}}
	same, err := hashFiles(fstest.MapFS{"b": {Data: []byte("2")}, "a": {Data: []byte("1")}})
	if want, _ := hashFiles(base); err != nil || same != want {
		t.Errorf("error %v, %s and %s of the same files", err, same, want)
	}
	for _, other := range []fstest.MapFS{
		{"a": {Data: []byte("12")}, "b": {Data: []byte("")}},
		{"a": {Data: []byte("1")}, "c": {Data: []byte("2")}},
	} {
		if got, _ := hashFiles(other); got == same {
			t.Errorf("other files have the same version %s", got)
		}
	}
}
