package publish_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/functions/publish"
	"sluice/shared/domain/fairshare"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store"
)

// tenantEnv has videos of several tenants, and the tasks that were requested of them. Each video has the tasks of
// videoPlan: three by default.
type tenantEnv struct {
	*testing.T
	table     store.Store
	fairShare publish.FairShare
	now       time.Time
	videoPlan video.Plan
	requested []string // by the last event; "acme/1:0" is task 0 of acme's video 1
}

func newTenantEnv(t *testing.T, size int) *tenantEnv {
	w := &tenantEnv{T: t, table: store.NewMemory(), now: noon, videoPlan: testPlan}
	w.fairShare = publish.FairShare{
		Limits: w.table, WaitQueue: w.table, Videos: w.table, MaxInFlight: size, Now: func() time.Time {
			return w.now
		},
	}
	return w
}

// planVideo creates a video, handles the event that plans it, and returns it.
func (w *tenantEnv) planVideo(tenant string, n int) video.Video {
	w.Helper()
	w.now = w.now.Add(time.Second)
	v := w.createVideo(tenant, n)
	w.reserveTasks(v, w.inspectedEvent(), true)
	return v
}

func (w *tenantEnv) inspectedEvent() video.Event { return video.MediaInspected{ETag: "e1"} }

func (w *tenantEnv) createVideo(tenant string, n int) video.Video {
	w.Helper()
	p := w.videoPlan
	v := video.Video{
		Tenant: tenant, ID: fmt.Sprint("vid_", n), Playback: playbackID, State: video.Processing, Version: 1, Plan: &p,
		Media:  &video.Media{},
		Source: video.Source{Key: "k", ETag: "e1"}, Times: video.Times{Created: noon, Inspected: w.now},
		Correlation: fmt.Sprint("c", n), Trace: fmt.Sprint("trace ", n),
	}
	if err := w.table.CreateVideo(
		w.Context(), v, video.Upload{Tenant: tenant, ID: fmt.Sprint("upl_", n), Video: v.ID},
	); err != nil {
		w.Fatal(err)
	}
	return v
}

// reserveTasks handles an event of a video, which is read from the table.
func (w *tenantEnv) reserveTasks(v video.Video, data video.Event, wantsTasks bool) []events.Event {
	w.Helper()
	row, err := w.table.LoadVideo(w.Context(), v.Tenant, v.ID)
	if err != nil {
		w.Fatal(err)
	}
	out, err := w.fairShare.RequestTasks(w.Context(), events.New(v.Tenant, v.ID, w.now, data), row, wantsTasks)
	if err != nil {
		w.Fatal(err)
	}
	w.requested = nil
	for _, e := range out {
		w.requested = append(
			w.requested,
			fmt.Sprintf(
				"%s/%s:%d", e.Tenant, strings.TrimPrefix(e.Video, "vid_"), e.Data.(video.EncodeRequested).Task.Number,
			),
		)
	}
	return out
}

// finishTask handles the end of a task.
func (w *tenantEnv) finishTask(v video.Video, n int) {
	w.Helper()
	before, err := w.table.LoadVideo(w.Context(), v.Tenant, v.ID)
	if err != nil {
		w.Fatal(err)
	}
	d := video.TaskDone{At: w.now, Result: video.Result{Task: before.Plan.Tasks()[n]}}
	if _, err := w.table.FinishTask(w.Context(), v.Tenant, v.ID, d); err != nil {
		w.Fatal(err)
	}
	if row, err := w.table.LoadVideo(w.Context(), v.Tenant, v.ID); err == nil && row.IsComplete() {
		w.setState(v, video.Ready)
	}
	w.reserveTasks(v, d, false)
}

func (w *tenantEnv) setState(v video.Video, s video.State) {
	w.Helper()
	row, err := w.table.LoadVideo(w.Context(), v.Tenant, v.ID)
	if err != nil {
		w.Fatal(err)
	}
	row.State, row.Version = s, row.Version+1
	if err := w.table.SaveVideo(w.Context(), row, video.TimelineEntry{Version: row.Version}); err != nil {
		w.Fatal(err)
	}
}

func (w *tenantEnv) wantTasks(said ...string) {
	w.Helper()
	if d := cmp.Diff(said, w.requested); d != "" {
		w.Fatalf("requested (-want +got):\n%s", d)
	}
}

// countWaiting returns how many videos are in a tenant's wait queue.
func (w *tenantEnv) countWaiting(tenant string) int {
	w.Helper()
	turns, err := w.table.ListQueuePositions(w.Context(), tenant, video.Interactive, fairshare.QueuePosition{}, 100)
	if err != nil {
		w.Fatal(err)
	}
	return len(turns)
}
