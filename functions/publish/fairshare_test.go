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
	w := newTenantEnv(t, 2)
	first := w.planVideo("acme", 1)
	w.wantTasks("acme/1:0", "acme/1:1")
	second := w.planVideo("acme", 2)
	w.wantTasks()
	w.planVideo("other", 3)
	w.wantTasks("other/3:0", "other/3:1")
	w.finishTask(first, 1)
	w.wantTasks("acme/1:2")
	w.finishTask(first, 0)
	w.wantTasks("acme/2:0")
	w.finishTask(first, 2)
	w.wantTasks("acme/2:1")
	w.finishTask(second, 1)
	w.wantTasks("acme/2:2")
	if n := w.countWaiting("acme"); n > 0 {
		t.Errorf("%d videos wait", n)
	}
	w.finishTask(second, 0)
	w.finishTask(second, 2)
	w.wantTasks()
	left, err := w.table.LoadInFlightLimit(t.Context(), "acme", video.Interactive)
	if left.Version = 0; err != nil || left.MoreWaiting || left.Allotments != nil {
		t.Errorf("the limit is %+v, %v; want it empty", left, err)
	}
}

// The later tasks of a long video are in the bulk lane: the tenant's short videos do not wait for them.
func TestBulkTasksDoNotBlockInteractiveLane(t *testing.T) {
	t.Parallel()
	w := newTenantEnv(t, 5)
	long := testPlan
	long.Borders = nil
	for k := range 20 {
		long.Borders = append(long.Borders, k*200)
	}
	w.videoPlan = long
	first := w.planVideo("acme", 1)
	w.wantTasks(
		"acme/1:0", "acme/1:1", "acme/1:2", "acme/1:3", "acme/1:4", "acme/1:5", "acme/1:6", "acme/1:7", "acme/1:8",
		"acme/1:9",
	)
	second := w.planVideo("acme", 2)
	w.wantTasks()
	w.finishTask(first, 9)
	w.wantTasks("acme/1:10")
	w.finishTask(first, 0)
	w.wantTasks("acme/2:0")
	w.setState(first, video.Failed)
	w.reserveTasks(first, video.TaskFailed{Task: long.Tasks()[7]}, false)
	w.wantTasks(
		"acme/2:1", "acme/2:2", "acme/2:3", "acme/2:4", "acme/2:5", "acme/2:6", "acme/2:7", "acme/2:8", "acme/2:9",
	)
	w.setState(second, video.Failed)
	w.reserveTasks(second, video.TaskFailed{Task: long.Tasks()[7]}, false)
	w.planVideo("acme", 3)
	w.videoPlan = testPlan
	for n := range 5 {
		w.finishTask(video.Video{Tenant: "acme", ID: "vid_3"}, n)
	}
	w.planVideo("acme", 4)
	w.wantTasks("acme/4:0", "acme/4:1", "acme/4:2")
}

func TestTasksOfAnotherVideoKeepItsTrace(t *testing.T) {
	t.Parallel()
	w := newTenantEnv(t, 3)
	first := w.planVideo("acme", 1)
	w.planVideo("acme", 2)
	w.setState(first, video.Failed)
	out := w.reserveTasks(first, video.TaskFailed{Task: testPlan.Tasks()[0]}, false)
	w.wantTasks("acme/2:0", "acme/2:1", "acme/2:2")
	if e := out[0]; e.Correlation != "c2" || e.Trace != "trace 2" || e.ID != "vid_2:encode.requested.v1:0" {
		t.Errorf("event %+v", e)
	}
	w.planVideo("other", 3)
	if e := w.reserveTasks(w.createVideo("other", 4), w.inspectedEvent(), true); e != nil {
		t.Errorf("requested %v, though no slot is free", e)
	}
}

func TestRedeliveryRequestsSameTasks(t *testing.T) {
	t.Parallel()
	w := newTenantEnv(t, 2)
	first, second := w.planVideo("acme", 1), w.planVideo("acme", 2)
	for range 2 {
		w.now = first.Times.Inspected
		w.reserveTasks(first, w.inspectedEvent(), true)
		w.wantTasks("acme/1:0", "acme/1:1")
		w.now = second.Times.Inspected
		w.reserveTasks(second, w.inspectedEvent(), true)
		w.wantTasks()
	}
	w.finishTask(first, 0)
	w.finishTask(first, 1)
	w.wantTasks("acme/2:0")
	for range 2 {
		w.finishTask(first, 0)
		w.wantTasks("acme/1:2")
		w.finishTask(first, 1)
		w.wantTasks("acme/2:0")
	}
	w.reserveTasks(second, w.inspectedEvent(), true)
	w.wantTasks()
}

// A message of the encode queue may be delivered twice: then a task is done twice, minutes apart, and the slot that it
// has freed is taken already.
func TestTaskDoneTwiceRequestsNothingMore(t *testing.T) {
	t.Parallel()
	w := newTenantEnv(t, 2)
	first := w.planVideo("acme", 1)
	w.finishTask(first, 0)
	w.wantTasks("acme/1:2")
	w.finishTask(first, 0)
	w.wantTasks("acme/1:2")
	w.now = w.now.Add(6 * time.Minute)
	w.finishTask(first, 0)
	w.wantTasks()
}

func TestFailedOrDeletedVideoFreesSlots(t *testing.T) {
	t.Parallel()
	for what, e := range map[video.State]video.Event{
		video.Failed: video.TaskFailed{Task: testPlan.Tasks()[0]}, video.Deleting: video.DeleteRequested{},
	} {
		t.Run(string(what), func(t *testing.T) {
			t.Parallel()
			w := newTenantEnv(t, 3)
			first, second, third := w.planVideo("acme", 1), w.planVideo("acme", 2), w.planVideo("acme", 3)
			w.setState(second, what)
			w.reserveTasks(second, e, false)
			w.wantTasks()
			if n := w.countWaiting("acme"); n != 1 {
				t.Errorf("%d videos wait", n)
			}
			w.setState(first, what)
			w.reserveTasks(first, e, false)
			w.wantTasks("acme/3:0", "acme/3:1", "acme/3:2")
			w.setState(third, what)
			w.reserveTasks(third, e, false)
			w.wantTasks()
		})
	}
}

// Videos in the wait queue or with tasks in flight may have been deleted without an event.
func TestWaitQueueSkipsVideosThatLeft(t *testing.T) {
	t.Parallel()
	w := newTenantEnv(t, 3)
	first := w.planVideo("acme", 1)
	for n := range 30 {
		w.setState(w.planVideo("acme", 10+n), video.Deleting)
	}
	if err := w.table.EnqueuePosition(
		t.Context(), "acme", video.Interactive, fairshare.QueuePosition{Planned: w.now, Video: "vid_gone"},
	); err != nil {
		t.Fatal(err)
	}
	w.planVideo("acme", 50)
	w.finishTask(first, 0)
	w.wantTasks("acme/50:0")
	if n := w.countWaiting("acme"); n > 0 {
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
		video.UploadCompleted{}, video.PurgeDone{}, video.MediaRefused{}, video.TaskDone{},
	} {
		v := video.Video{Tenant: "acme", ID: "vid_1"}
		if out, err := turns.RequestTasks(t.Context(), events.New("acme", "vid_1", noon, what), v, false); out != nil ||
			err != nil {
			t.Errorf("%T: %v, %v", what, out, err)
		}
	}
}
