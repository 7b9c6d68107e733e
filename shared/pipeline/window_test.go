package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/shared/pipeline"
	"sluice/shared/store"
	"sluice/shared/video"
)

// tenants are videos of several tenants, and what publish asks for of them. Each has three tasks unless cut says
// otherwise.
type tenants struct {
	*testing.T
	rows  *store.Memory
	turns pipeline.Turns
	now   time.Time
	cut   video.Plan
	said  []string // "acme/1:0" being task 0 of acme's video 1
}

func newTenants(t *testing.T, size int) *tenants {
	w := &tenants{T: t, rows: &store.Memory{}, now: noon, cut: plan}
	w.turns = pipeline.Turns{Windows: w.rows, Lines: w.rows, Rows: w.rows, Size: size, Now: func() time.Time { return w.now }}
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

func TestATenantHasItsWindowAndOthersHaveTheirs(t *testing.T) {
	t.Parallel()
	w := newTenants(t, 2)
	first := w.plan("acme", 1)
	w.want("acme/1:0", "acme/1:1")
	second := w.plan("acme", 2)
	w.want()
	w.plan("other", 3)
	w.want("other/3:0", "other/3:1")
	w.done(first, 1)
	w.want("acme/1:2")
	w.done(first, 0)
	w.want("acme/2:0")
	w.done(first, 2)
	w.want("acme/2:1")
	w.done(second, 1)
	w.want("acme/2:2")
	if n := w.waiting("acme"); n > 0 {
		t.Errorf("%d wait", n)
	}
	w.done(second, 0)
	w.done(second, 2)
	w.want()
	left, err := w.rows.Window(t.Context(), "acme", video.Interactive)
	if left.Version = 0; err != nil || left.More || left.Shares != nil {
		t.Errorf("left is %+v, %v", left, err)
	}
}

// What a film needs later is in a lane of its own: the tenant's clips do not wait for it.
func TestAFilmDoesNotHoldUpAClip(t *testing.T) {
	t.Parallel()
	w := newTenants(t, 5)
	film := plan
	film.Borders = nil
	for k := range 20 {
		film.Borders = append(film.Borders, k*200)
	}
	w.cut = film
	first := w.plan("acme", 1)
	w.want("acme/1:0", "acme/1:1", "acme/1:2", "acme/1:3", "acme/1:4", "acme/1:5", "acme/1:6", "acme/1:7", "acme/1:8", "acme/1:9")
	second := w.plan("acme", 2)
	w.want()
	w.done(first, 9)
	w.want("acme/1:10")
	w.done(first, 0)
	w.want("acme/2:0")
	w.state(first, video.Failed)
	w.take(first, video.TaskFailed{Task: film.Tasks()[7]}, false)
	w.want("acme/2:1", "acme/2:2", "acme/2:3", "acme/2:4", "acme/2:5", "acme/2:6", "acme/2:7", "acme/2:8", "acme/2:9")
	w.state(second, video.Failed)
	w.take(second, video.TaskFailed{Task: film.Tasks()[7]}, false)
	w.plan("acme", 3)
	w.cut = plan
	for n := range 5 {
		w.done(video.Video{Tenant: "acme", ID: "vid_3"}, n)
	}
	w.plan("acme", 4)
	w.want("acme/4:0", "acme/4:1", "acme/4:2")
}

func TestTheTasksOfAnotherVideoAreItsOwn(t *testing.T) {
	t.Parallel()
	w := newTenants(t, 3)
	first := w.plan("acme", 1)
	w.plan("acme", 2)
	w.state(first, video.Failed)
	out := w.take(first, video.TaskFailed{Task: plan.Tasks()[0]}, false)
	w.want("acme/2:0", "acme/2:1", "acme/2:2")
	if e := out[0]; e.Correlation != "c2" || e.Trace != "trace 2" || e.ID != "vid_2:encode.requested.v1:0" {
		t.Errorf("said %+v", e)
	}
	w.plan("other", 3)
	if e := w.take(w.make("other", 4), w.inspected(), true); e != nil {
		t.Errorf("said %v of a full window", e)
	}
}

func TestARedeliveryAsksForTheSame(t *testing.T) {
	t.Parallel()
	w := newTenants(t, 2)
	first, second := w.plan("acme", 1), w.plan("acme", 2)
	for range 2 {
		w.now = first.Times.Inspected
		w.take(first, w.inspected(), true)
		w.want("acme/1:0", "acme/1:1")
		w.now = second.Times.Inspected
		w.take(second, w.inspected(), true)
		w.want()
	}
	w.done(first, 0)
	w.done(first, 1)
	w.want("acme/2:0")
	for range 2 {
		w.done(first, 0)
		w.want("acme/1:2")
		w.done(first, 1)
		w.want("acme/2:0")
	}
	w.take(second, w.inspected(), true)
	w.want()
}

// A message of the encode queue may come twice: then a task is done twice, minutes apart, and what it has made room for
// is under way already.
func TestATaskThatIsDoneTwiceAsksForNothingAgain(t *testing.T) {
	t.Parallel()
	w := newTenants(t, 2)
	first := w.plan("acme", 1)
	w.done(first, 0)
	w.want("acme/1:2")
	w.done(first, 0)
	w.want("acme/1:2")
	w.now = w.now.Add(6 * time.Minute)
	w.done(first, 0)
	w.want()
}

func TestWhoLeavesMakesRoom(t *testing.T) {
	t.Parallel()
	for what, e := range map[video.State]video.Event{
		video.Failed: video.TaskFailed{Task: plan.Tasks()[0]}, video.Deleting: video.DeleteRequested{},
	} {
		t.Run(string(what), func(t *testing.T) {
			t.Parallel()
			w := newTenants(t, 3)
			first, second, third := w.plan("acme", 1), w.plan("acme", 2), w.plan("acme", 3)
			w.state(second, what)
			w.take(second, e, false)
			w.want()
			if n := w.waiting("acme"); n != 1 {
				t.Errorf("%d wait", n)
			}
			w.state(first, what)
			w.take(first, e, false)
			w.want("acme/3:0", "acme/3:1", "acme/3:2")
			w.state(third, what)
			w.take(third, e, false)
			w.want()
		})
	}
}

// What stands in the line may have left without a word, and what was asked for too.
func TestTheLineIsHeldAgainstTheRows(t *testing.T) {
	t.Parallel()
	w := newTenants(t, 3)
	first := w.plan("acme", 1)
	for n := range 30 {
		w.state(w.plan("acme", 10+n), video.Deleting)
	}
	if err := w.rows.Wait(t.Context(), "acme", video.Interactive, video.Turn{Planned: w.now, Video: "vid_gone"}); err != nil {
		t.Fatal(err)
	}
	w.plan("acme", 50)
	w.done(first, 0)
	w.want("acme/50:0")
	if n := w.waiting("acme"); n > 0 {
		t.Errorf("%d wait", n)
	}
}

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
	if _, err := w.turns.Take(t.Context(), events.Of("acme", first.ID, noon, video.TaskFailed{}), row, false); video.KindOf(err) != video.Transient {
		t.Errorf("got %v, want Transient", err)
	}
}

