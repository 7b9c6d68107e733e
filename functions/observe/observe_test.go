package observe_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/metric"
	"sluice/shared/domain/scaling"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/tests/apitest"
)

// segmentDocument returns the document of a hop that began some seconds after noon and lasted a second.
func segmentDocument(service, id string, after float64) string {
	start := float64(apitest.Noon.Unix()) + after
	return fmt.Sprintf(`{"trace_id": "1-6a000000-0123456789abcdef01234567", "id": "%s%g", "name": "%[1]s", "start_time": %[3]f, "end_time": %[4]f,
		"annotations": {"service": "%[1]s", "video_id": "%[5]s", "tenant": "acme"}, "metadata": {"default": {"queue": "sluice-%[1]s", "attempt": 1, "wait_ms": 20}},
		"subsegments": [{"id": "s%[2]g", "name": "S3", "start_time": %[3]f, "end_time": %[4]f, "aws": {"operation": "PutObject", "bucket_name": "secret"}}]}`,
		service, after, start, start+1, id)
}

func TestShowTraceReturnsSpansOfVideo(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	u, _ := w.CreateUpload(t, apitest.Acme)
	w.XRay.Segments = []string{segmentDocument("api", u.Video, 0), segmentDocument("encode", u.Video, 2), segmentDocument("encode", "vid_of_a_rival", 3), "{"}
	path := "/v1/videos/" + u.Video + "/trace"
	got := w.DoRequest(t, apitest.Reader, "GET", path, "")
	if got.Status != 200 || got.JSON["video_id"] != u.Video || got.JSON["traces"] != 1.0 || got.JSON["complete"] != false {
		t.Fatalf("%d %s", got.Status, got.Text)
	}
	spans, _ := got.JSON["hops"].([]any)
	if len(spans) != 2 {
		t.Fatalf("spans %v", spans)
	}
	want := map[string]any{
		"service": "encode", "start_ms": 2020.0, "ms": 1000.0, "wait_ms": 20.0, "queue": "sluice-encode", "attempt": 1.0, "status": "ok",
		"cold_start": false, "trace_id": "1-6a000000-0123456789abcdef01234567",
		"steps": []any{map[string]any{"name": "S3 PutObject", "start_ms": 2020.0, "ms": 1000.0, "status": "ok", "steps": []any{}}},
	}
	if d := cmp.Diff(want, spans[1]); d != "" {
		t.Errorf("hop (-want +got):\n%s", d)
	}
	least := 3008. / 1024 * metric.ARMDollars // a second of encode; of api there is one as well, and a little for disks
	if cost, _ := got.JSON["cost_usd"].(float64); cost < least || cost > 1.5*least {
		t.Errorf("costs %v, not some %v", cost, least)
	}
	if len(w.XRay.TimeRanges) != 1 || !w.XRay.TimeRanges[0].From.Before(apitest.Noon) || w.XRay.TimeRanges[0].To.Before(apitest.Noon) {
		t.Errorf("asked for %v", w.XRay.TimeRanges)
	}
	for c, status := range map[apitest.Caller]int{apitest.Rival: 404, apitest.Writer: 403, apitest.OperatorToken: 403, apitest.Nobody: 401} {
		if got := w.DoRequest(t, c, "GET", path, ""); got.Status != status {
			t.Errorf("%v: %d %s", c, got.Status, got.Text)
		}
	}
	w.XRay.Err = errs.E("xray", errs.Transient, errors.New("not now"))
	if got := w.DoRequest(t, apitest.Reader, "GET", path, ""); got.Status < 500 {
		t.Errorf("without X-Ray: %d %s", got.Status, got.Text)
	}
}

