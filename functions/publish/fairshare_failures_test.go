package publish_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/fairshare"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store"
)

func TestPassedDeadlineRequestsLostTasksAgain(t *testing.T) {
	t.Parallel()
	passed := func(queued bool) video.Event {
		return video.DeadlinePassed{State: video.Processing, Deadline: noon, Queued: queued}
	}
	t.Run("tasks are requested again, and the video keeps its position", func(t *testing.T) {
		t.Parallel()
		w := newTenantEnv(t, 2)
		first, _ := w.planVideo("acme", 1), w.planVideo("acme", 2)
		w.now = w.now.Add(30 * time.Minute)
		for range 2 {
			w.reserveTasks(first, passed(false), true)
			w.wantTasks("acme/1:0", "acme/1:1")
		}
		w.now = w.now.Add(50 * time.Minute) // more than a lease after the first request
		w.finishTask(first, 0)
		w.wantTasks("acme/1:2")
	})
	t.Run("a waiting video that is not in the wait queue is enqueued", func(t *testing.T) {
		t.Parallel()
		w := newTenantEnv(t, 2)
		first, second := w.planVideo("acme", 1), w.planVideo("acme", 2)
		if err := w.table.DequeuePositions(
			t.Context(), "acme", video.Interactive, fairshare.PositionOf(second),
		); err != nil {
			t.Fatal(err)
		}
		w.reserveTasks(second, passed(true), false)
		w.wantTasks()
		if n := w.countWaiting("acme"); n != 1 {
			t.Errorf("%d videos wait", n)
		}
		w.setState(first, video.Failed)
		w.reserveTasks(second, passed(true), false)
		w.wantTasks()
		w.reserveTasks(first, video.TaskFailed{Task: testPlan.Tasks()[0]}, false)
		w.wantTasks("acme/2:0", "acme/2:1")
	})
	t.Run("expired leases free slots", func(t *testing.T) {
		t.Parallel()
		w := newTenantEnv(t, 2)
		_, second := w.planVideo("acme", 1), w.planVideo("acme", 2)
		w.now = w.now.Add(fairshare.LeaseDuration)
		w.reserveTasks(second, passed(false), true)
		w.wantTasks("acme/1:2", "acme/2:0")
	})
	t.Run("tasks with an expired lease are requested again", func(t *testing.T) {
		t.Parallel()
		w := newTenantEnv(t, 3)
		first := w.planVideo("acme", 1)
		w.now = w.now.Add(fairshare.LeaseDuration)
		w.reserveTasks(first, passed(false), false)
		w.wantTasks()
		w.reserveTasks(first, passed(false), true)
		w.wantTasks("acme/1:0", "acme/1:1", "acme/1:2")
	})
}

// conflictingStore writes the in-flight limit each time that it was read.
type conflictingStore struct {
	store.Store
	conflicts int
}

func (r *conflictingStore) LoadInFlightLimit(
	ctx context.Context, tenant string, lane video.Lane,
) (fairshare.InFlightLimit, error) {
	w, err := r.Store.LoadInFlightLimit(ctx, tenant, lane)
	if r.conflicts--; err == nil && r.conflicts >= 0 {
		next := w
		next.Version++
		err = r.SaveInFlightLimit(ctx, next)
	}
	return w, err
}

func TestInFlightLimitConflictIsRetried(t *testing.T) {
	t.Parallel()
	w := newTenantEnv(t, 2)
	w.fairShare.Limits = &conflictingStore{w.table, 5}
	var pauses []int
	w.fairShare.Backoff = func(_ context.Context, lost int) { pauses = append(pauses, lost) }
	first := w.planVideo("acme", 1)
	w.wantTasks("acme/1:0", "acme/1:1")
	if !slices.Equal(pauses, []int{0, 1, 2, 3, 4}) {
		t.Errorf("backoffs %v, want one for each conflict", pauses)
	}
	w.fairShare.Limits = &conflictingStore{w.table, 1000}
	w.setState(first, video.Failed)
	row, _ := w.table.LoadVideo(t.Context(), "acme", first.ID)
	if _, err := w.fairShare.RequestTasks(
		t.Context(), events.New("acme", first.ID, noon, video.TaskFailed{}), row, false,
	); errs.KindOf(err) != errs.Transient {
		t.Errorf("got %v, want Transient", err)
	}
}

