package httpapi

import (
	"context"
	"net/http"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// IdempotencyState is what a handler and Once tell each other.
type IdempotencyState struct {
	previousID     string                   // what the claim made when it was carried out; "" if it has not been
	Record         *video.IdempotencyRecord // in progress; nil if it has been
	keptUntil      time.Time                // until when it is valid once it is done
	OutcomeUnknown bool                     // nobody knows whether the claim is done
}

type idempotencyStateKey struct{}

// IdempotencyStateFromContext returns an empty repeat for a request without a key.
func IdempotencyStateFromContext(ctx context.Context) *IdempotencyState {
	if so, ok := ctx.Value(idempotencyStateKey{}).(*IdempotencyState); ok {
		return so
	}
	return &IdempotencyState{}
}

// CompletedRecord returns the claim as it is when the request has made what has the id.
func (so *IdempotencyState) CompletedRecord(id string) video.IdempotencyRecord {
	c := *so.Record
	c.Status, c.CreatedID, c.Expires = http.StatusCreated, id, so.keptUntil
	return c
}

// MarkCreated notes the id of what a request has made. If the request is repeated, its handler is called again and finds the id
// with madeBefore: so must do who answers with a secret or a signed URL, which is not to be kept. Without it, the answer
// is kept as it is.
func MarkCreated(ctx context.Context, id string) {
	if so := IdempotencyStateFromContext(ctx); so.Record != nil {
		*so.Record = so.CompletedRecord(id)
	}
}

// PreviouslyCreatedID returns what was noted when the request was carried out; "" if it has not been.
func PreviouslyCreatedID(ctx context.Context) string {
	return IdempotencyStateFromContext(ctx).previousID
}

// StoreCreated calls create with the idempotency record of the request as it is when what has the id is made, so that
// both are stored in one transaction: nil for a request without a key. After a Transient error nobody knows whether
// they are stored.
func StoreCreated(ctx context.Context, id string, create func(record *video.IdempotencyRecord) error) error {
	so := IdempotencyStateFromContext(ctx)
	if so.Record == nil {
		return create(nil)
	}
	done := so.CompletedRecord(id)
	err := create(&done)
	so.OutcomeUnknown = errs.KindOf(err) == errs.Transient
	if err == nil {
		MarkCreated(ctx, id)
	}
	return err
}
