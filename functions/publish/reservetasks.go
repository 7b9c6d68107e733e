package publish

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"time"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/fairshare"
	"sluice/shared/domain/video"
)

// InFlightLimitStore keeps the in-flight limits of tenants.
type InFlightLimitStore interface {
	// LoadInFlightLimit returns the limit of a tenant in a lane, an empty one if none was saved.
	LoadInFlightLimit(ctx context.Context, tenant string, lane video.Lane) (fairshare.InFlightLimit, error)
	// SaveInFlightLimit writes a limit. It fails with Conflict unless the stored version is the one before limit's.
	SaveInFlightLimit(ctx context.Context, limit fairshare.InFlightLimit) error
}

// WaitQueueStore keeps the wait queues of tenants: the videos of which no task has been requested in a lane yet, in the
// order in which they were planned.
type WaitQueueStore interface {
	// EnqueuePosition adds a video to its tenant's wait queue. It is idempotent.
	EnqueuePosition(ctx context.Context, tenant string, lane video.Lane, p fairshare.QueuePosition) error
	// ListQueuePositions returns the first positions that come after another, at most limit of them.
	ListQueuePositions(
		ctx context.Context, tenant string, lane video.Lane, after fairshare.QueuePosition, limit int,
	) ([]fairshare.QueuePosition, error)
	// DequeuePositions deletes positions from the wait queue. It is idempotent.
	DequeuePositions(ctx context.Context, tenant string, lane video.Lane, positions ...fairshare.QueuePosition) error
}

// VideoReader reads the rows of videos.
type VideoReader interface {
	// LoadVideo returns a video with the set of its finished tasks; NotFound if there is none.
	LoadVideo(ctx context.Context, tenant, id string) (video.Video, error)
}

// FairShare shares the encode queues between tenants: in each lane a tenant has at most MaxInFlight tasks in flight. A
// slot that becomes free goes to the next task in the tenant's wait queue, of whichever of its videos that is.
//
// Tasks are first reserved in the stored limit, under the key of the event that is being handled, and requested only
// then. When the event is delivered again, for example after a crash between the two, the same tasks are requested
// again. The rows of the videos are not changed.
//
// If an event is lost that would have freed a slot, the slot is filled by the tenant's next event, or at the latest
// when the deadline of a waiting video passes.
type FairShare struct {
	Limits      InFlightLimitStore
	WaitQueue   WaitQueueStore
	Videos      VideoReader
	MaxInFlight int // tasks of a tenant in a lane
	Now         func() time.Time
	Backoff     func(ctx context.Context, conflicts int) // waits after so many conflicts in a row; nil: not at all
}

const (
	maxConflictRetries  = 20                     // times that a limit is read again because another writer was first
	maxBackoff          = 160 * time.Millisecond // so that all waits together fit into a message's visibility timeout
	maxPositionsPerRead = 25                     // positions that one call reads, and one transaction deletes
)

// BackOffWithJitter waits for a random time, of at most 10 ms after the first conflict and twice as much after each
// other one, up to maxBackoff. Without jitter, writers that met once would meet again, and DynamoDB charges for refused
// writes too.
func BackOffWithJitter(ctx context.Context, conflicts int) {
	limit := min(maxBackoff, 10*time.Millisecond<<min(conflicts, maxConflictRetries))
	select {
	case <-ctx.Done():
	case <-time.After(rand.N(limit)):
	}
}

var errLimitContended = errors.New("the in-flight limit changes faster than it can be written")

// RequestTasks returns the encode requests to send now that e has happened to v, which is as it is after e. They may be
// of other videos of the tenant. wantsTasks says that v needs all of its tasks that are not done.
func (f FairShare) RequestTasks(
	ctx context.Context, e events.Event, v video.Video, wantsTasks bool,
) (out []events.Event, err error) {
	if v.Plan == nil {
		return nil, nil
	}
	lanes := v.Plan.Lanes()
	switch d := e.Data.(type) {
	case video.EncodeDone: // it only changes its own lane
		if v.State.IsEncoding() {
			lanes = []video.Lane{v.Plan.LaneOf(d.Result.Task)}
		}
	case video.MediaInspected, video.EncodeFailed, video.DeadlinePassed, video.DeleteRequested:
	default: // it does not change what is in flight
		return nil, nil
	}
	r := newShareRequest(e, v, wantsTasks, f.Now())
	for _, lane := range lanes {
		limit, err := f.updateLimit(ctx, r, lane)
		if err != nil {
			return nil, err
		}
		tasks, err := f.buildTaskEvents(ctx, r, limit)
		if err != nil {
			return nil, err
		}
		out = append(out, tasks...)
	}
	return out, nil
}

