package api

import (
	"context"
	"net/http"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// repeat is what a handler and Once tell each other.
type repeat struct {
	before string       // what the claim made when it was carried out; "" if it has not been
	claim  *video.Claim // in progress; nil if it has been
	keep   time.Time    // until when it is valid once it is done
	unsure bool         // nobody knows whether the claim is done
}

type repeatKey struct{}

// repeatOf returns an empty repeat for a request without a key.
func repeatOf(ctx context.Context) *repeat {
	if so, ok := ctx.Value(repeatKey{}).(*repeat); ok {
		return so
	}
	return &repeat{}
}

// done returns the claim as it is when the request has made what has the id.
func (so *repeat) done(id string) video.Claim {
	c := *so.claim
	c.Status, c.Made, c.Expires = http.StatusCreated, id, so.keep
	return c
}

// made notes the id of what a request has made. If the request is repeated, its handler is called again and finds the id
// with madeBefore: so must do who answers with a secret or a signed URL, which is not to be kept. Without it, the answer
// is kept as it is.
func made(ctx context.Context, id string) {
	if so := repeatOf(ctx); so.claim != nil {
		*so.claim = so.done(id)
	}
}

// madeBefore returns what was noted when the request was carried out; "" if it has not been.
func madeBefore(ctx context.Context) string { return repeatOf(ctx).before }

// create adds the rows of an upload, and with them what is remembered of the request that has made it. After a lost
// answer nobody knows whether they are there.
func (a *API) create(ctx context.Context, v video.Video, u video.Upload) error {
	so := repeatOf(ctx)
	if so.claim == nil {
		return a.Rows.Create(ctx, v, u)
	}
	err := a.Rows.CreateOnce(ctx, v, u, so.done(u.ID))
	so.unsure = errs.KindOf(err) == errs.Transient
	if err == nil {
		made(ctx, u.ID)
	}
	return err
}
