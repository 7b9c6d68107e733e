// Package idempotency has the records of requests that are carried out once. It is pure and needs no AWS rights.
package idempotency

import "time"

// Record is the row of one request with an Idempotency-Key: however often the client sends the request, it
// is carried out once. Owner, Route and Key together identify it.
type Record struct {
	Owner     string    // the tenant, or a hash of the IAM principal that signed the request
	Route     string    // method and path
	Key       string    // as the client chose it; only a hash is stored
	BodyHash  string    // hash of the request body: the same key with another body is rejected
	Holder    string    // random id of the invocation that carries the request out
	Status    int       // HTTP status of the response; 0 until there is one
	CreatedID string    // id of the resource that was created, if the response is built from it again
	Response  string    // body of the response otherwise
	Expires   time.Time // the record is void from then on; stored in whole seconds, rounded down
}

// IsCompleted reports whether the request was carried out and its response is known.
func (r Record) IsCompleted() bool { return r.Status != 0 }
