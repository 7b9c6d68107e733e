package httpapi

import (
	"net/http"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/idempotency"
)

// IdempotentHandler answers a POST route whose response can't be stored, because it has a secret or signed URLs in it.
// It marks what it creates. When the request is repeated, it runs again and finds the id in a.PreviousID.
type IdempotentHandler func(w http.ResponseWriter, r *http.Request, a *Attempt) error

// Attempt is one run of an IdempotentHandler.
type Attempt struct {
	PreviousID string // of what an earlier attempt has created; "" in the first one

	record         *idempotency.Record // in progress; nil for a request without a key and after the first attempt
	keptUntil      time.Time           // when the record expires once the request has succeeded
	outcomeUnknown bool                // a write failed in a way that leaves open whether it happened
}

// MarkCreated notes the id of what the request has created. Without it, the response is stored and repeated as it is.
func (a *Attempt) MarkCreated(id string) {
	if a.record != nil {
		*a.record = a.completedRecord(id)
	}
}

// StoreCreated calls create with the completed idempotency record of the request, so that both are stored in one
// transaction; with nil for a request without a key. After a Transient error it is unknown whether they are stored.
func (a *Attempt) StoreCreated(id string, create func(record *idempotency.Record) error) error {
	if a.record == nil {
		return create(nil)
	}
	completed := a.completedRecord(id)
	err := create(&completed)
	a.outcomeUnknown = errs.KindOf(err) == errs.Transient
	if err == nil {
		a.MarkCreated(id)
	}
	return err
}

// completedRecord returns the record of a request that has created what has the id.
func (a *Attempt) completedRecord(id string) idempotency.Record {
	r := *a.record
	r.Status, r.CreatedID, r.Expires = http.StatusCreated, id, a.keptUntil
	return r
}
