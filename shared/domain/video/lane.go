package video

// Lane says who waits for a task. The names are those of the map's lanes.
type Lane string

// The lanes.
const (
	Interactive Lane = "interactive" // somebody looks at a progress bar
	Bulk        Lane = "bulk"        // the rest
)

// What is done first: all of a video of few tasks, which is done in one go; of a longer one the sound and what a player
// starts with.
const (
	maxShortPlan = 16
	startChunks  = 4
)

// Lanes returns the lanes that the plan has tasks in.
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
