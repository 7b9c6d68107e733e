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
	fewTasks    = 16
	firstChunks = 4
)

// Lanes returns the lanes that the plan has tasks in.
func (p Plan) Lanes() []Lane {
	if p.Size() <= fewTasks {
		return []Lane{Interactive}
	}
	return []Lane{Interactive, Bulk}
}

// Lane returns the lane of one of the plan's tasks.
func (p Plan) Lane(t Task) Lane {
	if p.Size() <= fewTasks || t.Kind == AudioTask || t.From < p.Borders[firstChunks] {
		return Interactive
	}
	return Bulk
}
