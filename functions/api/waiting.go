package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"sluice/shared/domain/idempotency"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
	"sluice/shared/platform/invocation"
)

// DenyList has the playback ids that may not be played.
type DenyList interface {
	// LoadDenyEntry returns the entry of an id; one that is allowed if there is none.
	LoadDenyEntry(ctx context.Context, id string) (playback.DenyEntry, error)
}

const (
	maxWait      = 17 * time.Second // of a request with Prefer: wait
	waitReserve  = 3 * time.Second  // the part of the function's time that is left for the response
	pollInterval = 250 * time.Millisecond

	// maxWaiting is how many requests of all processes wait at once: a tenth of the ten concurrent invocations that a
	// new account has. The others are answered at once.
	maxWaiting = 1
)

// awaitPublication waits until publish has carried out a decision about a video that was accepted at a time, as long as
// the client prefers to. It reports whether that has happened. It does not wait while others do.
func (a *API) awaitPublication(r *http.Request, v video.Video, at time.Time) bool {
	wait := httpapi.ParseWait(r.Header, maxWait)
	if wait == 0 {
		return false
	}
	release, ok := a.takeWaitSlot(r.Context(), wait)
	if !ok {
		return false
	}
	defer release()
	ctx, cancel := invocation.WithReserve(r.Context(), waitReserve)
	defer cancel()
	for end := a.Now().Add(wait); ; a.Sleep(ctx, pollInterval) {
		done, err := a.isPublicationDone(ctx, v, at)
		if done || err != nil || !a.Now().Before(end) {
			return done
		}
	}
}

// isPublicationDone reports whether the row and the deny list have a decision that was accepted at a time, or later.
func (a *API) isPublicationDone(ctx context.Context, v video.Video, at time.Time) (bool, error) {
	now, err := a.Uploads.LoadVideo(ctx, v.Tenant, v.ID)
	if err != nil || now.Publication.At.Before(at) {
		return false, err
	}
	e, err := a.DenyList.LoadDenyEntry(ctx, v.Playback)
	return err == nil && e.Version >= now.Publication.Version, err
}

// takeWaitSlot takes one of the slots for waiting requests, which are idempotency records that nobody else has. ok is
// false if none is free. A slot of a process that dies is free again after the wait.
func (a *API) takeWaitSlot(ctx context.Context, wait time.Duration) (release func(), ok bool) {
	holder, err := httpapi.RandomBase32(a.Entropy, 16)
	if err != nil {
		return nil, false
	}
	for n := range maxWaiting {
		now := a.Now()
		slot := idempotency.Record{ // no tenant's: their ids have lower-case letters
			Owner: "WAIT", Route: "slot", Key: fmt.Sprint(n), Holder: holder,
			Expires: now.Add(wait + waitReserve + time.Second), // whole seconds are kept
		}
		stored, err := a.Idempotency.BeginIdempotency(ctx, slot, now)
		if err != nil || stored.Holder != holder {
			continue
		}
		return func() {
			slot.Expires = a.Now()
			if err := a.Idempotency.CompleteIdempotency(context.WithoutCancel(ctx), slot); err != nil {
				a.Log.WarnContext(ctx, "slot of a waiting request not given back", "error", err)
			}
		}, true
	}
	return nil, false
}