// failingStore fails in one of its methods.
type failingStore struct {
	store.Store
	failingCall string
}

var errBroken = errors.New("broken")

func (b failingStore) errorFor(call string) error {
	if b.failingCall == call {
		return errBroken
	}
	return nil
}

func (b failingStore) LoadInFlightLimit(
	ctx context.Context, tenant string, lane video.Lane,
) (fairshare.InFlightLimit, error) {
	return valueOrError(b.errorFor("LoadInFlightLimit"), func() (fairshare.InFlightLimit, error) {
		return b.Store.LoadInFlightLimit(ctx, tenant, lane)
	})
}

func (b failingStore) SaveInFlightLimit(ctx context.Context, w fairshare.InFlightLimit) error {
	return errors.Join(b.errorFor("SaveInFlightLimit"), b.Store.SaveInFlightLimit(ctx, w))
}

func (b failingStore) EnqueuePosition(
	ctx context.Context, tenant string, lane video.Lane, t fairshare.QueuePosition,
) error {
	return errors.Join(b.errorFor("EnqueuePosition"), b.Store.EnqueuePosition(ctx, tenant, lane, t))
}

func (b failingStore) ListQueuePositions(
	ctx context.Context, tenant string, lane video.Lane, after fairshare.QueuePosition, limit int,
) ([]fairshare.QueuePosition, error) {
	return valueOrError(b.errorFor("ListQueuePositions"), func() ([]fairshare.QueuePosition, error) {
		return b.Store.ListQueuePositions(ctx, tenant, lane, after, limit)
	})
}

func (b failingStore) DequeuePositions(
	ctx context.Context, tenant string, lane video.Lane, ts ...fairshare.QueuePosition,
) error {
	return errors.Join(b.errorFor("DequeuePositions"), b.Store.DequeuePositions(ctx, tenant, lane, ts...))
}

func (b failingStore) LoadVideo(ctx context.Context, tenant, id string) (video.Video, error) {
	return valueOrError(b.errorFor("LoadVideo"), func() (video.Video, error) {
		return b.Store.LoadVideo(ctx, tenant, id)
	})
}

func valueOrError[T any](err error, do func() (T, error)) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return do()
}

// If a call of the store fails, the redelivery of the event requests the tasks that the first delivery would have.
func TestRedeliveryRequestsTasksAfterStoreFailure(t *testing.T) {
	t.Parallel()
	for call, second := range map[string]bool{
		"LoadInFlightLimit": false, "SaveInFlightLimit": false, "ListQueuePositions": false, "DequeuePositions": false,
		"LoadVideo": false, "EnqueuePosition": true,
	} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			w := newTenantEnv(t, 3)
			first := w.planVideo("acme", 1)
			v, what := first, video.Event(video.TaskFailed{Task: testPlan.Tasks()[0]})
			want := []string{"acme/2:0", "acme/2:1", "acme/2:2"}
			if second {
				v, what, want = w.createVideo("acme", 2), w.inspectedEvent(), nil
			} else {
				w.planVideo("acme", 2)
				w.setState(first, video.Failed)
			}
			row, err := w.table.LoadVideo(t.Context(), v.Tenant, v.ID)
			if err != nil {
				t.Fatal(err)
			}
			b, sound := failingStore{w.table, call}, w.fairShare
			w.fairShare.Limits, w.fairShare.WaitQueue, w.fairShare.Videos = b, b, b
			if _, err := w.fairShare.RequestTasks(
				t.Context(), events.New(v.Tenant, v.ID, w.now, what), row, second,
			); !errors.Is(err, errBroken) {
				t.Fatalf("got %v", err)
			}
			w.fairShare = sound
			w.reserveTasks(v, what, second)
			if !slices.Equal(w.requested, want) {
				t.Errorf("requested %v, want %v", w.requested, want)
			}
			// it has its allotment already
			if left := w.countWaiting("acme"); left != map[string]int{
				"EnqueuePosition": 1, "SaveInFlightLimit": 1,
			}[call] {
				t.Errorf("%d videos wait", left)
			}
		})
	}
}
