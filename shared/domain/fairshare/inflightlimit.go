// Package fairshare shares the encode workers among tenants: [InFlightLimit] limits how many encode tasks of a tenant
// are in flight, so that a tenant's thousand videos don't delay another tenant's one. Package functions/publish applies
// it; docs/scaling.md explains it. It is pure and needs no AWS rights.
package fairshare

import (
	"maps"
	"slices"
	"time"

	"sluice/shared/domain/video"
)

// LeaseDuration is how long a video keeps its tasks in flight without any of them finishing. Then they count as lost,
// and their slots go to other tasks. It is longer than video.StepTimeout, after which tasks are requested again, so
// that those keep their slots, and a long queue is not mistaken for lost tasks.
const LeaseDuration = time.Hour

// InFlightLimit limits how many tasks of one tenant are in flight in one lane: requested, and not finished. Within a
// tenant, it keeps long videos from delaying short ones. The methods are pure: each returns the limit after the change.
// The size of the limit is a parameter: see services.ComputeInFlightLimit.
type InFlightLimit struct {
	Tenant      string
	Lane        video.Lane
	Version     int64       // one more with each write, for optimistic locking
	Allotments  []Allotment // of videos with tasks in flight, or with some tasks still to request, by queue position
	MoreWaiting bool        // more videos wait in rows of their own, of which no task was requested yet
	// FirstWaiting is the position of the first of these videos, or one before it; the zero position: not known.
	FirstWaiting QueuePosition
	LastProgress time.Time // when a task was last found to be finished
}

// IsQueued reports whether a video only waits for its turn: none of its tasks is in flight, and tasks of its tenant's
// other videos have finished lately.
func IsQueued(v video.Video, limits []InFlightLimit, now time.Time) bool {
	progresses := false
	for _, l := range limits {
		a, _ := l.FindAllotment(v.ID)
		if len(a.InFlight) > 0 {
			return false
		}
		progresses = progresses || now.Sub(l.LastProgress) < video.StepTimeout
	}
	return v.State.IsEncoding() && progresses
}

// CountInFlight returns how many tasks are in flight.
func (l InFlightLimit) CountInFlight() (n int) {
	for _, a := range l.Allotments {
		n += len(a.InFlight)
	}
	return n
}

// FreeSlots returns how many more tasks may be requested if size tasks may be in flight.
func (l InFlightLimit) FreeSlots(size int) int { return max(0, size-l.CountInFlight()) }

// FindAllotment returns the allotment of a video. ok is false if it has none.
func (l InFlightLimit) FindAllotment(videoID string) (a Allotment, ok bool) {
	for _, a := range l.Allotments {
		if a.Video == videoID {
			return a, true
		}
	}
	return a, false
}

// PendingPositions returns the positions of the videos that have tasks to request, in their order.
func (l InFlightLimit) PendingPositions() (positions []QueuePosition) {
	for _, a := range l.Allotments {
		if a.NextTask < a.EndTask {
			positions = append(positions, a.QueuePosition)
		}
	}
	return positions
}

// withAllotment returns the limit with the allotment of a video replaced, or removed if it is idle.
func (l InFlightLimit) withAllotment(a Allotment) InFlightLimit {
	l.Allotments = slices.DeleteFunc(slices.Clone(l.Allotments),
		func(other Allotment) bool { return other.Video == a.Video })
	if a.isIdle() {
		return l
	}
	at, _ := slices.BinarySearchFunc(l.Allotments, a.QueuePosition, func(other Allotment, p QueuePosition) int {
		return other.QueuePosition.Compare(p)
	})
	l.Allotments = slices.Insert(l.Allotments, at, a)
	return l
}

