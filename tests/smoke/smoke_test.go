package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/tests/client"
	"sluice/tests/client/fake"
)

var updateGolden = flag.Bool("update", false, "write the golden file of testdata anew")

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// fakeAccount is an account with log lines. Messages are lost.
type fakeAccount struct {
	logs    map[string][]string // by service
	objects int
	sendErr error
	sent    []string
}

func (a *fakeAccount) SendToEncode(_ context.Context, body string) error {
	a.sent = append(a.sent, body)
	return a.sendErr
}

func (a *fakeAccount) ReadLogs(_ context.Context, service, phrase string, _ time.Time) (lines []string, _ error) {
	for _, line := range a.logs[service] {
		if strings.Contains(line, phrase) {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

func (a *fakeAccount) CountObjects(context.Context, string, string, string) (int, error) {
	return a.objects, nil
}

const (
	mediaPlaylist = "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:2,\n1.m4s\n#EXT-X-ENDLIST\n"
	wholeTrace    = `{"duration_ms":9000,"traces":4,"complete":true,"cost_usd":0.0004,"hops":[{"service":"api","status":"ok"},
{"service":"inspect","status":"ok"},{"service":"encode","status":"ok"},{"service":"publish","status":"ok"}]}`
	runName = "smoke at noon"
)

// newFakeRun returns a run against a deployment without any fault. Its time stands still, and no pause takes time; the
// thousandth pause is beyond every deadline.
func newFakeRun(t *testing.T) (*smoke, *fake.API, *fakeAccount, *strings.Builder) {
	t.Helper()
	a := fake.New(t)
	a.PartSize = 1 << 20
	video := client.Video{
		ID: "vid_1", State: "processing", Progress: client.Progress{Stage: "encode", TasksTotal: 2},
		Media: &client.Media{Duration: 2}, Playback: client.Playback{ID: "p", HLS: a.URL + "/p/master.m3u8"},
		Stages: []client.Stage{{Name: "upload", Seconds: 0.5}, {Name: "encode", Seconds: 4}},
	}
	ready := video
	ready.State = client.Ready
	a.Videos, a.Traces = []client.Video{video, ready}, []string{`{"hops":[]}`, wholeTrace}
	body, _ := json.Marshal("invalid on purpose: " + runName)
	deadLetter := `{"id":"l","service":"encode","state":"open","kind":"invalid","attempts":1,"filed_at":"2026-11-22T12:00:40Z","body":` +
		string(body) + `}`
	a.Files = map[string]string{
		"/v1/videos":         `{"videos":[{"id":"vid_1","title":"` + runName + ` clip.mp4"},{"id":"vid_0"}]}`,
		"/v1/dead-letters":   `{"letters":[` + strings.Replace(deadLetter, `,"body":`+string(body), "", 1) + `]}`,
		"/v1/dead-letters/l": deadLetter,
		"/p/master.m3u8":     "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,URI=\"audio/index.m3u8\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\n720p/index.m3u8\n",
		"/p/720p/index.m3u8": mediaPlaylist, "/p/720p/init.mp4": "i", "/p/720p/1.m4s": "s",
		"/p/audio/index.m3u8": mediaPlaylist, "/p/audio/init.mp4": "i", "/p/audio/1.m4s": "s",
	}
	account := &fakeAccount{logs: map[string][]string{
		"encode": {
			`{"timestamp":"2026-11-22T12:00:01Z","message":"ffmpeg ended","video":"vid_1","cpu_seconds":0.5,"seconds":0.6,"sandbox":"lambda"}`,
			`{"timestamp":"2026-11-22T12:00:01Z","message":"ffmpeg ended","video":"vid_1","cpu_seconds":5.5,"seconds":3.4,"sandbox":"lambda"}`,
			`{"timestamp":"2026-11-22T11:59:59Z","message":"invoked","startup_seconds":7}`,
			`{"timestamp":"2026-11-22T12:00:02Z","message":"invoked","startup_seconds":0.25}`,
			`{"time":"2026-11-22T12:00:02Z","type":"platform.report","record":{"metrics":{"durationMs":9,"initDurationMs":812.5}}}`,
			"vid_1 START of an emulator",
		},
		"remux": {
			`{"message":"original read","video":"vid_1","bytes":32000000,"seconds":0.5}`,
			`{"message":"original read","video":"vid_1","bytes":32000000,"seconds":0.4}`,
		},
		"api": {`{"timestamp":"2026-11-22T12:00:02Z","message":"answered","startup_seconds":0.125}`},
	}}
	pauses := 0
	api := client.New(a.URL, fake.Token)
	api.Sleep = func(ctx context.Context, _ time.Duration) error {
		if pauses++; pauses > 1000 {
			return context.DeadlineExceeded
		}
		return ctx.Err()
	}
	var out strings.Builder
	return &smoke{
		api: api, aws: account, tenant: "smoke", name: runName, began: noon, transfer: 100_000, memory: 3008, out: &out,
		progress: &strings.Builder{}, now: func() time.Time { return noon }, playbackIDs: map[string]string{},
	}, a, account, &out
}

func TestReportOfAPassedRun(t *testing.T) {
	t.Parallel()
	s, a, account, out := newFakeRun(t)
	if !s.runChecks(t.Context(), time.Minute) {
		t.Error("not passed")
	}
	report, costs, _ := strings.Cut(out.String(), "\n  1,000 minutes") // which depend on prices
	if *updateGolden {
		if err := os.WriteFile("testdata/report.golden", []byte(report), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/report.golden")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), report); diff != "" {
		t.Errorf("(-want +got; -update accepts it):\n%s", diff)
	}
	if strings.Count(costs, " 0.57 times as fast ") != 2 || !strings.HasSuffix(costs, "\n\npassed\n") {
		t.Errorf("costs%s", costs)
	}
	if diff := cmp.Diff([]string{"invalid on purpose: " + runName}, account.sent); diff != "" {
		t.Error(diff)
	}
	for request, want := range map[string]int{
		"DELETE /v1/videos/vid_1": 1, "DELETE /v1/videos/vid_0": 0, "POST /v1/dead-letters/l/discard": 1,
	} {
		if got := a.CountRequests(request); got != want {
			t.Errorf("%s: %d requests, want %d", request, got, want)
		}
	}
}

// Whatever fails, the report says what and what to do, the rest is checked, and what was made is removed.
func TestFailuresAreReportedWithAdvice(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil func(*smoke, *fake.API, *fakeAccount)
		want  []string
	}{
		"failed video": {
			func(_ *smoke, a *fake.API, _ *fakeAccount) {
				v := a.Videos[0]
				v.State, v.Error = client.Failed, &client.Failure{Code: "cage_unavailable", Message: "Later."}
				a.Videos = []client.Video{v}
			},
			[]string{
				"FAILED   upload       cage_unavailable: Later.", "docs/security.md", "skipped  playback",
				"ok       dead letter",
			},
		},
		"content type": {
			func(_ *smoke, a *fake.API, _ *fakeAccount) {
				a.Files["/p/master.m3u8"] = "#EXTM3U\n720p/index\n"
				a.Files["/p/720p/index"] = mediaPlaylist
			},
			[]string{
				"FAILED   playback", `the content type "text/plain", not ""`, "infra/cdn/key.sh", "ok       trace",
			},
		},
		"missing segment": {
			func(_ *smoke, a *fake.API, _ *fakeAccount) { delete(a.Files, "/p/audio/1.m4s") },
			[]string{"FAILED   playback", "a segment can't be played: (hidden) answered 404"},
		},
		"short rendition": {
			func(_ *smoke, a *fake.API, _ *fakeAccount) {
				a.Files["/p/720p/index.m3u8"] = strings.Replace(mediaPlaylist, ":2,", ":1,", 1)
			},
			[]string{"a rendition has 1.00 s of 2.00 s"},
		},
		"trace without encode": {
			func(_ *smoke, a *fake.API, _ *fakeAccount) {
				a.Traces = []string{strings.Replace(wholeTrace, `"encode"`, `"purge"`, 1)}
			},
			[]string{"FAILED   trace        the trace has 4 spans", "none of encode", "Transaction Search"},
		},
		"fault in the trace": {
			func(_ *smoke, a *fake.API, _ *fakeAccount) {
				a.Traces = []string{strings.Replace(wholeTrace, `"ok"}]`, `"fault"}]`, 1)}
			},
			[]string{"that of publish is fault"},
		},
		"no dead letter": {
			func(_ *smoke, a *fake.API, _ *fakeAccount) { a.Files["/v1/dead-letters"] = `{"letters":[]}` },
			[]string{
				"FAILED   dead letter", "Does reconcile run", "FAILED   removal      the invalid message was sent",
			},
		},
		"retried message": {
			func(_ *smoke, a *fake.API, _ *fakeAccount) {
				const path = "/v1/dead-letters/l"
				a.Files[path] = strings.Replace(a.Files[path], `"attempts":1`, `"attempts":5`, 1)
			},
			[]string{"FAILED   dead letter  the invalid message is invalid after 5 attempts"},
		},
		"message not sent": {
			func(_ *smoke, _ *fake.API, c *fakeAccount) {
				c.sendErr = errors.New("arn:aws:iam::123456789012:user/me may not")
			},
			[]string{"FAILED   dead letter  the failing message could not be sent: (hidden) may not"},
		},
		"objects left": {
			func(_ *smoke, _ *fake.API, c *fakeAccount) { c.objects = 3 },
			[]string{"FAILED   removal      3 objects of the deleted video vid_1 are left"},
		},
		"no logs": {
			func(_ *smoke, _ *fake.API, c *fakeAccount) { c.logs = nil },
			[]string{"measured       nothing: the log lines"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, a, account, out := newFakeRun(t)
			tt.spoil(s, a, account)
			if passed := s.runChecks(t.Context(), time.Minute); passed != (name == "no logs") {
				t.Errorf("passed: %t", passed)
			}
			for _, want := range tt.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
			if a.CountRequests("DELETE /v1/videos/vid_1") != 1 {
				t.Error("the video was not deleted")
			}
		})
	}
}

func TestInterruptedRunRemovesWhatItMade(t *testing.T) {
	t.Parallel()
	s, a, _, out := newFakeRun(t)
	ctx, interrupt := context.WithCancel(t.Context())
	s.api.Sleep = func(ctx context.Context, _ time.Duration) error { interrupt(); return ctx.Err() }
	a.Intercept = func(w http.ResponseWriter, r *http.Request, n int) bool {
		if r.URL.Path != "/v1/dead-letters" || n > 1 {
			return false
		}
		_, _ = io.WriteString(w, `{"letters":[]}`) // it is not there yet
		return true
	}
	if s.runChecks(ctx, time.Minute) {
		t.Error("passed")
	}
	if a.CountRequests("DELETE /v1/videos/vid_1") != 1 || a.CountRequests("POST /v1/dead-letters/l/discard") != 1 ||
		!strings.Contains(out.String(), "FAILED   upload       interrupted\n") ||
		!strings.Contains(out.String(), "ok       removal") || !strings.Contains(out.String(), "skipped  trace") {
		t.Errorf("reported\n%s", out)
	}
}

func TestTimeLimitNamesTheStage(t *testing.T) {
	t.Parallel()
	s, a, _, out := newFakeRun(t)
	a.Videos = a.Videos[:1]
	s.api.Sleep = func(ctx context.Context, _ time.Duration) error { <-ctx.Done(); return ctx.Err() }
	if s.runChecks(t.Context(), 200*time.Millisecond) {
		t.Error("passed")
	}
	if want := `FAILED   upload       the video is not ready when the time is up: it is "processing", at the stage "encode"`; !strings.Contains(out.String(), want) {
		t.Errorf("no %q in\n%s", want, out)
	}
}

func TestCommandRejectsInvalidFlags(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]struct {
		status int
		text   string
	}{
		"-help": {0, "Exit status"}, "-film": {2, "not defined"}, "now": {2, "-help explains"},
		"-transfer -1": {2, "at most"}, "-timeout 0": {2, "time limit"},
	} {
		var out, errs strings.Builder
		got := runCommand(t.Context(), strings.Fields(args), &out, &errs)
		if got != want.status || !strings.Contains(errs.String(), want.text) || out.Len() > 0 {
			t.Errorf("%s: %d %s", args, got, fmt.Sprint(&out, &errs))
		}
	}
}
