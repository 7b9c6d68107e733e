package video

// Lane says how urgent a task is. A service may have a queue for each lane.
type Lane string

// The lanes.
const (
	Interactive Lane = "interactive" // a person waits for it
	Bulk        Lane = "bulk"        // everything else
)

// Limits of the interactive lane: it has all tasks of a video of few tasks; of a longer video, the audio task and the
// chunks that a player starts with.
const (
	maxShortPlan = 16
	startChunks  = 4
)

// Lanes returns the lanes of the plan's tasks.
func (p Plan) Lanes() []Lane {
	if p.TaskCount() <= maxShortPlan {
		return []Lane{Interactive}
	}
	return []Lane{Interactive, Bulk}
}

// LaneOf returns the lane of one of the plan's tasks.
func (p Plan) LaneOf(t Task) Lane {
	if p.TaskCount() <= maxShortPlan || t.Kind == AudioTask || t.From < p.Borders[startChunks] {
		return Interactive
	}
	return Bulk
}
