//go:build integration

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/traceview"
	"sluice/shared/domain/video"
	"sluice/shared/platform/telemetry/xray"
	"sluice/tests/client"
)

// tracedVideo is a video and its way, as its tenant is told of it.
type tracedVideo struct {
	deployment
	client *client.Client
	tenant string
	id     string
}

// waitForTrace returns the video's way once it is as it should be.
func (v tracedVideo) waitForTrace(t *testing.T, is func(traceview.Waterfall) bool) traceview.Waterfall {
	t.Helper()
	for end := time.Now().Add(waitLimit); ; {
		text, err := v.client.GetTrace(t.Context(), v.id)
		if err != nil {
			t.Fatal(err)
		}
		var w traceview.Waterfall
		if err := json.Unmarshal(text, &w); err != nil {
			t.Fatal(err)
		}
		switch {
		case is(w):
			v.checkLinks(t, w)
			return w
		case time.Now().After(end):
			t.Fatalf("not so after %v:\n%s", waitLimit, w.DrawText(true, 0))
		}
		if err := v.client.Sleep(t.Context(), 200*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
}

// countSpans returns how many hops each service has, repeated attempts left out.
func countSpans(spans []traceview.Span) map[string]int {
	n := map[string]int{}
	for _, h := range spans {
		if h.Attempt <= 1 {
			n[h.Service]++
		}
	}
	return n
}

func TestPromise11_EverySpanIsTraced(t *testing.T) {
	w := openDeployment(t)
	v := tracedVideo{w, w.newTenantClient(t, "traced"), "traced", ""}
	made := uploadUntilReady(t, v.client, w.footagePath("bigbuckbunny.mp4"))
	v.id = made.ID
	fall := v.waitForTrace(t, func(w traceview.Waterfall) bool { return w.Complete })
	tasks := made.Progress.TasksTotal
	want := map[string]int{"api": 2, "inspect": 1, "encode": tasks, "publish": 2 + tasks}
	if d := cmp.Diff(want, countSpans(fall.Spans)); d != "" {
		t.Errorf("hops (-want +got):\n%s", d)
	}
	share := coveredShare(fall)
	t.Logf("hops and waits cover %.1f %% of %.1f s", 100*share, fall.Duration/1e3)
	if share < 0.95 {
		t.Error("that is too little")
	}
	v.checkDocuments(t, len(fall.Spans))
	for _, h := range fall.Spans {
		if len(h.Steps) == 0 || h.Status != traceview.StatusOK || h.Service == "encode" && !slices.ContainsFunc(h.Steps, isFFmpegStep) {
			t.Errorf("%s is %s, with the steps %v", h.Service, h.Status, h.Steps)
		}
	}
	if t.Failed() {
		t.Log(fall.DrawText(true, 0))
	}

	v.newCaller(t, v.tenant).sendRequest(t, http.StatusAccepted, "DELETE", "/v1/videos/"+v.id, "")
	want["api"], want["publish"], want["purge"] = 3, want["publish"]+2, 1 // deletion is asked for, and has been swept once
	v.waitForTrace(t, func(w traceview.Waterfall) bool { return !w.HasRunning() && cmp.Equal(want, countSpans(w.Spans)) })
}

// The map shows what goes over its edges, by the traces.
func TestServiceMapShowsTraffic(t *testing.T) {
	t.Parallel()
	w := openDeployment(t)
	uploadUntilReady(t, w.newTenantClient(t, "traffic"), w.footagePath("bigbuckbunny.mp4"))
	operator := w.newCaller(t, "traffic", video.ScopeOperator)
	w.waitUntil(t, func() bool {
		got, _ := operator.sendRequest(t, http.StatusOK, "GET", "/v1/map", "")
		busy := map[string]bool{}
		for _, e := range got["edges"].([]any) {
			e := e.(map[string]any)
			rate, _ := e["per_minute"].(float64)
			busy[fmt.Sprint(e["from"], " to ", e["to"])] = rate > 0
		}
		return busy["publish to encode"] && busy["encode to publish"] && busy["s3 to inspect"]
	})
}

func isFFmpegStep(s traceview.Step) bool { return s.Name == "ffmpeg" }

// checkLinks checks that each hop continues a trace that an earlier hop is in, or names it. New ones begin at the doors: with
// requests, and with what S3 says, to which local clouds give no trace of the request that has made the object.
func (v tracedVideo) checkLinks(t *testing.T, fall traceview.Waterfall) {
	t.Helper()
	known := map[string]bool{}
	for _, h := range fall.Spans {
		door := h.Queue == "" || h.Service == "inspect"
		if !door && !known[h.TraceID] && !known[h.UpstreamTraceID] {
			t.Errorf("%s at %.0f ms comes from nowhere: trace %s, sender's %q", h.Service, h.Start, h.TraceID, h.UpstreamTraceID)
		}
		known[h.TraceID] = true
	}
}

// coveredShare returns how much of the time from the first hop to the end of the last is a hop, a wait in a queue, or the
// client's: what lies between its first two requests.
func coveredShare(fall traceview.Waterfall) float64 {
	type span struct{ from, to float64 }
	var spans []span
	for _, h := range fall.Spans {
		spans = append(spans, span{h.Start - h.Wait, h.Start + h.Duration})
	}
	if len(fall.Spans) > 1 {
		spans = append(spans, span{fall.Spans[0].Start, fall.Spans[1].Start})
	}
	slices.SortFunc(spans, func(a, b span) int { return int(1e3 * (a.from - b.from)) })
	sum, until := 0.0, 0.0
	for _, s := range spans {
		sum += max(0, s.to-max(s.from, until))
		until = max(until, s.to)
	}
	return sum / fall.Duration
}

// checkDocuments reads what was recorded as X-Ray has it: each hop says whose it is, and nothing is secret.
func (v tracedVideo) checkDocuments(t *testing.T, shown int) {
	t.Helper()
	cfg := v.aws.Copy()
	cfg.BaseEndpoint = aws.String(v.env.XRay)
	now := time.Now()
	documents, more, err := xray.New(cfg).ReadDocuments(t.Context(), v.id, []traceview.TimeRange{{From: now.Add(-5 * time.Hour), To: now}})
	if err != nil || more {
		t.Fatalf("more %v, %v", more, err)
	}
	seen := map[string]bool{}
	for _, text := range documents {
		var doc struct {
			ID, Name, Type string
			Annotations    map[string]any
		}
		if err := json.Unmarshal([]byte(text), &doc); err != nil {
			t.Fatal(err)
		}
		if doc.Name == doc.Annotations["service"] {
			seen[doc.ID] = true
		}
		// Of a hop with many steps the SDK sends these apart: they have what their hop has.
		step := doc.Type == "subsegment" && doc.Annotations == nil
		if !step && (doc.Annotations["service"] == nil || doc.Annotations["video_id"] != v.id || doc.Annotations["tenant"] != v.tenant) {
			t.Errorf("%s has the annotations %v", doc.Name, doc.Annotations)
		}
		for _, secret := range []string{"X-Amz-", "Bearer", "slc_", "bigbuckbunny", "t/" + v.tenant + "/", "working_directory", "/home", "/tmp"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s tells of %q: %s", doc.Name, secret, text)
			}
		}
	}
	if len(seen) != shown {
		t.Errorf("%d hops were recorded, and %d shown", len(seen), shown)
	}
}

// A video of another tenant has no trace, as it has nothing.
func TestPromise06_TraceIsVisibleOnlyToItsTenant(t *testing.T) {
	t.Parallel()
	w := openDeployment(t)
	v := w.createVideo(t, "mine")
	if _, err := w.newTenantClient(t, "mine").GetTrace(t.Context(), v.ID); err != nil {
		t.Errorf("its own tenant: %v", err)
	}
	if _, err := w.newTenantClient(t, "theirs").GetTrace(t.Context(), v.ID); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("another tenant: %v, want 404", err)
	}
}
