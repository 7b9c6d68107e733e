package api_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/scaling"
	"sluice/shared/domain/services"
	"sluice/shared/domain/traceview"
	"sluice/shared/domain/video"
	"sluice/shared/platform/telemetry/metrics"
)

// xray is X-Ray, and the queues.
type xray struct {
	documents []string
	more      bool
	asked     []traceview.Window
	looks     int
	hangs     bool // until nobody waits any more
	err       error

	mu     sync.Mutex
	depths map[string][2]int
}

func (x *xray) Documents(_ context.Context, _ string, windows []traceview.Window) ([]string, bool, error) {
	x.asked = windows
	return x.documents, x.more, x.err
}

func (x *xray) Recent(ctx context.Context, of [][]string, w traceview.Window) ([]traceview.Sample, error) {
	x.looks++
	if x.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if len(slices.Concat(of...)) != len(services.Map) || !w.From.Before(w.To) {
		return nil, fmt.Errorf("asked for %v in %v", of, w)
	}
	return []traceview.Sample{{Documents: x.documents, Part: 0.5}}, x.err
}

func (x *xray) Counts(_ context.Context, service string) (waiting, inFlight int, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if service == "fetch" {
		return 0, 0, errs.E("sqs", errs.Transient, errors.New("not now"))
	}
	d := x.depths[service]
	return d[0], d[1], nil
}

// segment returns the document of a hop that began some seconds after noon and lasted a second.
func segment(service, id string, after float64) string {
	start := float64(noon.Unix()) + after
	return fmt.Sprintf(`{"trace_id": "1-6a000000-0123456789abcdef01234567", "id": "%s%g", "name": "%[1]s", "start_time": %[3]f, "end_time": %[4]f,
		"annotations": {"service": "%[1]s", "video_id": "%[5]s", "tenant": "acme"}, "metadata": {"default": {"queue": "sluice-%[1]s", "attempt": 1, "wait_ms": 20}},
		"subsegments": [{"id": "s%[2]g", "name": "S3", "start_time": %[3]f, "end_time": %[4]f, "aws": {"operation": "PutObject", "bucket_name": "secret"}}]}`,
		service, after, start, start+1, id)
}

func TestShowTrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, _ := w.upload(t, acme)
	w.xray.documents = []string{segment("api", u.Video, 0), segment("encode", u.Video, 2), segment("encode", "vid_of_a_rival", 3), "{"}
	path := "/v1/videos/" + u.Video + "/trace"
	got := w.do(t, reader, "GET", path, "")
	if got.status != 200 || got.json["video_id"] != u.Video || got.json["traces"] != 1.0 || got.json["complete"] != false {
		t.Fatalf("%d %s", got.status, got.text)
	}
	hops, _ := got.json["hops"].([]any)
	if len(hops) != 2 {
		t.Fatalf("hops %v", hops)
	}
	want := map[string]any{
		"service": "encode", "start_ms": 2020.0, "ms": 1000.0, "wait_ms": 20.0, "queue": "sluice-encode", "attempt": 1.0, "status": "ok",
		"cold_start": false, "trace_id": "1-6a000000-0123456789abcdef01234567",
		"steps": []any{map[string]any{"name": "S3 PutObject", "start_ms": 2020.0, "ms": 1000.0, "status": "ok", "steps": []any{}}},
	}
	if d := cmp.Diff(want, hops[1]); d != "" {
		t.Errorf("hop (-want +got):\n%s", d)
	}
	least := 3008. / 1024 * metrics.ARMDollars // a second of encode; of api there is one as well, and a little for disks
	if cost, _ := got.json["cost_usd"].(float64); cost < least || cost > 1.5*least {
		t.Errorf("costs %v, not some %v", cost, least)
	}
	if len(w.xray.asked) != 1 || !w.xray.asked[0].From.Before(noon) || w.xray.asked[0].To.Before(noon) {
		t.Errorf("asked for %v", w.xray.asked)
	}
	for c, status := range map[who]int{rival: 404, writer: 403, warden: 403, nobody: 401} {
		if got := w.do(t, c, "GET", path, ""); got.status != status {
			t.Errorf("%v: %d %s", c, got.status, got.text)
		}
	}
	w.xray.err = errs.E("xray", errs.Transient, errors.New("not now"))
	if got := w.do(t, reader, "GET", path, ""); got.status < 500 {
		t.Errorf("without X-Ray: %d %s", got.status, got.text)
	}
}

// A trace is complete when the video is at its end and all that has led there was found.
func TestTraceIsComplete(t *testing.T) {
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
			w := newWorld(t)
			u, _ := w.upload(t, acme)
			v, err := w.rows.Video(t.Context(), "acme", u.Video)
			if err != nil {
				t.Fatal(err)
			}
			v.State, v.Version = row.state, v.Version+1
			if err := w.rows.Save(t.Context(), v, v.Entry("test", noon.Add(5*time.Second))); err != nil {
				t.Fatal(err)
			}
			w.Now = func() time.Time { return noon.Add(time.Minute) }
			w.xray.documents, w.xray.more = []string{segment("api", u.Video, 0), segment("publish", u.Video, row.last)}, row.more
			if row.last == none {
				w.xray.documents = nil
			}
			if got := w.do(t, reader, "GET", "/v1/videos/"+u.Video+"/trace", ""); got.json["complete"] != row.want {
				t.Errorf("%d %s", got.status, got.text)
			}
		})
	}
}

