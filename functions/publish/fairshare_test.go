package publish_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"sluice/events"
	"sluice/functions/publish"
	"sluice/shared/domain/fairshare"
	"sluice/shared/domain/video"
)

func TestInFlightLimitIsPerTenant(t *testing.T) {
	t.Parallel()
	env := newTenantEnv(t, 2)
	first := env.planVideo("acme", 1)
	env.wantTasks("acme/1:0", "acme/1:1")
	second := env.planVideo("acme", 2)
	env.wantTasks()
	env.planVideo("other", 3)
	env.wantTasks("other/3:0", "other/3:1")
	env.finishTask(first, 1)
	env.wantTasks("acme/1:2")
	env.finishTask(first, 0)
	env.wantTasks("acme/2:0")
	env.finishTask(first, 2)
	env.wantTasks("acme/2:1")
	env.finishTask(second, 1)
	env.wantTasks("acme/2:2")
	if n := env.countWaiting("acme"); n > 0 {
		t.Errorf("%d videos wait", n)
	}
	env.finishTask(second, 0)
	env.finishTask(second, 2)
	env.wantTasks()
	left, err := env.table.LoadInFlightLimit(t.Context(), "acme", video.Interactive)
	if left.Version = 0; err != nil || left.MoreWaiting || left.Allotments != nil {
		t.Errorf("the limit is %+v, %v; want it empty", left, err)
	}
}

// The later tasks of a long video are in the bulk lane: the tenant's short videos do not wait for them.
func TestBulkTasksDoNotBlockInteractiveLane(t *testing.T) {
	t.Parallel()
	env := newTenantEnv(t, 5)
	long := testPlan
	long.Borders = nil
	for k := range 20 {
		long.Borders = append(long.Borders, k*200)
	}
	env.videoPlan = long
	first := env.planVideo("acme", 1)
	env.wantTasks(
		"acme/1:0", "acme/1:1", "acme/1:2", "acme/1:3", "acme/1:4", "acme/1:5", "acme/1:6", "acme/1:7", "acme/1:8",
		"acme/1:9",
	)
	second := env.planVideo("acme", 2)
	env.wantTasks()
	env.finishTask(first, 9)
	env.wantTasks("acme/1:10")
	env.finishTask(first, 0)
	env.wantTasks("acme/2:0")
	env.setState(first, video.Failed)
	env.reserveTasks(first, video.EncodeFailed{Task: long.Tasks()[7]}, false)
	env.wantTasks(
		"acme/2:1", "acme/2:2", "acme/2:3", "acme/2:4", "acme/2:5", "acme/2:6", "acme/2:7", "acme/2:8", "acme/2:9",
	)
	env.setState(second, video.Failed)
	env.reserveTasks(second, video.EncodeFailed{Task: long.Tasks()[7]}, false)
	env.planVideo("acme", 3)
	env.videoPlan = testPlan
	for n := range 5 {
		env.finishTask(video.Video{Tenant: "acme", ID: "vid_3"}, n)
	}
	env.planVideo("acme", 4)
	env.wantTasks("acme/4:0", "acme/4:1", "acme/4:2")
}

func TestTasksOfAnotherVideoKeepItsTrace(t *testing.T) {
	t.Parallel()
	env := newTenantEnv(t, 3)
	first := env.planVideo("acme", 1)
	env.planVideo("acme", 2)
	env.setState(first, video.Failed)
	out := env.reserveTasks(first, video.EncodeFailed{Task: testPlan.Tasks()[0]}, false)
	env.wantTasks("acme/2:0", "acme/2:1", "acme/2:2")
	if e := out[0]; e.Correlation != "c2" || e.Trace != "trace 2" || e.ID != "vid_2:encode.requested.v1:0" {
		t.Errorf("event %+v", e)
	}
	env.planVideo("other", 3)
	if e := env.reserveTasks(env.createVideo("other", 4), env.inspectedEvent(), true); e != nil {
		t.Errorf("requested %v, though no slot is free", e)
	}
}

func TestRedeliveryRequestsSameTasks(t *testing.T) {
	t.Parallel()
	env := newTenantEnv(t, 2)
	first, second := env.planVideo("acme", 1), env.planVideo("acme", 2)
	for range 2 {
		env.now = first.Times.Inspected
		env.reserveTasks(first, env.inspectedEvent(), true)
		env.wantTasks("acme/1:0", "acme/1:1")
		env.now = second.Times.Inspected
		env.reserveTasks(second, env.inspectedEvent(), true)
		env.wantTasks()
	}
	env.finishTask(first, 0)
	env.finishTask(first, 1)
	env.wantTasks("acme/2:0")
	for range 2 {
		env.finishTask(first, 0)
		env.wantTasks("acme/1:2")
		env.finishTask(first, 1)
		env.wantTasks("acme/2:0")
	}
	env.reserveTasks(second, env.inspectedEvent(), true)
	env.wantTasks()
}