// A trace is complete when the video is at its end and all that has led there was found.
func TestTraceIsCompleteOnlyWhenAllSpansAreFound(t *testing.T) {
	t.Parallel()
	const none = -1.
	for _, row := range []struct {
		name  string
		state video.State
		last  float64 // hop, seconds after noon
		more  bool
		want  bool
	}{
		{"ready", video.Ready, 5, false, true},
		{"nothing is found yet", video.Ready, none, false, false},
		{"the last hop is not found yet", video.Ready, 1, false, false},
		{"not all are read", video.Ready, 5, true, false},
		{"still at work", video.Processing, 5, false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := apitest.New(t)
			u, _ := w.CreateUpload(t, apitest.Acme)
			v, err := w.Store.LoadVideo(t.Context(), "acme", u.Video)
			if err != nil {
				t.Fatal(err)
			}
			v.State, v.Version = row.state, v.Version+1
			if err := w.Store.SaveVideo(t.Context(), v, v.NewTimelineEntry("test", apitest.Noon.Add(5*time.Second))); err != nil {
				t.Fatal(err)
			}
			w.Now = func() time.Time { return apitest.Noon.Add(time.Minute) }
			w.XRay.Segments, w.XRay.More = []string{segmentDocument("api", u.Video, 0), segmentDocument("publish", u.Video, row.last)}, row.more
			if row.last == none {
				w.XRay.Segments = nil
			}
			if got := w.DoRequest(t, apitest.Reader, "GET", "/v1/videos/"+u.Video+"/trace", ""); got.JSON["complete"] != row.want {
				t.Errorf("%d %s", got.Status, got.Text)
			}
		})
	}
}

// Answers must fit Lambda's 6 MB: of very many spans only these are shown.
func TestTraceOfManySpansOmitsSteps(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	u, _ := w.CreateUpload(t, apitest.Acme)
	for i := range 1500 {
		w.XRay.Segments = append(w.XRay.Segments, segmentDocument("encode", u.Video, float64(i)))
	}
	got := w.DoRequest(t, apitest.Reader, "GET", "/v1/videos/"+u.Video+"/trace", "")
	spans, _ := got.JSON["hops"].([]any)
	if got.Status != 200 || len(spans) != 1500 || len(spans[0].(map[string]any)["steps"].([]any)) != 0 {
		t.Errorf("%d, %d spans", got.Status, len(spans))
	}
}

func TestShowMapReturnsServicesAndQueues(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	w.XRay.Depths["encode"] = [2]int{3, 2}
	if err := w.Store.CreateDeadLetter(t.Context(), video.DeadLetter{ID: video.DeadLetterID("encode", "m", apitest.Noon), Service: "encode", Sent: apitest.Noon, Created: apitest.Noon, State: video.DeadLetterOpen}); err != nil {
		t.Fatal(err)
	}
	decided := scaling.State{Version: 1, Queues: []scaling.QueueState{
		{Ceiling: scaling.Ceiling{Name: "encode", Workers: 7, Wanted: 5, Reason: scaling.ReasonEnough}, Reading: scaling.Reading{OldestAge: 90}},
		{Ceiling: scaling.Ceiling{Name: "encode-bulk", Workers: 2}, Reading: scaling.Reading{OldestAge: 60}},
	}}
	if err := w.Store.SaveScalingState(t.Context(), decided); err != nil {
		t.Fatal(err)
	}
	got := w.DoRequest(t, apitest.OperatorToken, "GET", "/v1/map", "")
	if got.Status != 200 {
		t.Fatalf("%d %s", got.Status, got.Text)
	}
	shown := map[string]map[string]any{}
	for _, s := range got.JSON["services"].([]any) {
		s := s.(map[string]any)
		shown[s["name"].(string)] = s
	}
	for _, s := range services.Map {
		if len(shown[s.Name]["routes"].([]any)) != len(s.Routes) {
			t.Errorf("%s is shown as %v", s.Name, shown[s.Name])
		}
	}
	if d := cmp.Diff([]any{"routes", "inbox"}, shown["api"]["doors"]); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]any{"clock"}, shown["reconcile"]["doors"]); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]any{
		map[string]any{"name": "encode", "lane": "interactive", "waiting": 3.0, "in_flight": 2.0, "oldest_s": 90.0, "dead": 1.0, "ceiling": 7.0, "wanted": 5.0, "reason": "enough to keep its promise"},
		map[string]any{"name": "encode-bulk", "lane": "bulk", "waiting": 0.0, "in_flight": 0.0, "ceiling": 2.0, "wanted": 0.0},
	}, shown["encode"]["queues"]); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]any{map[string]any{"name": "fetch", "lane": "bulk", "dead": 0.0}}, shown["fetch"]["queues"]); d != "" {
		t.Errorf("a queue that can't be read: %s", d)
	}
	if n := len(got.JSON["edges"].([]any)); n != len(services.ListEdges()) {
		t.Errorf("%d edges", n)
	}
	for c, status := range map[apitest.Caller]int{apitest.Reader: 403, apitest.Nobody: 401} {
		if got := w.DoRequest(t, c, "GET", "/v1/map", ""); got.Status != status {
			t.Errorf("%v: %d %s", c, got.Status, got.Text)
		}
	}
}

