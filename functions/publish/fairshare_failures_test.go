package publish_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"sluice/events"
	"sluice/functions/publish"
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
		env := newTenantEnv(t, 2)
		first, _ := env.planVideo("acme", 1), env.planVideo("acme", 2)
		env.now = env.now.Add(30 * time.Minute)
		for range 2 {
			env.reserveTasks(first, passed(false), true)
			env.wantTasks("acme/1:0", "acme/1:1")
		}
		env.now = env.now.Add(50 * time.Minute) // more than a lease after the first request
		env.finishTask(first, 0)
		env.wantTasks("acme/1:2")
	})
	t.Run("a waiting video that is not in the wait queue is enqueued", func(t *testing.T) {
		t.Parallel()
		env := newTenantEnv(t, 2)
		first, second := env.planVideo("acme", 1), env.planVideo("acme", 2)
		if err := env.table.DequeuePositions(
			t.Context(), "acme", video.Interactive, fairshare.PositionOf(second),
		); err != nil {
			t.Fatal(err)
		}
		env.reserveTasks(second, passed(true), false)
		env.wantTasks()
		if n := env.countWaiting("acme"); n != 1 {
			t.Errorf("%d videos wait", n)
		}
		env.setState(first, video.Failed)
		env.reserveTasks(second, passed(true), false)
		env.wantTasks()
		env.reserveTasks(first, video.EncodeFailed{Task: testPlan.Tasks()[0]}, false)
		env.wantTasks("acme/2:0", "acme/2:1")
	})
	t.Run("expired leases free slots", func(t *testing.T) {
		t.Parallel()
		env := newTenantEnv(t, 2)
		_, second := env.planVideo("acme", 1), env.planVideo("acme", 2)
		env.now = env.now.Add(fairshare.LeaseDuration)
		env.reserveTasks(second, passed(false), true)
		env.wantTasks("acme/1:2", "acme/2:0")
	})
	t.Run("tasks with an expired lease are requested again", func(t *testing.T) {
		t.Parallel()
		env := newTenantEnv(t, 3)
		first := env.planVideo("acme", 1)
		env.now = env.now.Add(fairshare.LeaseDuration)
		env.reserveTasks(first, passed(false), false)
		env.wantTasks()
		env.reserveTasks(first, passed(false), true)
		env.wantTasks("acme/1:0", "acme/1:1", "acme/1:2")
	})
}

// conflictingStore writes the in-flight limit each time that it was read.
type conflictingStore struct {
	store.Store
	conflicts int
}

func (s *conflictingStore) LoadInFlightLimit(
	ctx context.Context, tenant string, lane video.Lane,
) (fairshare.InFlightLimit, error) {
	l, err := s.Store.LoadInFlightLimit(ctx, tenant, lane)
	if s.conflicts--; err == nil && s.conflicts >= 0 {
		next := l
		next.Version++
		err = s.SaveInFlightLimit(ctx, next)
	}
	return l, err
}

func TestInFlightLimitConflictIsRetried(t *testing.T) {
	t.Parallel()
	env := newTenantEnv(t, 2)
	env.fairShare.Limits = &conflictingStore{env.table, 5}
	var pauses []int
	env.fairShare.Backoff = func(_ context.Context, lost int) { pauses = append(pauses, lost) }
	first := env.planVideo("acme", 1)
	env.wantTasks("acme/1:0", "acme/1:1")
	if !slices.Equal(pauses, []int{0, 1, 2, 3, 4}) {
		t.Errorf("backoffs %v, want one for each conflict", pauses)
	}
	env.fairShare.Limits = &conflictingStore{env.table, 1000}
	env.setState(first, video.Failed)
	row, _ := env.table.LoadVideo(t.Context(), "acme", first.ID)
	if _, err := env.fairShare.RequestTasks(
		t.Context(), publish.TaskRequest{Event: events.New("acme", first.ID, noon, video.EncodeFailed{}), Video: row},
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

func (s failingStore) errorFor(call string) error {
	if s.failingCall == call {
		return errBroken
	}
	return nil
}

func (s failingStore) LoadInFlightLimit(
	ctx context.Context, tenant string, lane video.Lane,
) (fairshare.InFlightLimit, error) {
	return valueOrError(s.errorFor("LoadInFlightLimit"), func() (fairshare.InFlightLimit, error) {
		return s.Store.LoadInFlightLimit(ctx, tenant, lane)
	})
}

func (s failingStore) SaveInFlightLimit(ctx context.Context, l fairshare.InFlightLimit) error {
	return errors.Join(s.errorFor("SaveInFlightLimit"), s.Store.SaveInFlightLimit(ctx, l))
}

func (s failingStore) EnqueuePosition(
	ctx context.Context, tenant string, lane video.Lane, p fairshare.QueuePosition,
) error {
	return errors.Join(s.errorFor("EnqueuePosition"), s.Store.EnqueuePosition(ctx, tenant, lane, p))
}

func (s failingStore) ListQueuePositions(
	ctx context.Context, tenant string, lane video.Lane, after fairshare.QueuePosition, limit int,
) ([]fairshare.QueuePosition, error) {
	return valueOrError(s.errorFor("ListQueuePositions"), func() ([]fairshare.QueuePosition, error) {
		return s.Store.ListQueuePositions(ctx, tenant, lane, after, limit)
	})
}

func (s failingStore) DequeuePositions(
	ctx context.Context, tenant string, lane video.Lane, ts ...fairshare.QueuePosition,
) error {
	return errors.Join(s.errorFor("DequeuePositions"), s.Store.DequeuePositions(ctx, tenant, lane, ts...))
}

func (s failingStore) LoadVideos(ctx context.Context, refs ...video.Ref) (map[video.Ref]video.Video, error) {
	return valueOrError(s.errorFor("LoadVideos"), func() (map[video.Ref]video.Video, error) {
		return s.Store.LoadVideos(ctx, refs...)
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
		"LoadVideos": false, "EnqueuePosition": true,
	} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			env := newTenantEnv(t, 3)
			first := env.planVideo("acme", 1)
			v, what := first, video.Event(video.EncodeFailed{Task: testPlan.Tasks()[0]})
			want := []string{"acme/2:0", "acme/2:1", "acme/2:2"}
			if second {
				v, what, want = env.createVideo("acme", 2), env.inspectedEvent(), nil
			} else {
				env.planVideo("acme", 2)
				env.setState(first, video.Failed)
			}
			row, err := env.table.LoadVideo(t.Context(), v.Tenant, v.ID)
			if err != nil {
				t.Fatal(err)
			}
			s, sound := failingStore{env.table, call}, env.fairShare
			env.fairShare.Limits, env.fairShare.WaitQueue, env.fairShare.Videos = s, s, s
			if _, err := env.fairShare.RequestTasks(t.Context(), publish.TaskRequest{
				Event: events.New(v.Tenant, v.ID, env.now, what), Video: row, WantsTasks: second,
			}); !errors.Is(err, errBroken) {
				t.Fatalf("got %v", err)
			}
			env.fairShare = sound
			env.reserveTasks(v, what, second)
			if !slices.Equal(env.requested, want) {
				t.Errorf("requested %v, want %v", env.requested, want)
			}
			// it has its allotment already
			if left := env.countWaiting("acme"); left != map[string]int{
				"EnqueuePosition": 1, "SaveInFlightLimit": 1,
			}[call] {
				t.Errorf("%d videos wait", left)
			}
		})
	}
}
