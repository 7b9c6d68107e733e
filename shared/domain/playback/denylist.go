package playback

import (
	"time"

	"sluice/shared/domain/video"
)

// Status says whether a playback id may be played.
type Status string

// The statuses. An id without an entry in the deny list is allowed.
const (
	Allowed Status = "allowed"
	Denied  Status = "denied"  // until it is allowed again
	Removed Status = "removed" // for ever: its objects are being deleted
)

// DenyRule is a decision about a playback id by the owner of its video.
type DenyRule struct {
	Playback string
	Status   Status
	Version  int64     // of the video's row when this was decided: a rule of an earlier version changes nothing
	At       time.Time // when this was decided
}

// DecideDenyRule returns whether a video's playback id may be played; ok is false if that never changed. It depends on
// the state reached, so that a duplicate of an event gives the same rule again.
func DecideDenyRule(v video.Video) (r DenyRule, ok bool) {
	switch v.State {
	case video.Deleting, video.Deleted:
		return DenyRule{Playback: v.Playback, Status: Removed, Version: v.Version, At: v.Times.Deleted}, true
	}
	p := v.Publication
	if p == (video.Publication{}) {
		return DenyRule{}, false
	}
	r = DenyRule{Playback: v.Playback, Status: Allowed, Version: p.Version, At: p.At}
	if p.Unpublished {
		r.Status = Denied
	}
	return r, true
}

// DenyEntry is the entry of a playback id in the deny list. Without a CDN, the function play reads it. A CDN has a copy
// of its own, which follows the entry step by step.
type DenyEntry struct {
	DenyRule          // the latest
	Revision int64    // one more with each change, for optimistic locking; 0: there is no entry yet
	Step     DenyStep // what a CDN has to do; "": nothing
}

// DenyStep is what a CDN has to do next because of an entry of the deny list.
type DenyStep string

// WriteStep is to make the CDN's copy of an entry what the entry is.
const WriteStep DenyStep = "write"

// Apply returns the entry after a rule; changed is false if the rule makes no difference, such as one that was applied
// before. Nothing follows Removed.
func (e DenyEntry) Apply(r DenyRule) (after DenyEntry, changed bool) {
	if e.Status == Removed || e.Revision > 0 && r.Version <= e.Version {
		return e, false
	}
	after = e
	after.DenyRule, after.Revision = r, e.Revision+1
	switch {
	case e.Status == r.Status: // the same decision again
		after.At = e.At
	case e.Revision > 0 || r.Status != Allowed:
		after.Step = WriteStep
	}
	return after, true
}

// denyEntryLifetime is how long an entry that is not needed any more is kept: as long as dead letters about its video.
const denyEntryLifetime = 90 * 24 * time.Hour

// ExpiresAt returns the time from which the entry may be forgotten; the zero time if that is never, as of a denied id.
// An allowed one means the same without an entry, and a removed one has no objects, once no message of an earlier
// decision is left.
func (e DenyEntry) ExpiresAt() time.Time {
	if e.Status == Denied {
		return time.Time{}
	}
	return e.At.Add(denyEntryLifetime)
}