// updateLimit returns the limit of a lane after r, once it is stored. Transient: other writers were first each time.
func (f FairShare) updateLimit(ctx context.Context, r shareRequest, lane video.Lane) (fairshare.InFlightLimit, error) {
	for conflicts := range maxConflictRetries {
		limit, saved, err := f.tryUpdateLimit(ctx, r, lane)
		if saved || err != nil {
			return limit, err
		}
		if f.Backoff != nil {
			f.Backoff(ctx, conflicts)
		}
	}
	return fairshare.InFlightLimit{}, errs.E("publish.updateLimit", errs.Transient, errLimitContended)
}

// tryUpdateLimit reads a limit, lets r change it and saves it; saved is false if another writer was first. A video that
// starts to wait is enqueued before the limit is saved with MoreWaiting set: a writer that did not see the video gets a
// conflict.
func (f FairShare) tryUpdateLimit(
	ctx context.Context, r shareRequest, lane video.Lane,
) (_ fairshare.InFlightLimit, saved bool, err error) {
	tenant := r.video.Tenant
	before, err := f.Limits.LoadInFlightLimit(ctx, tenant, lane)
	if err != nil {
		return before, false, err
	}
	u, err := f.fillFreeSlots(ctx, newLimitUpdate(before, f.MaxInFlight, r), r, lane)
	if err != nil {
		return before, false, err
	}
	if u.mustEnqueue {
		u.limit.MoreWaiting = true
		if err := f.WaitQueue.EnqueuePosition(ctx, tenant, lane, fairshare.PositionOf(r.video)); err != nil {
			return before, false, err
		}
	}
	if u.mustEnqueue || !reflect.DeepEqual(before, u.limit) {
		u.limit.Version++
		if err := f.Limits.SaveInFlightLimit(ctx, u.limit); errs.KindOf(err) == errs.Conflict {
			return before, false, nil
		} else if err != nil {
			return before, false, err
		}
	}
	if len(u.taken) > 0 {
		err = f.WaitQueue.DequeuePositions(ctx, tenant, lane, u.taken...)
	}
	return u.limit, true, err
}

// fillFreeSlots reserves tasks until no slot is free or no video waits.
func (f FairShare) fillFreeSlots(
	ctx context.Context, u limitUpdate, r shareRequest, lane video.Lane,
) (limitUpdate, error) {
	var last fairshare.QueuePosition
	for atEnd := false; u.countFreeSlots() > 0; {
		if len(u.waiting) == 0 && !atEnd && u.limit.MoreWaiting {
			n := min(u.countFreeSlots(), maxPositionsPerRead)
			page, err := f.WaitQueue.ListQueuePositions(ctx, r.video.Tenant, lane, last, n)
			if err != nil {
				return u, err
			}
			if u.waiting, atEnd = page, len(page) < n; len(page) > 0 {
				last = page[len(page)-1]
			}
		}
		var next fairshare.QueuePosition
		var ok bool
		if u, next, ok = u.takeNext(r); !ok {
			return u, nil
		}
		v, err := f.loadVideo(ctx, r, next.Video)
		if err != nil {
			return u, err
		}
		u = u.reserveTasks(v, r)
	}
	return u, nil
}

// loadVideo returns a video of the request's tenant, which it reads once for each request. A video that does not exist
// any more has no state, so that no task of it is reserved.
func (f FairShare) loadVideo(ctx context.Context, r shareRequest, id string) (video.Video, error) {
	if v, ok := r.videos[id]; ok {
		return v, nil
	}
	v, err := f.Videos.LoadVideo(ctx, r.video.Tenant, id)
	if errs.KindOf(err) == errs.NotFound {
		v, err = video.Video{Tenant: r.video.Tenant, ID: id}, nil
	}
	if err == nil {
		r.videos[id] = v
	}
	return v, err
}

// buildTaskEvents returns the encode requests of the tasks that are reserved under r's key. Those of another video
// continue that video's trace.
func (f FairShare) buildTaskEvents(
	ctx context.Context, r shareRequest, limit fairshare.InFlightLimit,
) (out []events.Event, err error) {
	for _, reservation := range limit.ReservedBy(r.key) {
		v, err := f.loadVideo(ctx, r, reservation.Video)
		if err != nil {
			return nil, err
		}
		if !v.State.IsEncoding() { // it has failed or was deleted since
			continue
		}
		tasks := v.Plan.Tasks()
		for _, n := range reservation.Tasks {
			e := events.New(v.Tenant, v.ID, r.now, v.NewEncodeRequest(tasks[n]))
			if e.Correlation = v.Correlation; v.ID != r.video.ID {
				e.Trace = v.Trace
			}
			out = append(out, e)
		}
	}
	return out, nil
}
