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

// segmentDocument returns the document of a span that began some seconds after noon and lasted a second.
func segmentDocument(service, id string, after float64) string {
	start := float64(apitest.Noon.Unix()) + after
	return fmt.Sprintf(
		`{"trace_id": "1-6a000000-0123456789abcdef01234567", "id": "%s%g", "name": "%[1]s", "start_time": %[3]f, "end_time": %[4]f,
		"annotations": {"service": "%[1]s", "video_id": "%[5]s", "tenant": "acme"}, "metadata": {"default": {"queue": "sluice-%[1]s", "attempt": 1, "wait_ms": 20}},
		"subsegments": [{"id": "s%[2]g", "name": "S3", "start_time": %[3]f, "end_time": %[4]f, "aws": {"operation": "PutObject", "bucket_name": "secret"}}]}`,
		service, after, start, start+1, id,
	)
}

func TestShowTraceReturnsSpansOfVideo(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	u, _ := fx.CreateUpload(t, apitest.Acme)
	fx.XRay.Segments = []string{
		segmentDocument("api", u.Video, 0), segmentDocument("encode", u.Video, 2),
		segmentDocument("encode", "vid_of_a_rival", 3), "{",
	}
	path := "/v1/videos/" + u.Video + "/trace"
	got := fx.DoRequest(t, apitest.Reader, "GET", path, "")
	if got.Status != 200 || got.JSON["video_id"] != u.Video || got.JSON["traces"] != 1.0 ||
		got.JSON["complete"] != false {
		t.Fatalf("%d %s", got.Status, got.Text)
	}
	spans, _ := got.JSON["hops"].([]any)
	if len(spans) != 2 {
		t.Fatalf("spans %v", spans)
	}
	want := map[string]any{
		"service": "encode", "start_ms": 2020.0, "ms": 1000.0, "wait_ms": 20.0, "queue": "sluice-encode",
		"attempt": 1.0, "status": "ok",
		"cold_start": false, "trace_id": "1-6a000000-0123456789abcdef01234567",
		"steps": []any{map[string]any{
			"name": "S3 PutObject", "start_ms": 2020.0, "ms": 1000.0, "status": "ok", "steps": []any{},
		}},
	}
	if d := cmp.Diff(want, spans[1]); d != "" {
		t.Errorf("span (-want +got):\n%s", d)
	}
	least := 3008. / 1024 * metric.ARMDollars // one second of encode; a second of api and the disks cost less
	if cost, _ := got.JSON["cost_usd"].(float64); cost < least || cost > 1.5*least {
		t.Errorf("cost %v, want about %v", cost, least)
	}
	if len(fx.XRay.TimeRanges) != 1 || !fx.XRay.TimeRanges[0].From.Before(apitest.Noon) ||
		fx.XRay.TimeRanges[0].To.Before(apitest.Noon) {
		t.Errorf("time ranges %v", fx.XRay.TimeRanges)
	}
	for c, status := range map[apitest.Caller]int{
		apitest.Rival: 404, apitest.Writer: 403, apitest.OperatorToken: 403, apitest.Nobody: 401,
	} {
		if got := fx.DoRequest(t, c, "GET", path, ""); got.Status != status {
			t.Errorf("%v: %d %s", c, got.Status, got.Text)
		}
	}
	fx.XRay.Err = errs.E("xray", errs.Transient, errors.New("not now"))
	if got := fx.DoRequest(t, apitest.Reader, "GET", path, ""); got.Status < 500 {
		t.Errorf("without X-Ray: %d %s", got.Status, got.Text)
	}
}

// A trace is complete when the video is in a final state and all spans up to it are found.
func TestTraceIsCompleteOnlyWhenAllSpansAreFound(t *testing.T) {
	t.Parallel()
	const none = -1.
	for _, row := range []struct {
		name  string
		state video.State
		last  float64 // span, seconds after noon
		more  bool
		want  bool
	}{
		{"ready", video.Ready, 5, false, true},
		{"no span is found yet", video.Ready, none, false, false},
		{"the last span is not found yet", video.Ready, 1, false, false},
		{"not all traces are read", video.Ready, 5, true, false},
		{"still processed", video.Processing, 5, false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			fx := apitest.New(t)
			u, _ := fx.CreateUpload(t, apitest.Acme)
			v, err := fx.Store.LoadVideo(t.Context(), "acme", u.Video)
			if err != nil {
				t.Fatal(err)
			}
			v.State, v.Version = row.state, v.Version+1
			if err := fx.Store.SaveVideo(
				t.Context(), v, v.NewTimelineEntry("test", apitest.Noon.Add(5*time.Second)),
			); err != nil {
				t.Fatal(err)
			}
			fx.Now = func() time.Time { return apitest.Noon.Add(time.Minute) }
			fx.XRay.Segments, fx.XRay.More = []string{
				segmentDocument("api", u.Video, 0), segmentDocument("publish", u.Video, row.last),
			}, row.more
			if row.last == none {
				fx.XRay.Segments = nil
			}
			if got := fx.DoRequest(
				t, apitest.Reader, "GET", "/v1/videos/"+u.Video+"/trace", "",
			); got.JSON["complete"] != row.want {
				t.Errorf("%d %s", got.Status, got.Text)
			}
		})
	}
}

// Lambda's responses are limited to 6 MB.
func TestTraceOfManySpansOmitsSteps(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	u, _ := fx.CreateUpload(t, apitest.Acme)
	for i := range 1500 {
		fx.XRay.Segments = append(fx.XRay.Segments, segmentDocument("encode", u.Video, float64(i)))
	}
	got := fx.DoRequest(t, apitest.Reader, "GET", "/v1/videos/"+u.Video+"/trace", "")
	spans, _ := got.JSON["hops"].([]any)
	if got.Status != 200 || len(spans) != 1500 || len(spans[0].(map[string]any)["steps"].([]any)) != 0 {
		t.Errorf("%d, %d spans", got.Status, len(spans))
	}
}

