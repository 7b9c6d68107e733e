package publish

import (
	"context"
	"reflect"
	"time"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// fairShareStep brings a tenant's windows up to date, and on: one after the other.
type fairShareStep struct {
	FairShare
	event      events.Event
	current    video.Video // the event's
	wantsTasks bool        // it wants all of its tasks that are not done
	now        time.Time
	videos     map[string]video.Video // that were read
	lane       video.Lane
	limit      video.InFlightLimit // of it
	waitQueueCursor
}

// waitQueueCursor is what is known of a tenant's line.
type waitQueueCursor struct {
	pending  []video.QueuePosition // and not taken
	lastRead video.QueuePosition   // that was read
	atEnd    bool                  // there is nothing behind it
	removed  []video.QueuePosition
}

// updateLimit does it for one window; saved is false if another has written the window meanwhile.
func (r *fairShareStep) updateLimit(ctx context.Context) (saved bool, err error) {
	before, err := r.Limits.LoadInFlightLimit(ctx, r.current.Tenant, r.lane)
	if err != nil {
		return false, err
	}
	r.waitQueueCursor, r.limit = waitQueueCursor{}, before.ReleaseTasks(r.current, r.now).ExpireLeases(r.now)
	if _, passed := r.event.Data.(video.DeadlinePassed); passed && r.wantsTasks {
		r.limit = r.limit.RetryTasks(r.current, r.reservationKey(), r.now)
	}
	if _, had := before.FindAllotment(r.current.ID); !had && !r.current.State.IsEncoding() && r.limit.MoreWaiting {
		r.removed = append(r.removed, r.current.QueuePosition())
	}
	waits, err := r.fillFreeSlots(ctx)
	if err != nil {
		return false, err
	}
	if waits || !reflect.DeepEqual(before, r.limit) {
		r.limit.Version++
		if err := r.Limits.SaveInFlightLimit(ctx, r.limit); err != nil {
			return false, ignoreKind(err, errs.Conflict)
		}
	}
	if len(r.removed) == 0 {
		return true, nil
	}
	return true, r.WaitQueue.DequeuePositions(ctx, r.current.Tenant, r.lane, r.removed...)
}

// reservationKey stands for what is asked for under the round's event. A redelivery has the same. What says the same anew has
// the same id, but another time: a task that was done twice does not have others done twice, and these others again.
func (r *fairShareStep) reservationKey() string {
	return r.event.ID + " " + r.event.Time.UTC().Format(time.RFC3339Nano)
}

// ignoreKind returns err if it is not of a kind.
func ignoreKind(err error, kind errs.Kind) error {
	if errs.KindOf(err) == kind {
		return nil
	}
	return err
}

// fillFreeSlots asks for tasks until there is no room, or nothing more to ask for. It reports whether the event's video waits
// from now on: then the window must be written, so that who has seen the line without it is refused.
func (r *fairShareStep) fillFreeSlots(ctx context.Context) (waits bool, err error) {
	joins := r.shouldEnqueue()
	for r.limit.FreeSlots(r.MaxInFlight) > 0 {
		t, ok, err := r.nextPosition(ctx, joins)
		if err != nil {
			return false, err
		}
		if !ok {
			r.limit.MoreWaiting = false
			return false, nil
		}
		v, err := r.loadVideo(ctx, t.Video)
		if err != nil {
			return false, err
		}
		joins = joins && v.ID != r.current.ID
		r.limit = r.limit.ReleaseTasks(v, r.now).ReserveTasks(v, r.MaxInFlight, r.reservationKey(), r.now)
	}
	if !joins {
		return false, nil
	}
	r.limit.MoreWaiting = true
	return true, r.WaitQueue.EnqueuePosition(ctx, r.current.Tenant, r.lane, r.current.QueuePosition())
}

// shouldEnqueue reports whether the event's video is to get a place: it is planned, or asks for what was lost, or says that it
// waits, which it may not do any more. One that has tasks in flight has its place.
func (r *fairShareStep) shouldEnqueue() bool {
	passed, _ := r.event.Data.(video.DeadlinePassed)
	_, has := r.limit.FindAllotment(r.current.ID)
	return !has && r.limit.HasPendingTasks(r.current) && (r.wantsTasks || passed.Queued)
}

// nextPosition returns whose turn it is; ok is false if nobody waits.
func (r *fairShareStep) nextPosition(ctx context.Context, joins bool) (t video.QueuePosition, ok bool, err error) {
	if err := r.readWaitQueue(ctx); err != nil {
		return t, false, err
	}
	all := r.limit.WaitQueue()
	if joins {
		all = append(all, r.current.QueuePosition())
	}
	all = append(all, r.pending...)
	if len(all) == 0 {
		return t, false, nil
	}
	t = all[0]
	for _, o := range all {
		if o.Compare(t) < 0 {
			t = o
		}
	}
	if len(r.pending) > 0 && r.pending[0] == t {
		r.removed, r.pending = append(r.removed, t), r.pending[1:]
	}
	return t, true, nil
}

// maxPositionsPerRead is how many turns are read at once, and taken out of the line with one call.
const maxPositionsPerRead = 25

// readWaitQueue reads on in the line, if nothing is known of it and there may be somebody.
func (r *fairShareStep) readWaitQueue(ctx context.Context) error {
	if len(r.pending) > 0 || r.atEnd || !r.limit.MoreWaiting {
		return nil
	}
	limit := min(r.limit.FreeSlots(r.MaxInFlight), maxPositionsPerRead)
	turns, err := r.WaitQueue.ListQueuePositions(ctx, r.current.Tenant, r.lane, r.lastRead, limit)
	if err != nil {
		return err
	}
	if r.pending, r.atEnd = turns, len(turns) < limit; len(turns) > 0 {
		r.lastRead = turns[len(turns)-1]
	}
	return nil
}

// loadVideo returns a video's row; of one that is gone, one that nothing is asked for of.
func (r *fairShareStep) loadVideo(ctx context.Context, id string) (video.Video, error) {
	if v, ok := r.videos[id]; ok {
		return v, nil
	}
	v, err := r.Videos.LoadVideo(ctx, r.current.Tenant, id)
	if errs.KindOf(err) == errs.NotFound {
		v, err = video.Video{Tenant: r.current.Tenant, ID: id}, nil
	}
	if err == nil {
		r.videos[id] = v
	}
	return v, err
}
