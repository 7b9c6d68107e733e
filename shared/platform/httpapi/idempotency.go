package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/idempotency"
)

const (
	maxKeyLength    = 255 // characters of an Idempotency-Key
	recordLifetime  = 24 * time.Hour
	completeTimeout = responseReserve / 2 // a part of the time that is left for the response
)

// IdempotencyStore keeps the records of requests that carry an Idempotency-Key.
type IdempotencyStore interface {
	// BeginIdempotency stores c unless another record of its owner, route and key is valid at now. It returns the
	// record that is stored.
	BeginIdempotency(ctx context.Context, r idempotency.Record, now time.Time) (idempotency.Record, error)
	// CompleteIdempotency replaces the record of c's owner, route, key and holder. Conflict: another holder has it.
	CompleteIdempotency(ctx context.Context, r idempotency.Record) error
}

// IdempotencyMiddleware runs POST requests that carry an Idempotency-Key once, and repeats the response after that
// (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header). A key belongs to its tenant or operator
// and to the path. It is kept for 24 hours after the request has succeeded. A request that fails leaves its key free.
// So does a request whose function died before it created anything, once the function's timeout has passed.
type IdempotencyMiddleware struct {
	Store     IdempotencyStore
	NewHolder func() (string, error) // a new random name for each request
	Now       func() time.Time
	Log       *slog.Logger
}

// NewIdempotencyMiddleware returns a middleware that reads the names of holders from entropy.
func NewIdempotencyMiddleware(
	records IdempotencyStore, entropy io.Reader, now func() time.Time, log *slog.Logger,
) *IdempotencyMiddleware {
	newHolder := func() (string, error) { return RandomBase32(entropy, 16) }
	return &IdempotencyMiddleware{Store: records, NewHolder: newHolder, Now: now, Log: log}
}

var (
	errKeyInvalid = &HTTPError{
		Status: http.StatusBadRequest, Code: "idempotency_key_invalid",
		Detail: fmt.Sprintf("An Idempotency-Key is one header of 1 to %d printable ASCII characters.", maxKeyLength),
	}
	errKeyReused = &HTTPError{
		Status: http.StatusUnprocessableEntity, Code: "idempotency_key_reused",
		Detail: "This Idempotency-Key came with another body before; use a new key for a new request.",
	}
	errInProgress = &HTTPError{
		Status: http.StatusConflict, Code: "idempotency_in_progress",
		Detail: "A request with this Idempotency-Key is being carried out; wait, then send it again.",
	}
)

// wrapHandler returns a handler that runs h once for each Idempotency-Key, and each time for requests without one. No
// run of h takes longer than timeout.
func (m *IdempotencyMiddleware) wrapHandler(h IdempotentHandler, timeout time.Duration) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		keys := r.Header.Values("Idempotency-Key")
		if len(keys) == 0 {
			return h(w, r, &Attempt{})
		}
		record, err := m.newRecord(r, keys)
		if err != nil {
			return err
		}
		now := m.Now()
		record.Expires = now.Add(timeout + time.Second) // whole seconds are kept
		stored, err := m.Store.BeginIdempotency(r.Context(), record, now)
		switch {
		case err != nil:
			return err
		case stored.Holder == record.Holder:
			return m.handleFirst(w, r, h, record)
		case stored.BodyHash != record.BodyHash:
			return errKeyReused
		case !stored.IsCompleted():
			w.Header().Set("Retry-After", "1")
			return errInProgress
		}
		w.Header().Set("Idempotent-Replayed", "true")
		if stored.CreatedID != "" {
			return h(w, r, &Attempt{PreviousID: stored.CreatedID})
		}
		return WriteRawJSON(w, stored.Status, []byte(stored.Response))
	}
}

// newRecord returns the record of a request with these keys, of which there must be one. The body can be read again.
func (m *IdempotencyMiddleware) newRecord(r *http.Request, keys []string) (idempotency.Record, error) {
	unprintable := func(r rune) bool { return r < ' ' || r > '~' }
	if len(keys) != 1 || keys[0] == "" || len(keys[0]) > maxKeyLength || strings.ContainsFunc(keys[0], unprintable) {
		return idempotency.Record{}, errKeyInvalid
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return idempotency.Record{}, newBodyError("The body can't be read.")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	holder, err := m.NewHolder()
	if err != nil {
		return idempotency.Record{}, err
	}
	return idempotency.Record{
		Owner: CallerFromContext(r.Context()).idempotencyOwner(), Route: r.Method + " " + r.URL.Path, Key: keys[0],
		BodyHash: hashHex(canonicalizeJSON(body)), Holder: holder,
	}, nil
}

// canonicalizeJSON returns JSON with sorted members and without white space. It returns a body that is not JSON
// unchanged.
func canonicalizeJSON(body []byte) []byte {
	var value any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if exceedsMaxNesting(body) || d.Decode(&value) != nil || d.More() {
		return body
	}
	b, err := json.Marshal(value)
	if err != nil {
		return body
	}
	return b
}

func hashHex(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// handleFirst runs h for the first request with a key and stores its outcome. If h fails or panics before it has
// created anything, the key is free again. If the outcome is unknown, nothing is stored: the record then expires, or
// the row that was written with it completes it.
func (m *IdempotencyMiddleware) handleFirst(
	w http.ResponseWriter, r *http.Request, h IdempotentHandler, record idempotency.Record,
) error {
	record.Expires = m.Now()
	a := &Attempt{record: &record, keptUntil: record.Expires.Add(recordLifetime)}
	defer func() {
		if a.outcomeUnknown {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), completeTimeout)
		defer cancel()
		// the key stays in progress until the record expires
		if err := m.Store.CompleteIdempotency(ctx, record); err != nil {
			m.Log.WarnContext(ctx, "idempotency record not completed",
				"api_request_id", CallerFromContext(ctx).RequestID, "owner", record.Owner, "error", err)
		}
	}()
	response := newResponseBuffer()
	err := h(response, r, a)
	if err == nil && record.CreatedID == "" {
		record.Status, record.Response, record.Expires = response.status, response.body.String(), a.keptUntil
	}
	maps.Copy(w.Header(), response.header)
	if response.status != 0 {
		w.WriteHeader(response.status)
		_, _ = w.Write(response.body.Bytes()) // the client is gone
	}
	return err
}

// RandomBase32 returns n random bytes in lower-case base32, which has no underscore.
func RandomBase32(entropy io.Reader, n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(entropy, b); err != nil {
		return "", errs.E("httpapi.RandomBase32", errs.Internal, err)
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)), nil
}
