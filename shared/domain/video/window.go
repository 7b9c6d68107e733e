package video

import (
	"maps"
	"slices"
	"time"
)

// WindowLease is for how long a video may keep its part of a window without moving: then its tasks are taken for lost,
// and others are asked for in their place. It is longer than the time after which a video that does not move is looked
// at, so that what is asked for again then keeps its place, and a long queue before all of them is not taken for a loss.
const WindowLease = time.Hour

// Window is what a tenant has in flight in a lane: tasks that were asked for and are not finished, at most so many at
// once. That keeps a tenant's thousand videos from standing in the queue before another's one, and its films from
// standing before its clips. Its methods decide and change nothing: each returns the window as it is after.
type Window struct {
	Tenant  string
	Lane    Lane
	Version int64     // grows by one with each write; a writer that has read an older one is refused
	Shares  []Share   // of the videos that have tasks in flight or are partly asked for, in the order of their turns
	More    bool      // more videos wait, of which nothing is asked for yet: they are kept elsewhere
	Moved   time.Time // when one of its tasks was last found to be finished
}

// Queued reports whether a video waits for its turn in its tenant's windows while they move on: it has no task in flight.
func (v Video) Queued(windows []Window, now time.Time) bool {
	moves := false
	for _, w := range windows {
		s, _ := w.Share(v.ID)
		if len(s.Flight) > 0 {
			return false
		}
		moves = moves || now.Sub(w.Moved) < stepLook
	}
	return v.State.Encoding() && moves
}

// InFlight returns how many tasks are in flight.
func (w Window) InFlight() (n int) {
	for _, s := range w.Shares {
		n += len(s.Flight)
	}
	return n
}

// Room returns how many tasks may be asked for in a window of a size.
func (w Window) Room(size int) int { return max(0, size-w.InFlight()) }

// Share returns a video's part; ok reports whether it has one.
func (w Window) Share(video string) (s Share, ok bool) {
	for _, s := range w.Shares {
		if s.Video == video {
			return s, true
		}
	}
	return s, false
}

// Line returns the turns of the videos that are partly asked for, the first first.
func (w Window) Line() (line []Turn) {
	for _, s := range w.Shares {
		if s.Next < s.End {
			line = append(line, s.Turn)
		}
	}
	return line
}

// with returns the window with a video's part replaced; one that is idle is left out.
func (w Window) with(s Share) Window {
	w.Shares = slices.DeleteFunc(slices.Clone(w.Shares), func(o Share) bool { return o.Video == s.Video })
	if s.idle() {
		return w
	}
	at, _ := slices.BinarySearchFunc(w.Shares, s.Turn, func(o Share, t Turn) int { return o.Turn.Compare(t) })
	w.Shares = slices.Insert(w.Shares, at, s)
	return w
}

// Settle takes out of the window what is not in flight any more, going by the video's row: tasks that are done, and all
// of a video that is not processed any more. now is when that is found.
func (w Window) Settle(v Video, now time.Time) Window {
	s, ok := w.Share(v.ID)
	if !ok {
		return w
	}
	before := len(s.Flight)
	s.Flight = maps.Clone(s.Flight)
	maps.DeleteFunc(s.Flight, func(n int, _ string) bool { return !v.State.Encoding() || v.Done[n] })
	if !v.State.Encoding() {
		s.Next = s.End
	}
	if len(s.Flight) < before {
		w.Moved, s.Since = now, now
	}
	return w.with(s)
}

// Lapse gives up the tasks of videos that have not moved for WindowLease.
func (w Window) Lapse(now time.Time) Window {
	for _, s := range w.Shares {
		if len(s.Flight) > 0 && now.Sub(s.Since) >= WindowLease {
			s.Flight = nil
			w = w.with(s)
		}
	}
	return w
}

// Wants reports whether there are tasks of a video in the window's lane that are not done.
func (w Window) Wants(v Video) bool {
	return v.State.Encoding() && slices.ContainsFunc(v.Plan.Tasks(), func(t Task) bool { return w.wants(v, t) })
}

func (w Window) wants(v Video, t Task) bool { return !v.Done[t.Number] && v.Plan.Lane(t) == w.Lane }

// Ask asks for as many of a video's tasks as there is room for, those with low numbers first: such as are neither done
// nor were asked for before. event is the id of the event that it is done under, which may come again.
func (w Window) Ask(v Video, size int, event string, now time.Time) Window {
	if !v.State.Encoding() {
		return w
	}
	room, tasks := w.Room(size), v.Plan.Tasks()
	s, ok := w.Share(v.ID)
	if !ok {
		s = Share{Turn: v.Turn(), Since: now}
	}
	s.End, s.Flight = len(tasks), maps.Clone(s.Flight)
	for ; s.Next < s.End; s.Next++ {
		if _, flies := s.Flight[s.Next]; flies || !w.wants(v, tasks[s.Next]) {
			continue
		}
		if room == 0 {
			break
		}
		if s.Flight == nil {
			s.Flight = map[int]string{}
		}
		s.Flight[s.Next], s.Since, room = mark(event), now, room-1
	}
	if !ok && len(s.Flight) == 0 { // there was no room: it waits elsewhere
		return w
	}
	return w.with(s)
}

// Again has what a video has in flight be asked for once more, under another event, and goes through its tasks from the
// first one anew: some may have been given up.
func (w Window) Again(v Video, event string, now time.Time) Window {
	s, ok := w.Share(v.ID)
	if !ok {
		return w
	}
	s.Flight = maps.Clone(s.Flight)
	for n := range s.Flight {
		s.Flight[n], s.Since = mark(event), now
	}
	s.Next = 0
	return w.with(s)
}

// Asked is what is asked for of a video.
type Asked struct {
	Video string
	Tasks []int // their numbers, ascending
}

// Granted returns the tasks in flight that were asked for under an event: what is said again when it comes again.
func (w Window) Granted(event string) (all []Asked) {
	m := mark(event)
	for _, s := range w.Shares {
		var tasks []int
		for n, by := range s.Flight {
			if by == m {
				tasks = append(tasks, n)
			}
		}
		if tasks != nil {
			slices.Sort(tasks)
			all = append(all, Asked{s.Video, tasks})
		}
	}
	return all
}
