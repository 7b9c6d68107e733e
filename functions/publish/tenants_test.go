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
	env := &tenantEnv{T: t, table: store.NewMemory(), now: noon, videoPlan: testPlan}
	env.fairShare = publish.FairShare{
		Limits: env.table, WaitQueue: env.table, Videos: env.table, MaxInFlight: size, Now: func() time.Time {
			return env.now
		},
	}
	return env
}

// planVideo creates a video, handles the event that plans it, and returns it.
func (env *tenantEnv) planVideo(tenant string, n int) video.Video {
	env.Helper()
	env.now = env.now.Add(time.Second)
	v := env.createVideo(tenant, n)
	env.reserveTasks(v, env.inspectedEvent(), true)
	return v
}

func (env *tenantEnv) inspectedEvent() video.Event { return video.MediaInspected{ETag: "e1"} }

func (env *tenantEnv) createVideo(tenant string, n int) video.Video {
	env.Helper()
	p := env.videoPlan
	v := video.Video{
		Tenant: tenant, ID: fmt.Sprint("vid_", n), Playback: playbackID, State: video.Processing, Version: 1, Plan: &p,
		Media:  &video.Media{},
		Source: video.Source{Key: "k", ETag: "e1"}, Times: video.Times{Created: noon, Inspected: env.now},
		Correlation: fmt.Sprint("c", n), Trace: fmt.Sprint("trace ", n),
	}
	if err := env.table.CreateVideo(
		env.Context(), v, video.Upload{Tenant: tenant, ID: fmt.Sprint("upl_", n), Video: v.ID},
	); err != nil {
		env.Fatal(err)
	}
	return v
}

// reserveTasks handles an event of a video, which is read from the table.
func (env *tenantEnv) reserveTasks(v video.Video, data video.Event, wantsTasks bool) []events.Event {
	env.Helper()
	row, err := env.table.LoadVideo(env.Context(), v.Tenant, v.ID)
	if err != nil {
		env.Fatal(err)
	}
	tasks, err := env.fairShare.RequestTasks(env.Context(), publish.TaskRequest{
		Event: events.New(v.Tenant, v.ID, env.now, data), Video: row, WantsTasks: wantsTasks,
	})
	if err != nil {
		env.Fatal(err)
	}
	out := tasks[0]
	env.requested = nil
	for _, e := range out {
		env.requested = append(
			env.requested,
			fmt.Sprintf(
				"%s/%s:%d", e.Tenant, strings.TrimPrefix(e.Video, "vid_"), e.Data.(video.EncodeRequested).Task.Number,
			),
		)
	}
	return out
}

// finishTask handles the end of a task.
func (env *tenantEnv) finishTask(v video.Video, n int) {
	env.Helper()
	before, err := env.table.LoadVideo(env.Context(), v.Tenant, v.ID)
	if err != nil {
		env.Fatal(err)
	}
	d := video.EncodeDone{At: env.now, Result: video.Result{Task: before.Plan.Tasks()[n]}}
	if _, err := env.table.FinishTasks(env.Context(), v.Tenant, v.ID, before.Plan.TaskCount(), d); err != nil {
		env.Fatal(err)
	}
	if row, err := env.table.LoadVideo(env.Context(), v.Tenant, v.ID); err == nil && row.IsComplete() {
		env.setState(v, video.Ready)
	}
	env.reserveTasks(v, d, false)
}

func (env *tenantEnv) setState(v video.Video, s video.State) {
	env.Helper()
	row, err := env.table.LoadVideo(env.Context(), v.Tenant, v.ID)
	if err != nil {
		env.Fatal(err)
	}
	row.State, row.Version = s, row.Version+1
	if err := env.table.SaveVideo(env.Context(), row, video.TimelineEntry{Version: row.Version}); err != nil {
		env.Fatal(err)
	}
}

func (env *tenantEnv) wantTasks(said ...string) {
	env.Helper()
	if d := cmp.Diff(said, env.requested); d != "" {
		env.Fatalf("requested (-want +got):\n%s", d)
	}
}

// countWaiting returns how many videos are in a tenant's wait queue.
func (env *tenantEnv) countWaiting(tenant string) int {
	env.Helper()
	turns, err := env.table.ListQueuePositions(env.Context(), tenant, video.Interactive, fairshare.QueuePosition{}, 100)
	if err != nil {
		env.Fatal(err)
	}
	return len(turns)
}
