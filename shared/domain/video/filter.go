package video

// Filter says which of a tenant's videos are asked for; the zero value, all.
type Filter struct {
	State      State  // "": any
	ExternalID string // "": any
}

// Matches reports whether v is one of those asked for. What is being deleted is gone for those who ask.
func (f Filter) Matches(v Video) bool {
	switch v.State {
	case Deleting, Deleted:
		return false
	}
	return (f.State == "" || f.State == v.State) && (f.ExternalID == "" || f.ExternalID == v.ExternalID)
}
