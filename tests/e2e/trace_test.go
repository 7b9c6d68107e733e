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

	"sluice/shared/domain/access"
	"sluice/shared/domain/traceview"
	"sluice/shared/platform/telemetry/xray"
	"sluice/tests/client"
)

// tracedVideo is a video whose trace is read by its tenant.
type tracedVideo struct {
	deployment
	client *client.Client
	tenant string
	id     string
}

// waitForTrace returns the trace once is(trace) is true.
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

// countSpans returns the number of spans of each service, without repeated attempts.
func countSpans(spans []traceview.Span) map[string]int {
	n := map[string]int{}
	for _, s := range spans {
		if s.Attempt <= 1 {
			n[s.Service]++
		}
	}
	return n
}

func TestPromise11_EverySpanIsTraced(t *testing.T) {
	dep := openDeployment(t)
	v := tracedVideo{dep, dep.newTenantClient(t, "traced"), "traced", ""}
	made := uploadUntilReady(t, v.client, dep.footagePath("bigbuckbunny.mp4"))
	v.id = made.ID
	fall := v.waitForTrace(t, func(w traceview.Waterfall) bool { return w.Complete })
	tasks := made.Progress.TasksTotal
	want := map[string]int{"api": 2, "inspect": 1, "encode": tasks, "publish": 2 + tasks}
	if d := cmp.Diff(want, countSpans(fall.Spans)); d != "" {
		t.Errorf("spans (-want +got):\n%s", d)
	}
	share := coveredShare(fall)
	t.Logf("spans and waits cover %.1f %% of %.1f s", 100*share, fall.Duration/1e3)
	if share < 0.95 {
		t.Error("that is less than 95 %")
	}
	v.checkDocuments(t, len(fall.Spans))
	for _, s := range fall.Spans {
		if len(s.Steps) == 0 || s.Status != traceview.StatusOK ||
			s.Service == "encode" && !slices.ContainsFunc(s.Steps, isFFmpegStep) {
			t.Errorf("%s is %s, with the steps %v", s.Service, s.Status, s.Steps)
		}
	}
	if t.Failed() {
		t.Log(fall.DrawText(true, 0))
	}

	v.newCaller(t, v.tenant).sendRequest(t, http.StatusAccepted, "DELETE", "/v1/videos/"+v.id, "")
	want["api"], want["publish"], want["purge"] = 3, want["publish"]+2, 1 // the delete request, and one purge
	v.waitForTrace(t, func(w traceview.Waterfall) bool {
		return !w.HasRunning() && cmp.Equal(want, countSpans(w.Spans))
	})
}

// TestServiceMapShowsTraffic checks the rates on the edges of the map, which are computed from traces.
func TestServiceMapShowsTraffic(t *testing.T) {
	t.Parallel()
	d := openDeployment(t)
	uploadUntilReady(t, d.newTenantClient(t, "traffic"), d.footagePath("bigbuckbunny.mp4"))
	operator := d.newCaller(t, "traffic", access.ScopeOperator)
	d.waitUntil(t, func() bool {
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

// checkLinks checks that each span continues the trace of an earlier span or names it. Traces start with requests, and
// with S3 events, for which local clouds do not pass on the trace of the request.
func (v tracedVideo) checkLinks(t *testing.T, fall traceview.Waterfall) {
	t.Helper()
	known := map[string]bool{}
	for _, s := range fall.Spans {
		door := s.Queue == "" || s.Service == "inspect"
		if !door && !known[s.TraceID] && !known[s.UpstreamTraceID] {
			t.Errorf(
				"%s at %.0f ms continues no trace: trace %s, sender's trace %q", s.Service, s.Start, s.TraceID,
				s.UpstreamTraceID,
			)
		}
		known[s.TraceID] = true
	}
}

// coveredShare returns the share of the time from the first to the last span that is covered by spans, by waits in
// queues, and by the client's time between its first two requests.
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

// checkDocuments reads the segment documents of X-Ray. Each must name its video and tenant, and none may contain a
// secret.
func (v tracedVideo) checkDocuments(t *testing.T, shown int) {
	t.Helper()
	cfg := v.aws.Copy()
	cfg.BaseEndpoint = aws.String(v.env.XRay)
	now := time.Now()
	documents, more, err := xray.New(cfg).ReadDocuments(
		t.Context(), v.id, []traceview.TimeRange{{From: now.Add(-5 * time.Hour), To: now}},
	)
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
		for _, secret := range []string{
			"X-Amz-", "Bearer", "slc_", "bigbuckbunny", "t/" + v.tenant + "/", "working_directory", "/home", "/tmp",
		} {
			if strings.Contains(text, secret) {
				t.Errorf("%s contains %q: %s", doc.Name, secret, text)
			}
		}
		if doc.Annotations["service"] == "reconcile" {
			continue // publish signals that it has sent tasks; this invocation is not about a video
		}
		if doc.Name == doc.Annotations["service"] {
			seen[doc.ID] = true
		}
		// The SDK sends the subsegments of a large segment separately, without annotations.
		step := doc.Type == "subsegment" && doc.Annotations == nil
		if !step && (doc.Annotations["service"] == nil || doc.Annotations["video_id"] != v.id ||
			doc.Annotations["tenant"] != v.tenant) {
			t.Errorf("%s has the annotations %v", doc.Name, doc.Annotations)
		}
	}
	if len(seen) != shown {
		t.Errorf("%d spans were recorded and %d are shown", len(seen), shown)
	}
}

// TestPromise06_TraceIsVisibleOnlyToItsTenant reads the trace of another tenant's video.
func TestPromise06_TraceIsVisibleOnlyToItsTenant(t *testing.T) {
	t.Parallel()
	d := openDeployment(t)
	v := d.createVideo(t, "mine")
	if _, err := d.newTenantClient(t, "mine").GetTrace(t.Context(), v.ID); err != nil {
		t.Errorf("its own tenant: %v", err)
	}
	if _, err := d.newTenantClient(t, "theirs").GetTrace(t.Context(), v.ID); err == nil ||
		!strings.Contains(err.Error(), "404") {
		t.Errorf("another tenant: %v, want 404", err)
	}
}
