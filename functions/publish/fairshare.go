package publish

import (
	"slices"
	"time"

	"sluice/events"
	"sluice/shared/domain/fairshare"
	"sluice/shared/domain/video"
)

// shareRequest is what an event that has happened to a video asks of its tenant's in-flight limits.
type shareRequest struct {
	video video.Video // as it is after the event
	// key is the one under which the tasks that the event reserves are recorded in the in-flight limit. The redelivery
	// of a message has the same key, so that it reserves nothing more and returns the same tasks. A second event with
	// the same id has another time and so another key: when a task was done twice, the tasks that the first EncodeDone
	// reserved are not requested again by the second.
	key        string
	wantsTasks bool // reserve all tasks of the video that are not done
	retries    bool // tasks in flight may have been lost: reserve them again, for this event
	queued     bool // the reconciler has found that the video waits in the wait queue
	now        time.Time
	videos     map[string]video.Video // read while the request is handled, by id
}

func newShareRequest(e events.Event, v video.Video, wantsTasks bool, now time.Time) shareRequest {
	passed, isDeadline := e.Data.(video.DeadlinePassed)
	return shareRequest{
		video: v, key: e.ID + " " + e.Time.UTC().Format(time.RFC3339Nano), wantsTasks: wantsTasks,
		retries: isDeadline && wantsTasks, queued: passed.Queued, now: now, videos: map[string]video.Video{v.ID: v},
	}
}

// limitUpdate is a tenant's in-flight limit of one lane while a request is handled. Its methods are pure: each returns
// the allocation as it is afterwards, and the caller reads and writes the store.
type limitUpdate struct {
	limit   fairshare.InFlightLimit
	size    int                       // tasks that may be in flight
	waiting []fairshare.QueuePosition // read from the wait queue, in order, and not taken yet
	taken   []fairshare.QueuePosition // to be deleted from the wait queue once the limit is saved
	// the request's video needs a place in the wait queue, unless it gets tasks now
	mustEnqueue bool
}

// newLimitUpdate returns the limit without the tasks that are finished or whose lease has expired.
func newLimitUpdate(before fairshare.InFlightLimit, size int, r shareRequest) limitUpdate {
	u := limitUpdate{limit: before.ReleaseTasks(r.video, r.now).ExpireLeases(r.now), size: size}
	if r.retries {
		u.limit = u.limit.RetryTasks(r.video, r.key, r.now)
	}
	if _, had := before.FindAllotment(r.video.ID); !had && !r.video.State.IsEncoding() && u.limit.MoreWaiting {
		u.taken = append(u.taken, fairshare.PositionOf(r.video))
	}
	_, has := u.limit.FindAllotment(r.video.ID)
	u.mustEnqueue = !has && u.limit.HasPendingTasks(r.video) && (r.wantsTasks || r.queued)
	return u
}

func (u limitUpdate) countFreeSlots() int { return u.limit.FreeSlots(u.size) }

// takeNext returns the first position of the videos that have tasks left in the limit, of the request's video if that
// joins, and of those that were read from the wait queue, where it is taken out. ok is false if there is none.
func (u limitUpdate) takeNext(r shareRequest) (_ limitUpdate, next fairshare.QueuePosition, ok bool) {
	positions := append(u.limit.PendingPositions(), u.waiting...)
	if u.mustEnqueue {
		positions = append(positions, fairshare.PositionOf(r.video))
	}
	if len(positions) == 0 {
		u.limit.MoreWaiting = false
		return u, next, false
	}
	next = slices.MinFunc(positions, fairshare.QueuePosition.Compare)
	if len(u.waiting) > 0 && u.waiting[0] == next {
		u.waiting, u.taken = u.waiting[1:], append(u.taken, next)
	}
	return u, next, true
}

// reserveTasks gives the free slots to tasks of a video, under the request's key.
func (u limitUpdate) reserveTasks(v video.Video, r shareRequest) limitUpdate {
	u.limit = u.limit.ReleaseTasks(v, r.now).ReserveTasks(v, u.size, r.key, r.now)
	u.mustEnqueue = u.mustEnqueue && v.ID != r.video.ID
	return u
}
