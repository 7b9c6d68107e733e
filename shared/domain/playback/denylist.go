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
	Removed Status = "removed" // for ever: its objects are deleted
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
	case video.Deleting: // a CDN must not forget the id while there are objects, however long their deletion takes
		return DenyRule{Playback: v.Playback, Status: Denied, Version: v.Version, At: v.Times.Deleted}, true
	case video.Deleted:
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
// of its own, which follows the entry step by step; a removed id stays in the copy until the CDN has forgotten the
// objects that it cached.
type DenyEntry struct {
	DenyRule               // the latest
	Revision     int64     // one more with each change, for optimistic locking; 0: there is no entry yet
	Step         DenyStep  // what is to be done at a CDN next; "": nothing
	StepSince    time.Time // when that step became the next
	Invalidation string    // the CDN's id of the invalidation in progress
	Invalidated  bool      // the CDN has forgotten the objects of a removed id
}

// DenyStep is what is to be done at a CDN next because of an entry of the deny list.
type DenyStep string

// The steps, in their order. Only removed ids have the last two, and then the first one again.
const (
	WriteStep      DenyStep = "write"      // make the CDN's copy what the entry is
	InvalidateStep DenyStep = "invalidate" // the copy has the id; make the CDN forget its objects
	AwaitStep      DenyStep = "await"      // wait for the end of the invalidation
)

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
		after.Step, after.StepSince = WriteStep, r.At
	}
	return after, true
}

// IsListed reports whether the CDN's copy of the deny list should have the id.
func (e DenyEntry) IsListed() bool {
	return e.Status == Denied || e.Status == Removed && !e.Invalidated
}

// FinishWrite returns the entry after the CDN's copy was made what the entry is.
func (e DenyEntry) FinishWrite(now time.Time) DenyEntry {
	if e.Status == Removed && !e.Invalidated {
		return e.enterStep(InvalidateStep, now)
	}
	return e.enterStep("", time.Time{})
}

// StartInvalidation returns the entry after an invalidation of its objects was started at the CDN.
func (e DenyEntry) StartInvalidation(id string, now time.Time) DenyEntry {
	e.Invalidation = id
	return e.enterStep(AwaitStep, now)
}

// FinishInvalidation returns the entry after its invalidation has ended.
func (e DenyEntry) FinishInvalidation(now time.Time) DenyEntry {
	e.Invalidation, e.Invalidated = "", true
	return e.enterStep(WriteStep, now)
}

func (e DenyEntry) enterStep(s DenyStep, now time.Time) DenyEntry {
	e.Step, e.StepSince, e.Revision = s, now, e.Revision+1
	return e
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
