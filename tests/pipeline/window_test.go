package pipeline_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"sluice/events"
	"sluice/functions/publish"
	"sluice/shared/domain/video"
)

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

// Pauses get longer, up to a limit, and end with the time that there is.
func TestPausesEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		took := func(ctx context.Context, lost int) (longest time.Duration) {
			for range 100 {
				began := time.Now()
				publish.Pause(ctx, lost)
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

func TestOnlySomeEventsLookAtTheWindow(t *testing.T) {
	t.Parallel()
	turns := publish.Turns{Now: func() time.Time { return noon }} // no window to look at
	for _, what := range []video.Event{video.UploadCompleted{}, video.SweepDone{}, video.MediaRefused{}, video.TaskDone{}} {
		v := video.Video{Tenant: "acme", ID: "vid_1"}
		if out, err := turns.Take(t.Context(), events.Of("acme", "vid_1", noon, what), v, false); out != nil || err != nil {
			t.Errorf("%T: %v, %v", what, out, err)
		}
	}
}
