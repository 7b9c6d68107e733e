package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/localstack/cloud"
	"sluice/tests/cli"
	"sluice/tests/client"
	"sluice/tests/client/fake"
)

// newTestDemo returns a demo of a file with the given content that uses the API a, and its output.
func newTestDemo(t *testing.T, a *fake.API, content string) (demo, *bytes.Buffer) {
	t.Helper()
	root, out := t.TempDir(), &bytes.Buffer{}
	path := filepath.Join(root, "film.mp4")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return noon }
	return demo{
		videoPath: path, tenant: "demo", timeout: time.Minute, out: out, now: now,
		openDisplay: func() display { return newPlainDisplay(out, now) },
		findRoot:    func() (string, error) { return root, nil },
		openClient: func(context.Context) (*client.Client, error) {
			c := client.New(a.URL, fake.Token)
			c.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
			return c, nil
		},
	}, out
}

// serveScenario lets a return the documents of a scenario, with links to a itself.
func serveScenario(a *fake.API, scenario string) {
	a.Files = publishedFiles()
	for _, view := range scenarios()[scenario] {
		if view.Video != nil {
			v := *view.Video
			v.Playback = makePlayback(a)
			a.Videos = append(a.Videos, v)
		}
	}
}

func TestDemoPrintsProgressLinksAndTrace(t *testing.T) {
	t.Parallel()
	a := fake.New(t)
	serveScenario(a, "ready")
	const rest = `"video_id": "vid_1", "duration_ms": 100, "traces": 1, "hops": [{"service": "api", "ms": 100, "status": "ok", "steps": []}]}`
	a.Traces = []string{`{"complete": false, ` + rest, `{"complete": true, ` + rest}
	d, out := newTestDemo(t, a, "a film")
	if err := d.runDemo(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"sending " + d.videoPath + ", 6 B",
		"upload   started",
		"upload   done       0.0 s  6 B",
		"inspect  started",
		"inspect  done       0.3 s  1280×720, 25 fps, 5.3 s",
		"encode   started",
		"encode   done       4.1 s  3 renditions",
		"publish  started",
		"publish  done       0.1 s",
		"watch " + a.URL + "/p/public/p/master.m3u8",
		"page " + a.URL + "/watch/p",
		"studio " + a.URL + "/studio",
		"state ready",
		"upload 0.8 s",
		"inspect 0.3 s",
		"encode 4.1 s",
		"publish 0.1 s",
		"playable after 3.4 s",
		"total 5.3 s",
		"",
		"vid_1: 1 span in 1 trace, 100.0 ms, $0.00000",
		"       at       for",
		"   0.0 ms  100.0 ms │██████████████████████████████████████████████████│ api",
		"",
		"again make trace VIDEO=vid_1 TENANT=demo",
	}
	if diff := cmp.Diff(want, strings.Split(strings.TrimSpace(out.String()), "\n")); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
	if string(a.UploadedObject()) != "a film" {
		t.Errorf("uploaded %q", a.UploadedObject())
	}
}

// TestDemoSucceedsWithIncompleteTrace runs the demo without X-Ray, and with spans that never end.
func TestDemoSucceedsWithIncompleteTrace(t *testing.T) {
	t.Parallel()
	for want, traces := range map[string][]string{
		"the trace is not available": nil,
		"and there may be more to come": {
			`{"complete": false, "video_id": "vid_1", "hops": [{"service": "api", "status": "running"}]}`,
		},
	} {
		a := fake.New(t)
		serveScenario(a, "ready")
		a.Traces = traces
		d, out := newTestDemo(t, a, "a film")
		open := d.openClient
		d.openClient = func(ctx context.Context) (*client.Client, error) {
			c, err := open(ctx)
			slept := 0
			c.Sleep = func(context.Context, time.Duration) error {
				if slept++; slept > 20 {
					return context.DeadlineExceeded
				}
				return nil
			}
			return c, err
		}
		if err := d.runDemo(t.Context()); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%v, printed\n%s\nwithout %q", err, out, want)
		}
	}
}

