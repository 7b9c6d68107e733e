package video

// Filter selects videos of a tenant by the fields that are not empty.
type Filter struct {
	State      State
	ExternalID string
}

// Matches reports whether the filter selects v. A video that is being deleted, or is deleted, is never selected.
func (f Filter) Matches(v Video) bool {
	switch v.State {
	case Deleting, Deleted:
		return false
	}
	return (f.State == "" || f.State == v.State) && (f.ExternalID == "" || f.ExternalID == v.ExternalID)
}
