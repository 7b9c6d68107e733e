package video

// DeadlineTransition returns the name of the transition that a passed deadline makes.
func DeadlineTransition(v Video, e DeadlinePassed) string { return findDeadlineTransition(v, e).name }

// DeadlineTransitions returns the names of all transitions in their order.
func DeadlineTransitions() (names []string) {
	for _, t := range deadlineTransitions {
		names = append(names, t.name)
	}
	return names
}
