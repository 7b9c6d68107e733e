package reconcile

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
	"sluice/shared/platform/cdn"
)

// DenyListStore keeps the deny list.
type DenyListStore interface {
	// ListDenySteps returns the ids whose entries wait for a step, those that wait longest first. It may lag behind.
	ListDenySteps(ctx context.Context, step playback.DenyStep, limit int) ([]string, error)
	// LoadDenyEntry returns the entry of an id as it is now.
	LoadDenyEntry(ctx context.Context, id string) (playback.DenyEntry, error)
	// SaveDenyEntry fails with Conflict if the stored entry has not the revision before.
	SaveDenyEntry(ctx context.Context, e playback.DenyEntry) error
}

// CDN has a copy of the deny list, and caches objects. [cdn.CloudFront] says what the methods do.
type CDN interface {
	LoadVersion(ctx context.Context) (string, error)
	UpdateDenyList(ctx context.Context, version string, deny, allow []string) error
	StartInvalidation(ctx context.Context, i playback.Invalidation) (string, error)
	IsInvalidated(ctx context.Context, id string) (bool, error)
}

// DenyListUpdater makes the CDN follow the deny list. Several may run at once, and each may end anywhere: a step is
// marked as done after it is done, so that it is done again if its end was lost.
type DenyListUpdater struct {
	Entries DenyListStore
	CDN     CDN // nil: there is none, and the function play reads the deny list itself
	Now     func() time.Time
	Log     *slog.Logger
}

const (
	maxUpdates        = 20  // of the CDN's copy, that a run tries
	maxInvalidatedIDs = 500 // that a run starts or looks at
)

// Run does what is due: it updates the CDN's copy, starts an invalidation, and looks which ones have ended. What fails
// does not stop the rest; the error joins all.
func (u DenyListUpdater) Run(ctx context.Context) error {
	if u.CDN == nil {
		return nil
	}
	return errors.Join(u.updateCopy(ctx), u.startInvalidation(ctx), u.finishInvalidations(ctx))
}

// updateCopy writes the entries whose copies differ, as many at a time as an update takes. If something else has
// changed the copy at the same time, it begins again with what the entries are then.
func (u DenyListUpdater) updateCopy(ctx context.Context) (err error) {
	for range maxUpdates {
		more, failed := u.updateSome(ctx)
		if err = failed; errs.KindOf(err) != errs.Conflict && (err != nil || !more) {
			return err
		}
	}
	return err
}

// updateSome writes some entries to the CDN's copy; more is true if there may be others. The version of the copy is
// read before the entries. So an entry that another run has read and written later is never overwritten by an older
// state: either update fails with Conflict.
func (u DenyListUpdater) updateSome(ctx context.Context) (more bool, err error) {
	ids, err := u.Entries.ListDenySteps(ctx, playback.WriteStep, cdn.MaxKeys)
	if err != nil || len(ids) == 0 {
		return false, err
	}
	version, err := u.CDN.LoadVersion(ctx)
	if err != nil {
		return false, err
	}
	entries, err := u.loadEntries(ctx, ids, playback.WriteStep)
	if err != nil || len(entries) == 0 { // the index lags behind
		return false, err
	}
	var deny, allow []string
	for _, e := range entries {
		if e.IsListed() {
			deny = append(deny, e.Playback)
		} else {
			allow = append(allow, e.Playback)
		}
	}
	if err := u.CDN.UpdateDenyList(ctx, version, deny, allow); err != nil {
		return false, err
	}
	u.Log.InfoContext(ctx, "the CDN's deny list is updated", "denied", len(deny), "allowed", len(allow))
	return len(ids) == cdn.MaxKeys, u.saveEntries(ctx, entries, func(e playback.DenyEntry) playback.DenyEntry {
		return e.FinishWrite(u.Now())
	})
}

// startInvalidation makes the CDN forget the objects of removed ids, if that is due.
func (u DenyListUpdater) startInvalidation(ctx context.Context) error {
	waiting, err := u.listEntries(ctx, playback.InvalidateStep)
	if err != nil {
		return err
	}
	i, due := playback.PlanInvalidation(waiting, u.Now())
	if !due {
		return nil
	}
	id, err := u.CDN.StartInvalidation(ctx, i)
	if err != nil {
		return err
	}
	u.Log.InfoContext(ctx, "an invalidation is started", "invalidation", id, "videos", len(i.Entries), "paths",
		len(i.Paths))
	return u.saveEntries(ctx, i.Entries, func(e playback.DenyEntry) playback.DenyEntry {
		return e.StartInvalidation(id, u.Now())
	})
}

// finishInvalidations marks the entries whose invalidation has ended. The next run removes their ids from the copy.
func (u DenyListUpdater) finishInvalidations(ctx context.Context) error {
	awaiting, err := u.listEntries(ctx, playback.AwaitStep)
	if err != nil {
		return err
	}
	ended := map[string]bool{}
	var finished []playback.DenyEntry
	for _, e := range awaiting {
		if _, known := ended[e.Invalidation]; !known {
			if ended[e.Invalidation], err = u.CDN.IsInvalidated(ctx, e.Invalidation); err != nil {
				return err
			}
		}
		if ended[e.Invalidation] {
			finished = append(finished, e)
		}
	}
	return u.saveEntries(ctx, finished, func(e playback.DenyEntry) playback.DenyEntry {
		return e.FinishInvalidation(u.Now())
	})
}

func (u DenyListUpdater) listEntries(ctx context.Context, step playback.DenyStep) ([]playback.DenyEntry, error) {
	ids, err := u.Entries.ListDenySteps(ctx, step, maxInvalidatedIDs)
	if err != nil {
		return nil, err
	}
	return u.loadEntries(ctx, ids, step)
}

// loadEntries returns the entries of ids that still wait for a step.
func (u DenyListUpdater) loadEntries(
	ctx context.Context, ids []string, step playback.DenyStep,
) (entries []playback.DenyEntry, err error) {
	for _, id := range ids {
		e, err := u.Entries.LoadDenyEntry(ctx, id)
		if err != nil {
			return nil, err
		}
		if e.Step == step {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// saveEntries saves what next makes of each entry. One that has changed meanwhile keeps the step that it waits for.
func (u DenyListUpdater) saveEntries(
	ctx context.Context, entries []playback.DenyEntry, next func(playback.DenyEntry) playback.DenyEntry,
) error {
	for _, e := range entries {
		if err := u.Entries.SaveDenyEntry(ctx, next(e)); err != nil && errs.KindOf(err) != errs.Conflict {
			return err
		}
	}
	return nil
}
