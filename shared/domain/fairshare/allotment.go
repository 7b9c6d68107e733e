package fairshare

import (
	"cmp"
	"hash/fnv"
	"strconv"
	"time"

	"sluice/shared/domain/video"
)

// QueuePosition is a video's place in the wait queue of its tenant: the video planned first comes first.
type QueuePosition struct {
	Planned time.Time `json:"planned"`
	Video   string    `json:"video"`
}

// Compare returns -1 if t comes before o, 1 if it comes after it, 0 if they are equal.
func (p QueuePosition) Compare(pos QueuePosition) int {
	return cmp.Or(p.Planned.Compare(pos.Planned), cmp.Compare(p.Video, pos.Video))
}

// PositionOf returns the place of a video in the wait queue. Only a planned video has one.
func PositionOf(v video.Video) QueuePosition {
	return QueuePosition{Planned: v.Times.Inspected, Video: v.ID}
}

// Allotment is one video's part of its tenant's in-flight limit.
type Allotment struct {
	QueuePosition
	NextTask   int            `json:"next"`             // tasks with lower numbers were requested, or are finished
	EndTask    int            `json:"end"`              // one past the number of its last task
	LeaseStart time.Time      `json:"since"`            // when a task was last requested or finished
	InFlight   map[int]string `json:"flight,omitempty"` // by task: hash of the event that requested it
	Retried    bool           `json:"again,omitempty"`  // tasks from NextTask on may be finished already
}

// hashRequestKey returns a short hash of an event's id: a row may hold thousands. If two events have the same hash, a
// task may be requested twice, which does no harm.
func hashRequestKey(event string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(event))
	return strconv.FormatUint(uint64(h.Sum32()), 36)
}

// isIdle reports whether no task is in flight and none is left to request.
func (a Allotment) isIdle() bool { return len(a.InFlight) == 0 && a.NextTask >= a.EndTask }
