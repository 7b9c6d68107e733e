package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"sluice/shared/domain/video"
)

const (
	maxKeyLength    = 255 // characters of an Idempotency-Key
	recordLifetime  = 24 * time.Hour
	completeTimeout = responseReserve / 2 // of the time kept to answer in
)

// IdempotencyStore remembers the requests that carry an Idempotency-Key.
type IdempotencyStore interface {
	// BeginIdempotency keeps c unless another claim of its name is valid at now, and returns the one that is kept.
	BeginIdempotency(ctx context.Context, c video.IdempotencyRecord, now time.Time) (video.IdempotencyRecord, error)
	// CompleteIdempotency replaces the claim of c's name and holder; Conflict if it is another holder's by now.
	CompleteIdempotency(ctx context.Context, c video.IdempotencyRecord) error
}

// IdempotencyMiddleware has POST requests that carry an Idempotency-Key carried out once, and answered again
// (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header). A key belongs to its tenant or operator
// and to the path. It is kept for 24 hours from when the request succeeded; a request that fails leaves it free, and so
// does one whose function died, once that must have ended, unless it had made something.
type IdempotencyMiddleware struct {
	Store     IdempotencyStore
	NewHolder func() (string, error) // a new random name for each request
	Now       func() time.Time
	Log       *slog.Logger
}

func NewIdempotencyMiddleware(claims IdempotencyStore, entropy io.Reader, now func() time.Time, log *slog.Logger) *IdempotencyMiddleware {
	return &IdempotencyMiddleware{Store: claims, NewHolder: func() (string, error) { return RandomBase32(entropy, 16) }, Now: now, Log: log}
}

var (
	errKeyInvalid = &HTTPError{Status: http.StatusBadRequest, Code: "idempotency_key_invalid", Detail: fmt.Sprintf("An Idempotency-Key is one header of 1 to %d printable ASCII characters.", maxKeyLength)}
	errKeyReused  = &HTTPError{Status: http.StatusUnprocessableEntity, Code: "idempotency_key_reused", Detail: "This Idempotency-Key came with another body before; use a new key for a new request."}
	errInProgress = &HTTPError{Status: http.StatusConflict, Code: "idempotency_in_progress", Detail: "A request with this Idempotency-Key is being carried out; wait, then send it again."}
)

// wrapHandler returns h for requests with and without a key. No run of it takes longer than timeout.
func (o *IdempotencyMiddleware) wrapHandler(h Handler, timeout time.Duration) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		keys := r.Header.Values("Idempotency-Key")
		if len(keys) == 0 {
			return h(w, r)
		}
		c, err := o.newRecord(r, keys)
		if err != nil {
			return err
		}
		now := o.Now()
		c.Expires = now.Add(timeout + time.Second) // whole seconds are kept
		held, err := o.Store.BeginIdempotency(r.Context(), c, now)
		switch {
		case err != nil:
			return err
		case held.Holder == c.Holder:
			return o.handleFirst(w, r, h, c)
		case held.BodyHash != c.BodyHash:
			return errKeyReused
		case !held.IsCompleted():
			w.Header().Set("Retry-After", "1")
			return errInProgress
		}
		return replayResponse(w, r, h, held)
	}
}

// newRecord returns what a request claims by its keys, which must be one. It leaves the body to be read again.
func (o *IdempotencyMiddleware) newRecord(r *http.Request, keys []string) (video.IdempotencyRecord, error) {
	if len(keys) != 1 || keys[0] == "" || len(keys[0]) > maxKeyLength || strings.ContainsFunc(keys[0], isUnprintable) {
		return video.IdempotencyRecord{}, errKeyInvalid
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return video.IdempotencyRecord{}, newBodyError("The body can't be read.")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	holder, err := o.NewHolder()
	if err != nil {
		return video.IdempotencyRecord{}, err
	}
	return video.IdempotencyRecord{
		Owner: CallerFromContext(r.Context()).idempotencyOwner(), Route: r.Method + " " + r.URL.Path, Key: keys[0],
		BodyHash: hashHex(canonicalizeJSON(body)), Holder: holder,
	}, nil
}

// isUnprintable reports whether r is not one of ASCII's printable characters.
func isUnprintable(r rune) bool { return r < ' ' || r > '~' }

// canonicalizeJSON returns JSON such that the order of members and white space count nothing; what is no JSON as it is.
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

// handleFirst carries a request out and keeps what it came to. If h fails, or panics, before it has made anything, the key is
// free. Nothing is kept when nobody knows: the claim then expires, or the row that holds it says that it was done.
func (o *IdempotencyMiddleware) handleFirst(w http.ResponseWriter, r *http.Request, h Handler, c video.IdempotencyRecord) error {
	c.Expires = o.Now()
	said, so := newResponseBuffer(), &IdempotencyState{Record: &c, keptUntil: c.Expires.Add(recordLifetime)}
	defer func() {
		if !so.OutcomeUnknown {
			o.completeRecord(r.Context(), c)
		}
	}()
	err := h(said, r.WithContext(context.WithValue(r.Context(), idempotencyStateKey{}, so)))
	if err == nil && c.CreatedID == "" {
		c.Status, c.Response, c.Expires = said.status, said.body.String(), so.keptUntil
	}
	said.copyTo(w)
	return err
}

// completeRecord can't undo what was done, so its failure is only logged: until the claim expires, its key is in progress.
func (o *IdempotencyMiddleware) completeRecord(ctx context.Context, c video.IdempotencyRecord) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), completeTimeout)
	defer cancel()
	if err := o.Store.CompleteIdempotency(ctx, c); err != nil {
		o.Log.WarnContext(ctx, "idempotency key not settled", "api_request_id", CallerFromContext(ctx).RequestID, "owner", c.Owner, "error", err)
	}
}

// replayResponse answers a request that was carried out before.
func replayResponse(w http.ResponseWriter, r *http.Request, h Handler, held video.IdempotencyRecord) error {
	w.Header().Set("Idempotent-Replayed", "true")
	if held.CreatedID != "" {
		return h(w, r.WithContext(context.WithValue(r.Context(), idempotencyStateKey{}, &IdempotencyState{previousID: held.CreatedID})))
	}
	return WriteRawJSON(w, held.Status, []byte(held.Response))
}