func TestShowMapReturnsServicesAndQueues(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	fx.XRay.Depths["encode"] = [2]int{3, 2}
	if err := fx.Store.CreateDeadLetter(
		t.Context(),
		video.DeadLetter{
			ID: video.DeadLetterID("encode", "m", apitest.Noon), Service: "encode", Sent: apitest.Noon,
			Created: apitest.Noon, State: video.DeadLetterOpen,
		},
	); err != nil {
		t.Fatal(err)
	}
	decision := scaling.State{Version: 1, Queues: []scaling.QueueState{
		{
			Ceiling: scaling.Ceiling{Name: "encode", Workers: 7, Wanted: 5, Reason: scaling.ReasonEnough},
			Reading: scaling.Reading{OldestAge: 90},
		},
		{Ceiling: scaling.Ceiling{Name: "encode-bulk", Workers: 2}, Reading: scaling.Reading{OldestAge: 60}},
	}}
	if err := fx.Store.SaveScalingState(t.Context(), decision); err != nil {
		t.Fatal(err)
	}
	got := fx.DoRequest(t, apitest.OperatorToken, "GET", "/v1/map", "")
	if got.Status != 200 {
		t.Fatalf("%d %s", got.Status, got.Text)
	}
	views := map[string]map[string]any{}
	for _, s := range got.JSON["services"].([]any) {
		s := s.(map[string]any)
		views[s["name"].(string)] = s
	}
	for _, s := range services.Map {
		if len(views[s.Name]["routes"].([]any)) != len(s.Routes) {
			t.Errorf("%s has view %v", s.Name, views[s.Name])
		}
	}
	if d := cmp.Diff([]any{"routes", "inbox"}, views["api"]["doors"]); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]any{"clock"}, views["reconcile"]["doors"]); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]any{
		map[string]any{
			"name": "encode", "lane": "interactive", "waiting": 3.0, "in_flight": 2.0, "oldest_s": 90.0, "dead": 1.0,
			"ceiling": 7.0, "wanted": 5.0, "reason": "enough for its target wait",
		},
		map[string]any{
			"name": "encode-bulk", "lane": "bulk", "waiting": 0.0, "in_flight": 0.0, "ceiling": 2.0, "wanted": 0.0,
		},
	}, views["encode"]["queues"]); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(
		[]any{map[string]any{"name": "fetch", "lane": "bulk", "dead": 0.0}}, views["fetch"]["queues"],
	); d != "" {
		t.Errorf("a queue that can't be read: %s", d)
	}
	if n := len(got.JSON["edges"].([]any)); n != len(services.ListEdges()) {
		t.Errorf("%d edges", n)
	}
	for c, status := range map[apitest.Caller]int{apitest.Reader: 403, apitest.Nobody: 401} {
		if got := fx.DoRequest(t, c, "GET", "/v1/map", ""); got.Status != status {
			t.Errorf("%v: %d %s", c, got.Status, got.Text)
		}
	}
}

// messageDocument returns the document of a span that handled an event some seconds after noon.
func messageDocument(service, event string, after float64) string {
	return fmt.Sprintf(
		`{"trace_id": "1-6a000000-0123456789abcdef01234567", "id": "%s%g", "name": "%[1]s", "start_time": %[3]f, "end_time": %[3]f,
		"annotations": {"service": "%[1]s"}, "metadata": {"default": {"type": "%[4]s"}}}`, service, after,
		float64(apitest.Noon.Unix())+after, event,
	)
}

// edgeRates returns the calls per minute of each edge of the map, by "from>to".
func edgeRates(t *testing.T, fx *apitest.Fixture) map[string]any {
	t.Helper()
	got := fx.DoRequest(t, apitest.OperatorToken, "GET", "/v1/map", "")
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
	fx := apitest.New(t)
	fx.Observer.Now = func() time.Time { return apitest.Noon.Add(time.Hour) }
	const now = 3590
	fx.XRay.Segments = []string{
		messageDocument("encode", "encode.requested.v1", now), messageDocument("encode", "encode.requested.v1", now-1),
		messageDocument("encode", "encode.requested.v1", now-100),
		messageDocument("fetch", "fetch.requested.v1", now), messageDocument("inspect", "s3.object-created.v1", now),
		segmentDocument("api", "vid_1", now), "{",
	}
	got := edgeRates(t, fx) // half of the traces were read
	for edge, want := range map[string]any{
		"publish>encode": 4.0, "api>fetch": 2.0, "publish>fetch": 0.0, "s3>inspect": 2.0, "gateway>api": 2.0,
		"clock>reconcile": 0.0, "publish>topic": nil,
	} {
		if n, ok := got[edge]; n != want || !ok {
			t.Errorf("%s: %v, want %v", edge, n, want)
		}
	}
	if edgeRates(t, fx); fx.XRay.RecentCalls != 1 {
		t.Errorf("traces were read %d times within 15 seconds", fx.XRay.RecentCalls)
	}
	fx.Observer.Now = func() time.Time { return apitest.Noon.Add(2 * time.Hour) }
	fx.XRay.Err = errors.New("throttled")
	if got := edgeRates(t, fx); got["publish>encode"] != nil {
		t.Errorf("calls that can't be read are shown as %v", got)
	}
}

// X-Ray may answer late, or after many pages of traces.
func TestMapIsReturnedWhenXRayHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx := apitest.New(t)
		fx.XRay.Hangs = true
		began := time.Now()
		if got := edgeRates(t, fx); got["publish>encode"] != nil {
			t.Errorf("calls per minute %v", got)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