func TestDemoReportsFailures(t *testing.T) {
	t.Parallel()
	down := errors.New("the local cloud is not running: make up deploy-local")
	for _, test := range []struct {
		name   string
		change func(*demo, *fake.API)
		want   string
	}{
		{"a video that is refused", func(_ *demo, a *fake.API) {
			a.Videos = nil
			serveScenario(a, "refused")
			a.Videos[len(a.Videos)-1].Error = &client.Failure{Code: "not_media", Message: "This is no video."}
		}, "failed not_media: This is no video."},
		{"a failure without a reason", func(_ *demo, a *fake.API) {
			a.Videos = []client.Video{{State: "failed"}}
		}, "failed failed: The API does not say why."},
		{"a link that is dead", func(_ *demo, a *fake.API) {
			delete(a.Files, "/bucket/00001.m4s")
		}, "error: a segment can't be played"},
		{"no such file", func(d *demo, _ *fake.API) { d.videoPath += "x" }, "film.mp4x: name a video, as in"},
		{"no footage", func(d *demo, _ *fake.API) {
			d.videoPath = ""
		}, "build/footage/bigbuckbunny.mp4: run make tools"},
		{"a folder", func(d *demo, _ *fake.API) {
			d.videoPath = filepath.Dir(d.videoPath)
		}, "is a folder, not a video"},
		{"a device", func(d *demo, _ *fake.API) { d.videoPath = os.DevNull }, "is no regular file"},
		{"an empty file", func(d *demo, _ *fake.API) { os.Truncate(d.videoPath, 0) },
			"error: create the upload: refused with 400 size_invalid: The size must be 1 byte or more."},
		{"no cloud", func(d *demo, _ *fake.API) {
			d.openClient = func(context.Context) (*client.Client, error) { return nil, down }
		}, "error: the local cloud is not running: make up deploy-local"},
		{"nobody listens", func(d *demo, a *fake.API) {
			open := d.openClient
			d.openClient = func(ctx context.Context) (*client.Client, error) {
				a.URL = "http://127.0.0.1:1"
				return open(ctx)
			}
		}, "start the local cloud with make up deploy-local"},
		{"no repository", func(d *demo, _ *fake.API) {
			d.findRoot = func() (string, error) { return "", down }
		}, "error: the local"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := fake.New(t)
			serveScenario(a, "ready")
			d, out := newTestDemo(t, a, "a film")
			test.change(&d, a)
			err := d.runDemo(t.Context())
			if err == nil || !strings.Contains(describeError(err), test.want) {
				t.Errorf("error %v, want a sentence with %q", err, test.want)
			}
			if strings.Contains(out.String(), "watch ") {
				t.Errorf("printed where to watch what can't be watched:\n%s", out)
			}
		})
	}
}

func TestDemoStopsAtTimeoutInterruptAndCloudEnd(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		limit time.Duration
		cause error
		want  string
	}{
		{
			"at its limit", time.Nanosecond, nil,
			"error: not ready after 1ns, the time limit: upload is running; -timeout sets another",
		},
		{"when interrupted", time.Hour, nil, "interrupted"},
		{"when the cloud ends", time.Hour, cloud.ErrEnded, "error: " + cloud.ErrEnded.Error()},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := fake.New(t)
			d, _ := newTestDemo(t, a, "a film")
			d.timeout = test.limit
			ctx, cancel := context.WithCancelCause(t.Context())
			a.Intercept = func(http.ResponseWriter, *http.Request, int) bool {
				cancel(test.cause)
				return false
			}
			if err := d.runDemo(ctx); err == nil || describeError(err) != test.want {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func TestUnreadableFileErrorNamesReason(t *testing.T) {
	t.Parallel()
	err := unusableFileError("film.mp4", 0, &fs.PathError{Op: "open", Path: "film.mp4", Err: syscall.EACCES})
	if got, want := describeError(err), "error: film.mp4 can't be read: permission denied"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestVideoFileIsCheckedBeforeSetup runs the script that `make demo` runs first.
func TestVideoFileIsCheckedBeforeSetup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good, empty := filepath.Join(dir, "a 'film' of $HOME.mp4"), filepath.Join(dir, "empty")
	for path, text := range map[string]string{good: "a film", empty: ""} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ name, path, want string }{
		{"none named", "", ""},
		{"a file", good, ""},
		{"no such file", good + "x", good + "x is not there: name a video, as in make demo VIDEO=film.mp4\n"},
		{"a folder", dir, dir + " is a folder, not a video: name a video, as in make demo VIDEO=film.mp4\n"},
		{"a device", os.DevNull, os.DevNull + " is no regular file: name a video, as in make demo VIDEO=film.mp4\n"},
		{"an empty file", empty, empty + " is empty: name a video, as in make demo VIDEO=film.mp4\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			out, err := exec.CommandContext(t.Context(), "./checkvideo.sh", test.path).CombinedOutput()
			if (err != nil) != (test.want != "") || string(out) != test.want {
				t.Errorf("error %v, printed %q, want %q", err, out, test.want)
			}
		})
	}
}

func TestExitStatus(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"help", []string{"-help"}, 0, "build/footage/bigbuckbunny.mp4"},
		{"no such flag", []string{"-film", "a"}, cli.ExitUsage, "flag provided but not defined: -film"},
		{"no flag", []string{"film.mp4"}, cli.ExitUsage, `"film.mp4" is no flag`},
		{"no film", []string{"-video", "nothing.mp4"}, cli.ExitFailed, "there is no file nothing.mp4"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var errs strings.Builder
			if got := runCommand(t.Context(), test.args, os.Stdout, &errs); got != test.status ||
				!strings.Contains(errs.String(), test.want) {
				t.Errorf("status %d and %q, want %d and %q", got, errs.String(), test.status, test.want)
			}
		})
	}
}
