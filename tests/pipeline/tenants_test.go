package pipeline_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/functions/publish"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store"
)

// tenants are videos of several tenants, and what publish asks for of them. Each has three tasks unless cut says
// otherwise.
type tenants struct {
	*testing.T
	rows  *store.Memory
	turns publish.Turns
	now   time.Time
	cut   video.Plan
	said  []string // "acme/1:0" being task 0 of acme's video 1
}

func newTenants(t *testing.T, size int) *tenants {
	w := &tenants{T: t, rows: &store.Memory{}, now: noon, cut: plan}
	w.turns = publish.Turns{Windows: w.rows, Lines: w.rows, Rows: w.rows, Size: size, Now: func() time.Time { return w.now }}
	return w
}

// plan makes a video, tells that it is planned and returns it.
func (w *tenants) plan(tenant string, n int) video.Video {
	w.Helper()
	w.now = w.now.Add(time.Second)
	v := w.make(tenant, n)
	w.take(v, w.inspected(), true)
	return v
}

func (w *tenants) inspected() video.Event { return video.MediaInspected{ETag: "e1"} }

func (w *tenants) make(tenant string, n int) video.Video {
	w.Helper()
	p := w.cut
	v := video.Video{
		Tenant: tenant, ID: fmt.Sprint("vid_", n), Playback: publicID, State: video.Processing, Version: 1, Plan: &p, Media: &video.Media{},
		Source: video.Source{Key: "k", ETag: "e1"}, Times: video.Times{Created: noon, Inspected: w.now}, Correlation: fmt.Sprint("c", n), Trace: fmt.Sprint("trace ", n),
	}
	if err := w.rows.Create(w.Context(), v, video.Upload{Tenant: tenant, ID: fmt.Sprint("upl_", n), Video: v.ID}); err != nil {
		w.Fatal(err)
	}
	return v
}

// take tells what has happened to a video, which is as its row says.
func (w *tenants) take(v video.Video, what video.Event, asks bool) []events.Event {
	w.Helper()
	row, err := w.rows.Video(w.Context(), v.Tenant, v.ID)
	if err != nil {
		w.Fatal(err)
	}
	out, err := w.turns.Take(w.Context(), events.Of(v.Tenant, v.ID, w.now, what), row, asks)
	if err != nil {
		w.Fatal(err)
	}
	w.said = nil
	for _, e := range out {
		w.said = append(w.said, fmt.Sprintf("%s/%s:%d", e.Tenant, strings.TrimPrefix(e.Video, "vid_"), e.Data.(video.EncodeRequested).Task.Number))
	}
	return out
}

// done tells that a task is done.
func (w *tenants) done(v video.Video, n int) {
	w.Helper()
	before, err := w.rows.Video(w.Context(), v.Tenant, v.ID)
	if err != nil {
		w.Fatal(err)
	}
	d := video.TaskDone{At: w.now, Result: video.Result{Task: before.Plan.Tasks()[n]}}
	if _, err := w.rows.Finish(w.Context(), v.Tenant, v.ID, d); err != nil {
		w.Fatal(err)
	}
	if row, err := w.rows.Video(w.Context(), v.Tenant, v.ID); err == nil && row.Complete() {
		w.state(v, video.Ready)
	}
	w.take(v, d, false)
}

func (w *tenants) state(v video.Video, s video.State) {
	w.Helper()
	row, err := w.rows.Video(w.Context(), v.Tenant, v.ID)
	if err != nil {
		w.Fatal(err)
	}
	row.State, row.Version = s, row.Version+1
	if err := w.rows.Save(w.Context(), row, video.Entry{Version: row.Version}); err != nil {
		w.Fatal(err)
	}
}

func (w *tenants) want(said ...string) {
	w.Helper()
	if d := cmp.Diff(said, w.said); d != "" {
		w.Fatalf("asked for (-want +got):\n%s", d)
	}
}

// waiting returns the line of a tenant.
func (w *tenants) waiting(tenant string) int {
	w.Helper()
	turns, err := w.rows.Waiting(w.Context(), tenant, video.Interactive, video.Turn{}, 100)
	if err != nil {
		w.Fatal(err)
	}
	return len(turns)
}
