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

// InFlightLimitStore are what tenants have in flight.
type InFlightLimitStore interface {
	// LoadInFlightLimit returns a tenant's window of a lane: of one that has none yet, an empty one.
	LoadInFlightLimit(ctx context.Context, tenant string, lane video.Lane) (video.InFlightLimit, error)
	// SaveInFlightLimit writes a window; Conflict unless the stored version is the one before w's.
	SaveInFlightLimit(ctx context.Context, w video.InFlightLimit) error
}

// WaitQueueStore are the videos that wait for their turn in a lane: nothing is asked for of them there yet.
type WaitQueueStore interface {
	// EnqueuePosition puts a video into its tenant's line; it may be repeated.
	EnqueuePosition(ctx context.Context, tenant string, lane video.Lane, t video.QueuePosition) error
	// ListQueuePositions returns the turns that come after another, the first first, at most limit of them.
	ListQueuePositions(ctx context.Context, tenant string, lane video.Lane, after video.QueuePosition, limit int) ([]video.QueuePosition, error)
	// DequeuePositions takes turns out of the line; it may be repeated.
	DequeuePositions(ctx context.Context, tenant string, lane video.Lane, turns ...video.QueuePosition) error
}

// VideoReader are the rows of videos.
type VideoReader interface {
	// LoadVideo returns the row with the set of its finished tasks; NotFound if there is none.
	LoadVideo(ctx context.Context, tenant, id string) (video.Video, error)
}

// FairShare shares the encode queue between tenants: each has at most so many tasks in flight in a lane, and what becomes
// free goes to the next of its tasks, whichever of its videos that is of. What is asked for is noted in the tenant's
// window first, with the event that it is asked for under, and said then: when that event comes again, as after a crash
// between the two, the same is said again. The rows of the videos have nothing of it.
//
// A wake-up that is lost is made up for: by the tenant's next event, or when the deadline of a video that waits passes.
type FairShare struct {
	Limits      InFlightLimitStore
	WaitQueue   WaitQueueStore
	Videos      VideoReader
	MaxInFlight int // tasks of a tenant in flight in a lane, at most
	Now         func() time.Time
	Backoff     func(ctx context.Context, lost int) // before a window is read anew that was lost so often; nil: none
}

// maxConflictRetries is how often a window is read anew because others of the tenant's videos have written it meanwhile.
const maxConflictRetries = 20

// maxBackoff bounds one pause: all of them fit into a message's time, and into that of those behind it in its batch.
const maxBackoff = 160 * time.Millisecond

// BackOffWithJitter waits for some milliseconds, at random, and for more the more often a window was lost to others: who came at the
// same time once would do so again, and what is refused is paid for too.
func BackOffWithJitter(ctx context.Context, lost int) {
	most := min(maxBackoff, 10*time.Millisecond<<min(lost, maxConflictRetries))
	select {
	case <-ctx.Done():
	case <-time.After(rand.N(most)):
	}
}

var errLimitContended = errors.New("the window changes faster than it can be written")

// ReserveTasks returns what is to be asked for now that e has happened to v, which is as it is after that. asks tells that v
// wants all of its tasks that are not done.
func (t FairShare) ReserveTasks(ctx context.Context, e events.Event, v video.Video, asks bool) (out []events.Event, err error) {
	if !affectsInFlight(e.Data) || v.Plan == nil {
		return nil, nil
	}
	r := fairShareStep{FairShare: t, event: e, current: v, wantsTasks: asks, now: t.Now(), videos: map[string]video.Video{v.ID: v}}
	for _, r.lane = range affectedLanes(e.Data, v) {
		tasks, err := r.reserveInLane(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, tasks...)
	}
	return out, nil
}

// affectedLanes returns the lanes in which an event may change what is in flight: a task that ends changes its own.
func affectedLanes(what any, v video.Video) []video.Lane {
	if d, ok := what.(video.TaskDone); ok && v.State.IsEncoding() {
		return []video.Lane{v.Plan.LaneOf(d.Result.Task)}
	}
	return v.Plan.Lanes()
}

// reserveInLane brings the window of the round's lane up to date and says what is in flight by the round's event.
func (r *fairShareStep) reserveInLane(ctx context.Context) ([]events.Event, error) {
	for lost := range maxConflictRetries {
		saved, err := r.updateLimit(ctx)
		if err != nil {
			return nil, err
		}
		if saved {
			return r.buildTaskEvents(ctx)
		}
		if r.Backoff != nil {
			r.Backoff(ctx, lost)
		}
	}
	return nil, errs.E("pipeline.take", errs.Transient, errLimitContended)
}

// affectsInFlight reports whether an event may change what is in flight.
func affectsInFlight(what any) bool {
	switch what.(type) {
	case video.MediaInspected, video.TaskDone, video.TaskFailed, video.DeadlinePassed, video.DeleteRequested:
		return true
	}
	return false
}

// buildTaskEvents returns what is in flight by the round's event. Another video's tasks go on in that one's trace.
func (r *fairShareStep) buildTaskEvents(ctx context.Context) (out []events.Event, err error) {
	for _, asked := range r.limit.ReservedBy(r.reservationKey()) {
		v, err := r.loadVideo(ctx, asked.Video)
		if err != nil {
			return nil, err
		}
		if !v.State.IsEncoding() { // since it was asked for
			continue
		}
		tasks := v.Plan.Tasks()
		for _, n := range asked.Tasks {
			e := events.New(v.Tenant, v.ID, r.now, v.NewEncodeRequest(tasks[n]))
			if e.Correlation = v.Correlation; v.ID != r.current.ID {
				e.Trace = v.Trace
			}
			out = append(out, e)
		}
	}
	return out, nil
}
