package publish

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
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
	// LoadVideos returns those of the videos that exist, without the sets of their finished tasks.
	LoadVideos(ctx context.Context, refs ...video.Ref) (map[video.Ref]video.Video, error)
	// LoadFinishedTasks returns the set of finished tasks of a video.
	LoadFinishedTasks(ctx context.Context, tenant, id string) (map[int]bool, error)
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

// TaskRequest is an event that has happened to a video, which is as it is after it. WantsTasks: the video needs all of
// its tasks that are not done.
type TaskRequest struct {
	Event      events.Event
	Video      video.Video
	WantsTasks bool
}

// RequestTasks returns the encode requests to send now that events have happened to videos of one tenant, for each
// event. They may be of other videos of the tenant.
func (f FairShare) RequestTasks(ctx context.Context, rs ...TaskRequest) (out [][]events.Event, err error) {
	out = make([][]events.Event, len(rs))
	videos := map[string]video.Video{}
	for _, r := range rs {
		videos[r.Video.ID] = r.Video
	}
	for _, lane := range []video.Lane{video.Interactive, video.Bulk} {
		var requests []shareRequest
		var indexes []int
		for i, r := range rs {
			if slices.Contains(r.affectedLanes(), lane) {
				requests, indexes = append(requests, newShareRequest(r, f.Now(), videos)), append(indexes, i)
			}
		}
		if len(requests) == 0 {
			continue
		}
		limit, err := f.updateLimit(ctx, requests, lane)
		if err != nil {
			return nil, err
		}
		for n, r := range requests {
			tasks, err := f.buildTaskEvents(ctx, r, limit)
			if err != nil {
				return nil, err
			}
			out[indexes[n]] = append(out[indexes[n]], tasks...)
		}
	}
	return out, nil
}

// affectedLanes returns the lanes in which the event changes what is in flight.
func (r TaskRequest) affectedLanes() []video.Lane {
	if r.Video.Plan == nil {
		return nil
	}
	switch d := r.Event.Data.(type) {
	case video.EncodeDone: // it only changes its own lane
		if r.Video.State.IsEncoding() {
			return []video.Lane{r.Video.Plan.LaneOf(d.Result.Task)}
		}
	case video.MediaInspected, video.EncodeFailed, video.DeadlinePassed, video.DeleteRequested:
	default:
		return nil
	}
	return r.Video.Plan.Lanes()
}

// updateLimit returns the limit of a lane after requests of one tenant, once it is stored. Transient: other writers
// were first each time.
func (f FairShare) updateLimit(
	ctx context.Context, rs []shareRequest, lane video.Lane,
) (fairshare.InFlightLimit, error) {
	for conflicts := range maxConflictRetries {
		limit, saved, err := f.tryUpdateLimit(ctx, rs, lane)
		if saved || err != nil {
			return limit, err
		}
		if f.Backoff != nil {
			f.Backoff(ctx, conflicts)
		}
	}
	return fairshare.InFlightLimit{}, errs.E("publish.updateLimit", errs.Transient, errLimitContended)
}

// tryUpdateLimit reads a limit, lets requests change it and saves it; saved is false if another writer was first. A
// video that starts to wait is enqueued before the limit is saved with MoreWaiting set: a writer that did not see the
// video gets a conflict.
func (f FairShare) tryUpdateLimit(
	ctx context.Context, rs []shareRequest, lane video.Lane,
) (_ fairshare.InFlightLimit, saved bool, err error) {
	tenant := rs[0].video.Tenant
	before, err := f.Limits.LoadInFlightLimit(ctx, tenant, lane)
	if err != nil {
		return before, false, err
	}
	u, enqueued := newLimitUpdate(before, f.MaxInFlight, rs...), false
	for _, r := range rs {
		if u, err = f.fillFreeSlots(ctx, u.startRequest(r), r, lane); err != nil {
			return before, false, err
		}
		if u.mustEnqueue {
			if err := f.WaitQueue.EnqueuePosition(ctx, tenant, lane, fairshare.PositionOf(r.video)); err != nil {
				return before, false, err
			}
			u, enqueued = u.joinQueue(fairshare.PositionOf(r.video)), true
		}
	}
	after := u.finish()
	if enqueued || !reflect.DeepEqual(before, after) {
		after.Version++
		if err := f.Limits.SaveInFlightLimit(ctx, after); errs.KindOf(err) == errs.Conflict {
			return before, false, nil
		} else if err != nil {
			return before, false, err
		}
	}
	if len(u.taken) > 0 {
		err = f.WaitQueue.DequeuePositions(ctx, tenant, lane, u.taken...)
	}
	return after, true, err
}

// fillFreeSlots reserves tasks until no slot is free or no video waits.
func (f FairShare) fillFreeSlots(
	ctx context.Context, u limitUpdate, r shareRequest, lane video.Lane,
) (limitUpdate, error) {
	for u.countFreeSlots() > 0 {
		if u.needsPage() {
			n := min(u.countFreeSlots(), maxPositionsPerRead)
			page, err := f.WaitQueue.ListQueuePositions(ctx, r.video.Tenant, lane, u.last, n)
			if err != nil {
				return u, err
			}
			if u = u.addPage(page, len(page) < n); len(u.waiting) == 0 && !u.atEnd {
				continue
			}
		}
		var next fairshare.QueuePosition
		var ok bool
		if u, next, ok = u.takeNext(r); !ok {
			return u, nil
		}
		v, err := f.loadVideo(ctx, r, u.limit, next.Video)
		if err != nil {
			return u, err
		}
		u = u.reserveTasks(v, r)
	}
	return u, nil
}
