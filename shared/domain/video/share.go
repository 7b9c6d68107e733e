package video

import (
	"cmp"
	"hash/fnv"
	"strconv"
	"time"
)

// Turn is a video's place in its tenant's line: who was planned first is first.
type Turn struct {
	Planned time.Time `json:"planned"`
	Video   string    `json:"video"`
}

// Compare returns -1 if t comes before o, 1 if after.
func (t Turn) Compare(o Turn) int {
	return cmp.Or(t.Planned.Compare(o.Planned), cmp.Compare(t.Video, o.Video))
}

// Turn returns the video's place in the line; it has one once it is planned.
func (v Video) Turn() Turn { return Turn{Planned: v.Times.Inspected, Video: v.ID} }

// Share is one video's part of a window.
type Share struct {
	Turn
	Next   int            `json:"next"` // the tasks with lower numbers were asked for, or are done
	End    int            `json:"end"`  // one past the number of its last task
	Since  time.Time      `json:"since"`
	Flight map[int]string `json:"flight,omitempty"` // the tasks in flight, and the mark of the event that asked for them
}

// mark stands for an event's id in little room: there may be thousands in a row. Two with one mark would make a task be
// asked for twice, which does no harm.
func mark(event string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(event))
	return strconv.FormatUint(uint64(h.Sum32()), 36)
}

// idle reports whether there is nothing to wait for, and nothing to ask for.
func (s Share) idle() bool { return len(s.Flight) == 0 && s.Next >= s.End }