// Answers must fit Lambda's 6 MB: of very many hops only these are shown.
func TestTraceOfManyHops(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, _ := w.upload(t, acme)
	for i := range 1500 {
		w.xray.documents = append(w.xray.documents, segment("encode", u.Video, float64(i)))
	}
	got := w.do(t, reader, "GET", "/v1/videos/"+u.Video+"/trace", "")
	hops, _ := got.json["hops"].([]any)
	if got.status != 200 || len(hops) != 1500 || len(hops[0].(map[string]any)["steps"].([]any)) != 0 {
		t.Errorf("%d, %d hops", got.status, len(hops))
	}
}

func TestShowMap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.xray.depths["encode"] = [2]int{3, 2}
	if err := w.rows.PutLetter(t.Context(), video.Letter{ID: video.LetterID("encode", "m", noon), Service: "encode", Sent: noon, Filed: noon, State: video.LetterOpen}); err != nil {
		t.Fatal(err)
	}
	decided := scaling.State{Version: 1, Queues: []scaling.Share{
		{Ceiling: scaling.Ceiling{Name: "encode", Workers: 7, Wanted: 5, Reason: scaling.Enough}, Reading: scaling.Reading{Oldest: 90}},
		{Ceiling: scaling.Ceiling{Name: "encode-bulk", Workers: 2}, Reading: scaling.Reading{Oldest: 60}},
	}}
	if err := w.rows.SaveScaling(t.Context(), decided); err != nil {
		t.Fatal(err)
	}
	got := w.do(t, warden, "GET", "/v1/map", "")
	if got.status != 200 {
		t.Fatalf("%d %s", got.status, got.text)
	}
	shown := map[string]map[string]any{}
	for _, s := range got.json["services"].([]any) {
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
	if d := cmp.Diff([]any{"clock"}, shown["tend"]["doors"]); d != "" {
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
	if n := len(got.json["edges"].([]any)); n != len(services.Edges()) {
		t.Errorf("%d edges", n)
	}
	for c, status := range map[who]int{reader: 403, nobody: 401} {
		if got := w.do(t, c, "GET", "/v1/map", ""); got.status != status {
			t.Errorf("%v: %d %s", c, got.status, got.text)
		}
	}
}

// taken is the document of a hop that took an event some seconds after noon.
func taken(service, event string, after float64) string {
	return fmt.Sprintf(`{"trace_id": "1-6a000000-0123456789abcdef01234567", "id": "%s%g", "name": "%[1]s", "start_time": %[3]f, "end_time": %[3]f,
		"annotations": {"service": "%[1]s"}, "metadata": {"default": {"type": "%[4]s"}}}`, service, after, float64(noon.Unix())+after, event)
}

// rates returns what goes over the edges of the map, by their ends.
func rates(t *testing.T, w *world) map[string]any {
	t.Helper()
	got := w.do(t, warden, "GET", "/v1/map", "")
	if got.status != 200 {
		t.Fatalf("%d %s", got.status, got.text)
	}
	all := map[string]any{}
	for _, e := range got.json["edges"].([]any) {
		e := e.(map[string]any)
		all[fmt.Sprint(e["from"], ">", e["to"])] = e["per_minute"]
	}
	return all
}

func TestMapShowsTraffic(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.eye.Now = func() time.Time { return noon.Add(time.Hour) }
	const now = 3590
	w.xray.documents = []string{
		taken("encode", "encode.requested.v1", now), taken("encode", "encode.requested.v1", now-1), taken("encode", "encode.requested.v1", now-100),
		taken("fetch", "fetch.requested.v1", now), taken("inspect", "s3.object-created.v1", now), segment("api", "vid_1", now), "{",
	}
	got := rates(t, w) // half of the traces were read
	for edge, want := range map[string]any{
		"publish>encode": 4.0, "api>fetch": 2.0, "publish>fetch": 0.0, "s3>inspect": 2.0, "gateway>api": 2.0, "clock>tend": 0.0, "publish>topic": nil,
	} {
		if n, there := got[edge]; n != want || !there {
			t.Errorf("%s: %v, want %v", edge, n, want)
		}
	}
	if rates(t, w); w.xray.looks != 1 {
		t.Errorf("%d looks within a quarter of a minute", w.xray.looks)
	}
	w.eye.Now = func() time.Time { return noon.Add(2 * time.Hour) }
	w.xray.err = errors.New("throttled")
	if got := rates(t, w); got["publish>encode"] != nil {
		t.Errorf("what can't be read is shown as %v", got)
	}
}

// X-Ray may answer late, or only after many pages of other people's traces.
func TestTheMapDoesNotWaitForItsTraffic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.xray.hangs = true
		began := time.Now()
		if got := rates(t, w); got["publish>encode"] != nil {
			t.Errorf("traffic %v", got)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
