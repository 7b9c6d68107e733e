package publish_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store"
)

func TestPassedDeadlineRequestsLostTasksAgain(t *testing.T) {
	t.Parallel()
	passed := func(queued bool) video.Event {
		return video.DeadlinePassed{State: video.Processing, Deadline: noon, Queued: queued}
	}
	t.Run("it is asked for again, and keeps its place", func(t *testing.T) {
		t.Parallel()
		w := newTenantEnv(t, 2)
		first, _ := w.planVideo("acme", 1), w.planVideo("acme", 2)
		w.now = w.now.Add(30 * time.Minute)
		for range 2 {
			w.reserveTasks(first, passed(false), true)
			w.wantTasks("acme/1:0", "acme/1:1")
		}
		w.now = w.now.Add(50 * time.Minute) // since it was asked for first that is more than a lease
		w.finishTask(first, 0)
		w.wantTasks("acme/1:2")
	})
	t.Run("it waits, and was forgotten", func(t *testing.T) {
		t.Parallel()
		w := newTenantEnv(t, 2)
		first, second := w.planVideo("acme", 1), w.planVideo("acme", 2)
		if err := w.table.DequeuePositions(t.Context(), "acme", video.Interactive, second.QueuePosition()); err != nil {
			t.Fatal(err)
		}
		w.reserveTasks(second, passed(true), false)
		w.wantTasks()
		if n := w.countWaiting("acme"); n != 1 {
			t.Errorf("%d wait", n)
		}
		w.setState(first, video.Failed)
		w.reserveTasks(second, passed(true), false)
		w.wantTasks()
		w.reserveTasks(first, video.TaskFailed{Task: testPlan.Tasks()[0]}, false)
		w.wantTasks("acme/2:0", "acme/2:1")
	})
	t.Run("nobody was told that there is room", func(t *testing.T) {
		t.Parallel()
		w := newTenantEnv(t, 2)
		_, second := w.planVideo("acme", 1), w.planVideo("acme", 2)
		w.now = w.now.Add(video.AllotmentLease)
		w.reserveTasks(second, passed(false), true)
		w.wantTasks("acme/1:2", "acme/2:0")
	})
	t.Run("it may be its turn yet", func(t *testing.T) {
		t.Parallel()
		w := newTenantEnv(t, 3)
		first := w.planVideo("acme", 1)
		w.now = w.now.Add(video.AllotmentLease)
		w.reserveTasks(first, passed(false), false)
		w.wantTasks()
		w.reserveTasks(first, passed(false), true)
		w.wantTasks("acme/1:0", "acme/1:1", "acme/1:2")
	})
}

// conflictingStore writes the window whenever it was read.
type conflictingStore struct {
	store.Store
	conflicts int
}

func (r *conflictingStore) LoadInFlightLimit(ctx context.Context, tenant string, lane video.Lane) (video.InFlightLimit, error) {
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
		t.Errorf("pauses %v, want one for each write that was lost", pauses)
	}
	w.fairShare.Limits = &conflictingStore{w.table, 1000}
	w.setState(first, video.Failed)
	row, _ := w.table.LoadVideo(t.Context(), "acme", first.ID)
	if _, err := w.fairShare.ReserveTasks(t.Context(), events.New("acme", first.ID, noon, video.TaskFailed{}), row, false); errs.KindOf(err) != errs.Transient {
		t.Errorf("got %v, want Transient", err)
	}
}

// failingStore fails one of the calls.
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

func (b failingStore) LoadInFlightLimit(ctx context.Context, tenant string, lane video.Lane) (video.InFlightLimit, error) {
	return valueOrError(b.errorFor("Window"), func() (video.InFlightLimit, error) { return b.Store.LoadInFlightLimit(ctx, tenant, lane) })
}

func (b failingStore) SaveInFlightLimit(ctx context.Context, w video.InFlightLimit) error {
	return errors.Join(b.errorFor("SaveWindow"), b.Store.SaveInFlightLimit(ctx, w))
}

func (b failingStore) EnqueuePosition(ctx context.Context, tenant string, lane video.Lane, t video.QueuePosition) error {
	return errors.Join(b.errorFor("Wait"), b.Store.EnqueuePosition(ctx, tenant, lane, t))
}

func (b failingStore) ListQueuePositions(ctx context.Context, tenant string, lane video.Lane, after video.QueuePosition, limit int) ([]video.QueuePosition, error) {
	return valueOrError(b.errorFor("Waiting"), func() ([]video.QueuePosition, error) {
		return b.Store.ListQueuePositions(ctx, tenant, lane, after, limit)
	})
}

func (b failingStore) DequeuePositions(ctx context.Context, tenant string, lane video.Lane, ts ...video.QueuePosition) error {
	return errors.Join(b.errorFor("Leave"), b.Store.DequeuePositions(ctx, tenant, lane, ts...))
}

func (b failingStore) LoadVideo(ctx context.Context, tenant, id string) (video.Video, error) {
	return valueOrError(b.errorFor("Video"), func() (video.Video, error) { return b.Store.LoadVideo(ctx, tenant, id) })
}

func valueOrError[T any](err error, do func() (T, error)) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return do()
}

// Whatever fails, the event comes again and asks for what it would have.
func TestRedeliveryRequestsTasksAfterStoreFailure(t *testing.T) {
	t.Parallel()
	for call, second := range map[string]bool{"Window": false, "SaveWindow": false, "Waiting": false, "Leave": false, "Video": false, "Wait": true} {
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
			if _, err := w.fairShare.ReserveTasks(t.Context(), events.New(v.Tenant, v.ID, w.now, what), row, second); !errors.Is(err, errBroken) {
				t.Fatalf("got %v", err)
			}
			w.fairShare = sound
			w.reserveTasks(v, what, second)
			if !slices.Equal(w.requested, want) {
				t.Errorf("asked for %v, want %v", w.requested, want)
			}
			if left := w.countWaiting("acme"); left != map[string]int{"Wait": 1, "SaveWindow": 1}[call] { // one that has its share already
				t.Errorf("%d wait", left)
			}
		})
	}
}
