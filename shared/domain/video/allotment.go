package video

import (
	"cmp"
	"hash/fnv"
	"strconv"
	"time"
)

// QueuePosition is a video's place in its tenant's line: who was planned first is first.
type QueuePosition struct {
	Planned time.Time `json:"planned"`
	Video   string    `json:"video"`
}

// Compare returns -1 if t comes before o, 1 if after.
func (t QueuePosition) Compare(o QueuePosition) int {
	return cmp.Or(t.Planned.Compare(o.Planned), cmp.Compare(t.Video, o.Video))
}

// QueuePosition returns the video's place in the line; it has one once it is planned.
func (v Video) QueuePosition() QueuePosition {
	return QueuePosition{Planned: v.Times.Inspected, Video: v.ID}
}

// VideoAllotment is one video's part of a window.
type VideoAllotment struct {
	QueuePosition
	NextTask   int            `json:"next"` // the tasks with lower numbers were asked for, or are done
	EndTask    int            `json:"end"`  // one past the number of its last task
	LeaseStart time.Time      `json:"since"`
	InFlight   map[int]string `json:"flight,omitempty"` // the tasks in flight, and the mark of the event that asked for them
}

// hashEventID stands for an event's id in little room: there may be thousands in a row. Two with one mark would make a task be
// asked for twice, which does no harm.
func hashEventID(event string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(event))
	return strconv.FormatUint(uint64(h.Sum32()), 36)
}

// isIdle reports whether there is nothing to wait for, and nothing to ask for.
func (s VideoAllotment) isIdle() bool { return len(s.InFlight) == 0 && s.NextTask >= s.EndTask }
