package video

import (
	"maps"
	"slices"
	"time"
)

// AllotmentLease is for how long a video may keep its part of a window without moving: then its tasks are taken for lost,
// and others are asked for in their place. It is longer than the time after which a video that does not move is looked
// at, so that what is asked for again then keeps its place, and a long queue before all of them is not taken for a loss.
const AllotmentLease = time.Hour

// InFlightLimit is what a tenant has in flight in a lane: tasks that were asked for and are not finished, at most so many at
// once. That keeps a tenant's thousand videos from standing in the queue before another's one, and its films from
// standing before its clips. Its methods decide and change nothing: each returns the window as it is after.
type InFlightLimit struct {
	Tenant       string
	Lane         Lane
	Version      int64            // grows by one with each write; a writer that has read an older one is refused
	Allotments   []VideoAllotment // of the videos that have tasks in flight or are partly asked for, in the order of their turns
	MoreWaiting  bool             // more videos wait, of which nothing is asked for yet: they are kept elsewhere
	LastProgress time.Time        // when one of its tasks was last found to be finished
}

// IsQueued reports whether a video waits for its turn in its tenant's windows while they move on: it has no task in flight.
func (v Video) IsQueued(windows []InFlightLimit, now time.Time) bool {
	moves := false
	for _, w := range windows {
		s, _ := w.FindAllotment(v.ID)
		if len(s.InFlight) > 0 {
			return false
		}
		moves = moves || now.Sub(w.LastProgress) < stepTimeout
	}
	return v.State.IsEncoding() && moves
}

// CountInFlight returns how many tasks are in flight.
func (w InFlightLimit) CountInFlight() (n int) {
	for _, s := range w.Allotments {
		n += len(s.InFlight)
	}
	return n
}

// FreeSlots returns how many tasks may be asked for in a window of a size.
func (w InFlightLimit) FreeSlots(size int) int { return max(0, size-w.CountInFlight()) }

// FindAllotment returns a video's part; ok reports whether it has one.
func (w InFlightLimit) FindAllotment(video string) (s VideoAllotment, ok bool) {
	for _, s := range w.Allotments {
		if s.Video == video {
			return s, true
		}
	}
	return s, false
}

// WaitQueue returns the turns of the videos that are partly asked for, the first first.
func (w InFlightLimit) WaitQueue() (line []QueuePosition) {
	for _, s := range w.Allotments {
		if s.NextTask < s.EndTask {
			line = append(line, s.QueuePosition)
		}
	}
	return line
}

// withAllotment returns the window with a video's part replaced; one that is idle is left out.
func (w InFlightLimit) withAllotment(s VideoAllotment) InFlightLimit {
	w.Allotments = slices.DeleteFunc(slices.Clone(w.Allotments), func(o VideoAllotment) bool { return o.Video == s.Video })
	if s.isIdle() {
		return w
	}
	at, _ := slices.BinarySearchFunc(w.Allotments, s.QueuePosition, func(o VideoAllotment, t QueuePosition) int { return o.QueuePosition.Compare(t) })
	w.Allotments = slices.Insert(w.Allotments, at, s)
	return w
}

// ReleaseTasks takes out of the window what is not in flight any more, going by the video's row: tasks that are done, and all
// of a video that is not processed any more. now is when that is found.
func (w InFlightLimit) ReleaseTasks(v Video, now time.Time) InFlightLimit {
	s, ok := w.FindAllotment(v.ID)
	if !ok {
		return w
	}
	before := len(s.InFlight)
	s.InFlight = maps.Clone(s.InFlight)
	maps.DeleteFunc(s.InFlight, func(n int, _ string) bool { return !v.State.IsEncoding() || v.Done[n] })
	if !v.State.IsEncoding() {
		s.NextTask = s.EndTask
	}
	if len(s.InFlight) < before {
		w.LastProgress, s.LeaseStart = now, now
	}
	return w.withAllotment(s)
}

// ExpireLeases gives up the tasks of videos that have not moved for WindowLease.
func (w InFlightLimit) ExpireLeases(now time.Time) InFlightLimit {
	for _, s := range w.Allotments {
		if len(s.InFlight) > 0 && now.Sub(s.LeaseStart) >= AllotmentLease {
			s.InFlight = nil
			w = w.withAllotment(s)
		}
	}
	return w
}

// HasPendingTasks reports whether there are tasks of a video in the window's lane that are not done.
func (w InFlightLimit) HasPendingTasks(v Video) bool {
	return v.State.IsEncoding() && slices.ContainsFunc(v.Plan.Tasks(), func(t Task) bool { return w.isPending(v, t) })
}

func (w InFlightLimit) isPending(v Video, t Task) bool {
	return !v.Done[t.Number] && v.Plan.LaneOf(t) == w.Lane
}

// ReserveTasks asks for as many of a video's tasks as there is room for, those with low numbers first: such as are neither done
// nor were asked for before. event is the id of the event that it is done under, which may come again.
func (w InFlightLimit) ReserveTasks(v Video, size int, event string, now time.Time) InFlightLimit {
	if !v.State.IsEncoding() {
		return w
	}
	room, tasks := w.FreeSlots(size), v.Plan.Tasks()
	s, ok := w.FindAllotment(v.ID)
	if !ok {
		s = VideoAllotment{QueuePosition: v.QueuePosition(), LeaseStart: now}
	}
	s.EndTask, s.InFlight = len(tasks), maps.Clone(s.InFlight)
	for ; s.NextTask < s.EndTask; s.NextTask++ {
		if _, flies := s.InFlight[s.NextTask]; flies || !w.isPending(v, tasks[s.NextTask]) {
			continue
		}
		if room == 0 {
			break
		}
		if s.InFlight == nil {
			s.InFlight = map[int]string{}
		}
		s.InFlight[s.NextTask], s.LeaseStart, room = hashEventID(event), now, room-1
	}
	if !ok && len(s.InFlight) == 0 { // there was no room: it waits elsewhere
		return w
	}
	return w.withAllotment(s)
}

// RetryTasks has what a video has in flight be asked for once more, under another event, and goes through its tasks from the
// first one anew: some may have been given up.
func (w InFlightLimit) RetryTasks(v Video, event string, now time.Time) InFlightLimit {
	s, ok := w.FindAllotment(v.ID)
	if !ok {
		return w
	}
	s.InFlight = maps.Clone(s.InFlight)
	for n := range s.InFlight {
		s.InFlight[n], s.LeaseStart = hashEventID(event), now
	}
	s.NextTask = 0
	return w.withAllotment(s)
}

// TaskReservation is what is asked for of a video.
type TaskReservation struct {
	Video string
	Tasks []int // their numbers, ascending
}

// ReservedBy returns the tasks in flight that were asked for under an event: what is said again when it comes again.
func (w InFlightLimit) ReservedBy(event string) (all []TaskReservation) {
	m := hashEventID(event)
	for _, s := range w.Allotments {
		var tasks []int
		for n, by := range s.InFlight {
			if by == m {
				tasks = append(tasks, n)
			}
		}
		if tasks != nil {
			slices.Sort(tasks)
			all = append(all, TaskReservation{s.Video, tasks})
		}
	}
	return all
}
