package publish

import (
	"slices"
	"time"

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
	videos     map[string]video.Video // by id: of the requests that are handled together, and read for them
}

func newShareRequest(r TaskRequest, now time.Time, videos map[string]video.Video) shareRequest {
	e := r.Event
	passed, isDeadline := e.Data.(video.DeadlinePassed)
	return shareRequest{
		video: r.Video, key: e.ID + " " + e.Time.UTC().Format(time.RFC3339Nano), wantsTasks: r.WantsTasks,
		retries: isDeadline && r.WantsTasks, queued: passed.Queued, now: now, videos: videos,
	}
}

// limitUpdate is a tenant's in-flight limit of one lane while requests are handled. Its methods are pure: each returns
// the allocation as it is afterwards, and the caller reads and writes the store.
type limitUpdate struct {
	limit   fairshare.InFlightLimit
	size    int                       // tasks that may be in flight
	waiting []fairshare.QueuePosition // read from the wait queue, in order, and not taken yet
	last    fairshare.QueuePosition   // the last one that was read
	atEnd   bool                      // the wait queue has none after it
	taken   []fairshare.QueuePosition // to be deleted from the wait queue once the limit is saved
	// the request's video needs a place in the wait queue, unless it gets tasks now
	mustEnqueue bool
}

// newLimitUpdate returns the limit without the tasks that are finished according to the requests, or whose lease has
// expired. The free slots go to tasks under the key of the first request, as long as there are any.
func newLimitUpdate(before fairshare.InFlightLimit, size int, rs ...shareRequest) limitUpdate {
	u := limitUpdate{limit: before, size: size}
	for _, r := range rs {
		u.limit = u.limit.ReleaseTasks(r.video, r.now).ExpireLeases(r.now)
		if r.retries {
			u.limit = u.limit.RetryTasks(r.video, r.key, r.now)
		}
		if _, had := before.FindAllotment(r.video.ID); !had && !r.video.State.IsEncoding() && u.limit.MoreWaiting {
			u.taken = append(u.taken, fairshare.PositionOf(r.video))
		}
	}
	return u
}

// startRequest returns the allocation for the next request.
func (u limitUpdate) startRequest(r shareRequest) limitUpdate {
	_, has := u.limit.FindAllotment(r.video.ID)
	u.mustEnqueue = !has && u.limit.HasPendingTasks(r.video) && (r.wantsTasks || r.queued)
	return u
}

// addPage adds positions that were read from the wait queue. Those that are taken are still in it.
func (u limitUpdate) addPage(page []fairshare.QueuePosition, atEnd bool) limitUpdate {
	u.atEnd, u.waiting = atEnd, nil
	for _, p := range page {
		if u.last = p; !slices.Contains(u.taken, p) {
			u.waiting = append(u.waiting, p)
		}
	}
	return u
}

// joinQueue returns the allocation after the request's video was enqueued: the wait queue is read anew.
func (u limitUpdate) joinQueue(p fairshare.QueuePosition) limitUpdate {
	first := u.limit.FirstWaiting
	if !u.limit.MoreWaiting || first != (fairshare.QueuePosition{}) && p.Compare(first) < 0 {
		u.limit.FirstWaiting = p
	}
	u.limit.MoreWaiting = true
	u.waiting, u.last, u.atEnd = nil, fairshare.QueuePosition{}, false
	return u
}

// needsPage reports whether the next free slot may be for a video of the wait queue that was not read yet.
func (u limitUpdate) needsPage() bool {
	if len(u.waiting) > 0 || u.atEnd || !u.limit.MoreWaiting {
		return false
	}
	first := slices.MaxFunc([]fairshare.QueuePosition{u.limit.FirstWaiting, u.last}, fairshare.QueuePosition.Compare)
	pending := u.limit.PendingPositions()
	return len(pending) == 0 || first == (fairshare.QueuePosition{}) || first.Compare(pending[0]) < 0
}

// finish returns the limit to save.
func (u limitUpdate) finish() fairshare.InFlightLimit {
	switch {
	case !u.limit.MoreWaiting:
		u.limit.FirstWaiting = fairshare.QueuePosition{}
	case len(u.waiting) > 0:
		u.limit.FirstWaiting = u.waiting[0]
	case u.last != (fairshare.QueuePosition{}):
		u.limit.FirstWaiting = u.last // all up to this one are taken
	}
	return u.limit
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