// messageDocument is the document of a hop that took an event some seconds after noon.
func messageDocument(service, event string, after float64) string {
	return fmt.Sprintf(`{"trace_id": "1-6a000000-0123456789abcdef01234567", "id": "%s%g", "name": "%[1]s", "start_time": %[3]f, "end_time": %[3]f,
		"annotations": {"service": "%[1]s"}, "metadata": {"default": {"type": "%[4]s"}}}`, service, after, float64(apitest.Noon.Unix())+after, event)
}

// edgeRates returns what goes over the edges of the map, by their ends.
func edgeRates(t *testing.T, w *apitest.Fixture) map[string]any {
	t.Helper()
	got := w.DoRequest(t, apitest.OperatorToken, "GET", "/v1/map", "")
	if got.Status != 200 {
		t.Fatalf("%d %s", got.Status, got.Text)
	}
	all := map[string]any{}
	for _, e := range got.JSON["edges"].([]any) {
		e := e.(map[string]any)
		all[fmt.Sprint(e["from"], ">", e["to"])] = e["per_minute"]
	}
	return all
}

func TestMapShowsCallsPerMinute(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	w.Observer.Now = func() time.Time { return apitest.Noon.Add(time.Hour) }
	const now = 3590
	w.XRay.Segments = []string{
		messageDocument("encode", "encode.requested.v1", now), messageDocument("encode", "encode.requested.v1", now-1), messageDocument("encode", "encode.requested.v1", now-100),
		messageDocument("fetch", "fetch.requested.v1", now), messageDocument("inspect", "s3.object-created.v1", now), segmentDocument("api", "vid_1", now), "{",
	}
	got := edgeRates(t, w) // half of the traces were read
	for edge, want := range map[string]any{
		"publish>encode": 4.0, "api>fetch": 2.0, "publish>fetch": 0.0, "s3>inspect": 2.0, "gateway>api": 2.0, "clock>reconcile": 0.0, "publish>topic": nil,
	} {
		if n, there := got[edge]; n != want || !there {
			t.Errorf("%s: %v, want %v", edge, n, want)
		}
	}
	if edgeRates(t, w); w.XRay.RecentCalls != 1 {
		t.Errorf("%d looks within a quarter of a minute", w.XRay.RecentCalls)
	}
	w.Observer.Now = func() time.Time { return apitest.Noon.Add(2 * time.Hour) }
	w.XRay.Err = errors.New("throttled")
	if got := edgeRates(t, w); got["publish>encode"] != nil {
		t.Errorf("what can't be read is shown as %v", got)
	}
}

// X-Ray may answer late, or only after many pages of other people's traces.
func TestMapIsReturnedWhenXRayHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := apitest.New(t)
		w.XRay.Hangs = true
		began := time.Now()
		if got := edgeRates(t, w); got["publish>encode"] != nil {
			t.Errorf("traffic %v", got)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
