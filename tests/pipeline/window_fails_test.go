package pipeline_test

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

func TestADeadlineMendsWhatWasLost(t *testing.T) {
	t.Parallel()
	passed := func(queued bool) video.Event {
		return video.DeadlinePassed{State: video.Processing, Deadline: noon, Queued: queued}
	}
	t.Run("it is asked for again, and keeps its place", func(t *testing.T) {
		t.Parallel()
		w := newTenants(t, 2)
		first, _ := w.plan("acme", 1), w.plan("acme", 2)
		w.now = w.now.Add(30 * time.Minute)
		for range 2 {
			w.take(first, passed(false), true)
			w.want("acme/1:0", "acme/1:1")
		}
		w.now = w.now.Add(50 * time.Minute) // since it was asked for first that is more than a lease
		w.done(first, 0)
		w.want("acme/1:2")
	})
	t.Run("it waits, and was forgotten", func(t *testing.T) {
		t.Parallel()
		w := newTenants(t, 2)
		first, second := w.plan("acme", 1), w.plan("acme", 2)
		if err := w.rows.Leave(t.Context(), "acme", video.Interactive, second.Turn()); err != nil {
			t.Fatal(err)
		}
		w.take(second, passed(true), false)
		w.want()
		if n := w.waiting("acme"); n != 1 {
			t.Errorf("%d wait", n)
		}
		w.state(first, video.Failed)
		w.take(second, passed(true), false)
		w.want()
		w.take(first, video.TaskFailed{Task: plan.Tasks()[0]}, false)
		w.want("acme/2:0", "acme/2:1")
	})
	t.Run("nobody was told that there is room", func(t *testing.T) {
		t.Parallel()
		w := newTenants(t, 2)
		_, second := w.plan("acme", 1), w.plan("acme", 2)
		w.now = w.now.Add(video.WindowLease)
		w.take(second, passed(false), true)
		w.want("acme/1:2", "acme/2:0")
	})
	t.Run("it may be its turn yet", func(t *testing.T) {
		t.Parallel()
		w := newTenants(t, 3)
		first := w.plan("acme", 1)
		w.now = w.now.Add(video.WindowLease)
		w.take(first, passed(false), false)
		w.want()
		w.take(first, passed(false), true)
		w.want("acme/1:0", "acme/1:1", "acme/1:2")
	})
}

// rival writes the window whenever it was read.
type rival struct {
	*store.Memory
	times int
}

func (r *rival) Window(ctx context.Context, tenant string, lane video.Lane) (video.Window, error) {
	w, err := r.Memory.Window(ctx, tenant, lane)
	if r.times--; err == nil && r.times >= 0 {
		next := w
		next.Version++
		err = r.SaveWindow(ctx, next)
	}
	return w, err
}

func TestAWindowThatOthersWriteIsReadAgain(t *testing.T) {
	t.Parallel()
	w := newTenants(t, 2)
	w.turns.Windows = &rival{w.rows, 5}
	var pauses []int
	w.turns.Pause = func(_ context.Context, lost int) { pauses = append(pauses, lost) }
	first := w.plan("acme", 1)
	w.want("acme/1:0", "acme/1:1")
	if !slices.Equal(pauses, []int{0, 1, 2, 3, 4}) {
		t.Errorf("pauses %v, want one for each write that was lost", pauses)
	}
	w.turns.Windows = &rival{w.rows, 1000}
	w.state(first, video.Failed)
	row, _ := w.rows.Video(t.Context(), "acme", first.ID)
	if _, err := w.turns.Take(t.Context(), events.Of("acme", first.ID, noon, video.TaskFailed{}), row, false); errs.KindOf(err) != errs.Transient {
		t.Errorf("got %v, want Transient", err)
	}
}

// broken fails one of the calls.
type broken struct {
	*store.Memory
	call string
}

var errBroken = errors.New("broken")

func (b broken) fails(call string) error {
	if b.call == call {
		return errBroken
	}
	return nil
}

func (b broken) Window(ctx context.Context, tenant string, lane video.Lane) (video.Window, error) {
	return errorOr(b.fails("Window"), func() (video.Window, error) { return b.Memory.Window(ctx, tenant, lane) })
}

func (b broken) SaveWindow(ctx context.Context, w video.Window) error {
	return errors.Join(b.fails("SaveWindow"), b.Memory.SaveWindow(ctx, w))
}

func (b broken) Wait(ctx context.Context, tenant string, lane video.Lane, t video.Turn) error {
	return errors.Join(b.fails("Wait"), b.Memory.Wait(ctx, tenant, lane, t))
}

func (b broken) Waiting(ctx context.Context, tenant string, lane video.Lane, after video.Turn, limit int) ([]video.Turn, error) {
	return errorOr(b.fails("Waiting"), func() ([]video.Turn, error) { return b.Memory.Waiting(ctx, tenant, lane, after, limit) })
}

func (b broken) Leave(ctx context.Context, tenant string, lane video.Lane, ts ...video.Turn) error {
	return errors.Join(b.fails("Leave"), b.Memory.Leave(ctx, tenant, lane, ts...))
}

func (b broken) Video(ctx context.Context, tenant, id string) (video.Video, error) {
	return errorOr(b.fails("Video"), func() (video.Video, error) { return b.Memory.Video(ctx, tenant, id) })
}

func errorOr[T any](err error, do func() (T, error)) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return do()
}

// Whatever fails, the event comes again and asks for what it would have.
func TestWhatFailsIsDoneByTheRedelivery(t *testing.T) {
	t.Parallel()
	for call, second := range map[string]bool{"Window": false, "SaveWindow": false, "Waiting": false, "Leave": false, "Video": false, "Wait": true} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			w := newTenants(t, 3)
			first := w.plan("acme", 1)
			v, what := first, video.Event(video.TaskFailed{Task: plan.Tasks()[0]})
			want := []string{"acme/2:0", "acme/2:1", "acme/2:2"}
			if second {
				v, what, want = w.make("acme", 2), w.inspected(), nil
			} else {
				w.plan("acme", 2)
				w.state(first, video.Failed)
			}
			row, err := w.rows.Video(t.Context(), v.Tenant, v.ID)
			if err != nil {
				t.Fatal(err)
			}
			b, sound := broken{w.rows, call}, w.turns
			w.turns.Windows, w.turns.Lines, w.turns.Rows = b, b, b
			if _, err := w.turns.Take(t.Context(), events.Of(v.Tenant, v.ID, w.now, what), row, second); !errors.Is(err, errBroken) {
				t.Fatalf("got %v", err)
			}
			w.turns = sound
			w.take(v, what, second)
			if !slices.Equal(w.said, want) {
				t.Errorf("asked for %v, want %v", w.said, want)
			}
			if left := w.waiting("acme"); left != map[string]int{"Wait": 1, "SaveWindow": 1}[call] { // one that has its share already
				t.Errorf("%d wait", left)
			}
		})
	}
}
