package publish

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// Windows are what tenants have in flight.
type Windows interface {
	// Window returns a tenant's window of a lane: of one that has none yet, an empty one.
	Window(ctx context.Context, tenant string, lane video.Lane) (video.Window, error)
	// SaveWindow writes a window; Conflict unless the stored version is the one before w's.
	SaveWindow(ctx context.Context, w video.Window) error
}

// Lines are the videos that wait for their turn in a lane: nothing is asked for of them there yet.
type Lines interface {
	// Wait puts a video into its tenant's line; it may be repeated.
	Wait(ctx context.Context, tenant string, lane video.Lane, t video.Turn) error
	// Waiting returns the turns that come after another, the first first, at most limit of them.
	Waiting(ctx context.Context, tenant string, lane video.Lane, after video.Turn, limit int) ([]video.Turn, error)
	// Leave takes turns out of the line; it may be repeated.
	Leave(ctx context.Context, tenant string, lane video.Lane, turns ...video.Turn) error
}

// Planned are the rows of videos.
type Planned interface {
	// Video returns the row with the set of its finished tasks; NotFound if there is none.
	Video(ctx context.Context, tenant, id string) (video.Video, error)
}

// Turns shares the encode queue between tenants: each has at most so many tasks in flight in a lane, and what becomes
// free goes to the next of its tasks, whichever of its videos that is of. What is asked for is noted in the tenant's
// window first, with the event that it is asked for under, and said then: when that event comes again, as after a crash
// between the two, the same is said again. The rows of the videos have nothing of it.
//
// A wake-up that is lost is made up for: by the tenant's next event, or when the deadline of a video that waits passes.
type Turns struct {
	Windows Windows
	Lines   Lines
	Rows    Planned
	Size    int // tasks of a tenant in flight in a lane, at most
	Now     func() time.Time
	Pause   func(ctx context.Context, lost int) // before a window is read anew that was lost so often; nil: none
}

// mostRounds is how often a window is read anew because others of the tenant's videos have written it meanwhile.
const mostRounds = 20

// longestPause bounds one pause: all of them fit into a message's time, and into that of those behind it in its batch.
const longestPause = 160 * time.Millisecond

// Pause waits for some milliseconds, at random, and for more the more often a window was lost to others: who came at the
// same time once would do so again, and what is refused is paid for too.
func Pause(ctx context.Context, lost int) {
	most := min(longestPause, 10*time.Millisecond<<min(lost, mostRounds))
	select {
	case <-ctx.Done():
	case <-time.After(rand.N(most)):
	}
}

var errContended = errors.New("the window changes faster than it can be written")

// Take returns what is to be asked for now that e has happened to v, which is as it is after that. asks tells that v
// wants all of its tasks that are not done.
func (t Turns) Take(ctx context.Context, e events.Event, v video.Video, asks bool) (out []events.Event, err error) {
	if !matters(e.Data) || v.Plan == nil {
		return nil, nil
	}
	r := round{Turns: t, e: e, own: v, asks: asks, now: t.Now(), rows: map[string]video.Video{v.ID: v}}
	for _, r.lane = range lanes(e.Data, v) {
		tasks, err := r.take(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, tasks...)
	}
	return out, nil
}

// lanes returns the lanes in which an event may change what is in flight: a task that ends changes its own.
func lanes(what any, v video.Video) []video.Lane {
	if d, ok := what.(video.TaskDone); ok && v.State.Encoding() {
		return []video.Lane{v.Plan.Lane(d.Result.Task)}
	}
	return v.Plan.Lanes()
}

// take brings the window of the round's lane up to date and says what is in flight by the round's event.
func (r *round) take(ctx context.Context) ([]events.Event, error) {
	for lost := range mostRounds {
		saved, err := r.run(ctx)
		if err != nil {
			return nil, err
		}
		if saved {
			return r.say(ctx)
		}
		if r.Pause != nil {
			r.Pause(ctx, lost)
		}
	}
	return nil, errs.E("pipeline.take", errs.Transient, errContended)
}

// matters reports whether an event may change what is in flight.
func matters(what any) bool {
	switch what.(type) {
	case video.MediaInspected, video.TaskDone, video.TaskFailed, video.DeadlinePassed, video.DeleteRequested:
		return true
	}
	return false
}

// say returns what is in flight by the round's event. Another video's tasks go on in that one's trace.
func (r *round) say(ctx context.Context) (out []events.Event, err error) {
	for _, asked := range r.w.Granted(r.occasion()) {
		v, err := r.row(ctx, asked.Video)
		if err != nil {
			return nil, err
		}
		if !v.State.Encoding() { // since it was asked for
			continue
		}
		tasks := v.Plan.Tasks()
		for _, n := range asked.Tasks {
			e := events.Of(v.Tenant, v.ID, r.now, v.Encode(tasks[n]))
			if e.Correlation = v.Correlation; v.ID != r.own.ID {
				e.Trace = v.Trace
			}
			out = append(out, e)
		}
	}
	return out, nil
}