// A message of the encode queue may be delivered twice: then a task is done twice, minutes apart, and the slot that it
// has freed is taken already.
func TestEncodeDoneTwiceRequestsNothingMore(t *testing.T) {
	t.Parallel()
	env := newTenantEnv(t, 2)
	first := env.planVideo("acme", 1)
	env.finishTask(first, 0)
	env.wantTasks("acme/1:2")
	env.finishTask(first, 0)
	env.wantTasks("acme/1:2")
	env.now = env.now.Add(6 * time.Minute)
	env.finishTask(first, 0)
	env.wantTasks()
}

func TestFailedOrDeletedVideoFreesSlots(t *testing.T) {
	t.Parallel()
	for what, e := range map[video.State]video.Event{
		video.Failed: video.EncodeFailed{Task: testPlan.Tasks()[0]}, video.Deleting: video.DeleteRequested{},
	} {
		t.Run(string(what), func(t *testing.T) {
			t.Parallel()
			env := newTenantEnv(t, 3)
			first, second, third := env.planVideo("acme", 1), env.planVideo("acme", 2), env.planVideo("acme", 3)
			env.setState(second, what)
			env.reserveTasks(second, e, false)
			env.wantTasks()
			if n := env.countWaiting("acme"); n != 1 {
				t.Errorf("%d videos wait", n)
			}
			env.setState(first, what)
			env.reserveTasks(first, e, false)
			env.wantTasks("acme/3:0", "acme/3:1", "acme/3:2")
			env.setState(third, what)
			env.reserveTasks(third, e, false)
			env.wantTasks()
		})
	}
}

// Videos in the wait queue or with tasks in flight may have been deleted without an event.
func TestWaitQueueSkipsVideosThatLeft(t *testing.T) {
	t.Parallel()
	env := newTenantEnv(t, 3)
	first := env.planVideo("acme", 1)
	for n := range 30 {
		env.setState(env.planVideo("acme", 10+n), video.Deleting)
	}
	if err := env.table.EnqueuePosition(
		t.Context(), "acme", video.Interactive, fairshare.QueuePosition{Planned: env.now, Video: "vid_gone"},
	); err != nil {
		t.Fatal(err)
	}
	env.planVideo("acme", 50)
	env.finishTask(first, 0)
	env.wantTasks("acme/50:0")
	if n := env.countWaiting("acme"); n > 0 {
		t.Errorf("%d videos wait", n)
	}
}

// Backoffs get longer with each conflict, up to a maximum, and end with the context.
func TestBackoffIsBoundedAndEndsWithContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		took := func(ctx context.Context, lost int) (longest time.Duration) {
			for range 100 {
				began := time.Now()
				publish.BackOffWithJitter(ctx, lost)
				longest = max(longest, time.Since(began))
			}
			return longest
		}
		for lost, most := range map[int]time.Duration{
			0: 10 * time.Millisecond, 2: 40 * time.Millisecond, 19: 160 * time.Millisecond, 99: 160 * time.Millisecond,
		} {
			if d := took(t.Context(), lost); d > most || d < most/2 {
				t.Errorf("after %d conflicts: %v, want up to %v", lost, d, most)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if d := took(ctx, 9); d > 0 {
			t.Errorf("%v after the context has ended", d)
		}
	})
}

func TestUnrelatedEventsLeaveInFlightLimitAlone(t *testing.T) {
	t.Parallel()
	turns := publish.FairShare{Now: func() time.Time { return noon }} // without stores
	for _, what := range []video.Event{
		video.UploadCompleted{}, video.PurgeDone{}, video.MediaRefused{}, video.EncodeDone{},
	} {
		v := video.Video{Tenant: "acme", ID: "vid_1"}
		r := publish.TaskRequest{Event: events.New("acme", "vid_1", noon, what), Video: v}
		if out, err := turns.RequestTasks(t.Context(), r); err != nil || len(out) != 1 || out[0] != nil {
			t.Errorf("%T: %v, %v", what, out, err)
		}
	}
}