// ReleaseTasks returns the limit without the video's tasks that are finished according to its row: all of them if the
// video is not being encoded any more.
func (l InFlightLimit) ReleaseTasks(v video.Video, now time.Time) InFlightLimit {
	a, ok := l.FindAllotment(v.ID)
	if !ok {
		return l
	}
	before := len(a.InFlight)
	a.InFlight = maps.Clone(a.InFlight)
	maps.DeleteFunc(a.InFlight, func(n int, _ string) bool { return !v.State.IsEncoding() || v.Done[n] })
	if !v.State.IsEncoding() {
		a.NextTask = a.EndTask
	}
	if len(a.InFlight) < before {
		l.LastProgress, a.LeaseStart = now, now
	}
	return l.withAllotment(a)
}

// ExpireLeases returns the limit without the tasks of videos whose lease has expired.
func (l InFlightLimit) ExpireLeases(now time.Time) InFlightLimit {
	for _, a := range l.Allotments {
		if len(a.InFlight) > 0 && now.Sub(a.LeaseStart) >= LeaseDuration {
			a.InFlight = nil
			l = l.withAllotment(a)
		}
	}
	return l
}

// HasPendingTasks reports whether the video has unfinished tasks in the limit's lane.
func (l InFlightLimit) HasPendingTasks(v video.Video) bool {
	return v.State.IsEncoding() && slices.ContainsFunc(v.Plan.Tasks(), func(t video.Task) bool {
		return l.isPending(v, t)
	})
}

func (l InFlightLimit) isPending(v video.Video, t video.Task) bool {
	return !v.Done[t.Number] && v.Plan.LaneOf(t) == l.Lane
}

// ReserveTasks returns the limit with as many of the video's tasks in flight as there are free slots: unfinished tasks
// that were not requested before, in the order of their numbers. requestKey stands for the event that is being
// handled; ReservedBy finds the tasks by it when the event is delivered again.
func (l InFlightLimit) ReserveTasks(v video.Video, size int, event string, now time.Time) InFlightLimit {
	if !v.State.IsEncoding() {
		return l
	}
	free, tasks := l.FreeSlots(size), v.Plan.Tasks()
	a, ok := l.FindAllotment(v.ID)
	if !ok {
		a = Allotment{QueuePosition: PositionOf(v), LeaseStart: now, Retried: len(v.Done) > 0}
	}
	a.EndTask, a.InFlight = len(tasks), maps.Clone(a.InFlight)
	for ; a.NextTask < a.EndTask; a.NextTask++ {
		if _, inFlight := a.InFlight[a.NextTask]; inFlight || !l.isPending(v, tasks[a.NextTask]) {
			continue
		}
		if free == 0 {
			break
		}
		if a.InFlight == nil {
			a.InFlight = map[int]string{}
		}
		a.InFlight[a.NextTask], a.LeaseStart, free = hashRequestKey(event), now, free-1
	}
	if !ok && len(a.InFlight) == 0 { // no slot was free: the video waits in a row of its own
		return l
	}
	return l.withAllotment(a)
}

// RetryTasks returns the limit after a retry of the video: its tasks in flight count as requested by another event, and
// all its other unfinished tasks may be reserved again, as their leases may have expired.
func (l InFlightLimit) RetryTasks(v video.Video, event string, now time.Time) InFlightLimit {
	a, ok := l.FindAllotment(v.ID)
	if !ok {
		return l
	}
	a.InFlight = maps.Clone(a.InFlight)
	for n := range a.InFlight {
		a.InFlight[n], a.LeaseStart = hashRequestKey(event), now
	}
	a.NextTask, a.Retried = 0, true
	return l.withAllotment(a)
}

// TaskReservation is the tasks of one video that an event has reserved.
type TaskReservation struct {
	Video string
	Tasks []int // numbers, ascending
}

// ReservedBy returns the tasks in flight that an event has reserved. A duplicate of the event requests the same tasks
// again.
func (l InFlightLimit) ReservedBy(event string) (all []TaskReservation) {
	hash := hashRequestKey(event)
	for _, a := range l.Allotments {
		var tasks []int
		for n, by := range a.InFlight {
			if by == hash {
				tasks = append(tasks, n)
			}
		}
		if tasks != nil {
			slices.Sort(tasks)
			all = append(all, TaskReservation{a.Video, tasks})
		}
	}
	return all
}