// Pauses get longer, up to a limit, and end with the time that there is.
func TestPausesEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		took := func(ctx context.Context, lost int) (longest time.Duration) {
			for range 100 {
				began := time.Now()
				pipeline.Pause(ctx, lost)
				longest = max(longest, time.Since(began))
			}
			return longest
		}
		for lost, most := range map[int]time.Duration{0: 10 * time.Millisecond, 2: 40 * time.Millisecond, 19: 160 * time.Millisecond, 99: 160 * time.Millisecond} {
			if d := took(t.Context(), lost); d > most || d < most/2 {
				t.Errorf("lost %d times: %v, want up to %v", lost, d, most)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if d := took(ctx, 9); d > 0 {
			t.Errorf("%v when the time is up", d)
		}
	})
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

func TestOnlySomeEventsLookAtTheWindow(t *testing.T) {
	t.Parallel()
	turns := pipeline.Turns{Now: func() time.Time { return noon }} // no window to look at
	for _, what := range []video.Event{video.UploadCompleted{}, video.SweepDone{}, video.MediaRefused{}, video.TaskDone{}} {
		v := video.Video{Tenant: "acme", ID: "vid_1"}
		if out, err := turns.Take(t.Context(), events.Of("acme", "vid_1", noon, what), v, false); out != nil || err != nil {
			t.Errorf("%T: %v, %v", what, out, err)
		}
	}
}
