package api

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
	maxKey       = 255 // characters of an Idempotency-Key
	keepClaim    = 24 * time.Hour
	settleWithin = toAnswer / 2 // of the time kept to answer in
)

// Claims remembers the requests that carry an Idempotency-Key.
type Claims interface {
	// Claim keeps c unless another claim of its name is valid at now, and returns the one that is kept.
	Claim(ctx context.Context, c video.Claim, now time.Time) (video.Claim, error)
	// Settle replaces the claim of c's name and holder; Conflict if it is another holder's by now.
	Settle(ctx context.Context, c video.Claim) error
}

// Once has POST requests that carry an Idempotency-Key carried out once, and answered again
// (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header). A key belongs to its tenant or operator
// and to the path. It is kept for 24 hours from when the request succeeded; a request that fails leaves it free, and so
// does one whose function died, once that must have ended, unless it had made something.
type Once struct {
	Claims Claims
	Holder func() (string, error) // a new random name for each request
	Now    func() time.Time
	Log    *slog.Logger
}

func newOnce(claims Claims, entropy io.Reader, now func() time.Time, log *slog.Logger) *Once {
	return &Once{Claims: claims, Holder: func() (string, error) { return random(entropy, 16) }, Now: now, Log: log}
}

var (
	errKeySyntax  = &fault{status: http.StatusBadRequest, code: "idempotency_key_invalid", detail: fmt.Sprintf("An Idempotency-Key is one header of 1 to %d printable ASCII characters.", maxKey)}
	errKeyReused  = &fault{status: http.StatusUnprocessableEntity, code: "idempotency_key_reused", detail: "This Idempotency-Key came with another body before; use a new key for a new request."}
	errInProgress = &fault{status: http.StatusConflict, code: "idempotency_in_progress", detail: "A request with this Idempotency-Key is being carried out; wait, then send it again."}
)

// wrap returns h for requests with and without a key. No run of it takes longer than timeout.
func (o *Once) wrap(h Handler, timeout time.Duration) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		keys := r.Header.Values("Idempotency-Key")
		if len(keys) == 0 {
			return h(w, r)
		}
		c, err := o.claim(r, keys)
		if err != nil {
			return err
		}
		now := o.Now()
		c.Expires = now.Add(timeout + time.Second) // whole seconds are kept
		held, err := o.Claims.Claim(r.Context(), c, now)
		switch {
		case err != nil:
			return err
		case held.Holder == c.Holder:
			return o.first(w, r, h, c)
		case held.Body != c.Body:
			return errKeyReused
		case !held.Done():
			w.Header().Set("Retry-After", "1")
			return errInProgress
		}
		return again(w, r, h, held)
	}
}

// claim returns what a request claims by its keys, which must be one. It leaves the body to be read again.
func (o *Once) claim(r *http.Request, keys []string) (video.Claim, error) {
	if len(keys) != 1 || keys[0] == "" || len(keys[0]) > maxKey || strings.ContainsFunc(keys[0], unprintable) {
		return video.Claim{}, errKeySyntax
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return video.Claim{}, malformed("The body can't be read.")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	holder, err := o.Holder()
	if err != nil {
		return video.Claim{}, err
	}
	return video.Claim{
		Owner: callerOf(r.Context()).owner(), Route: r.Method + " " + r.URL.Path, Key: keys[0],
		Body: digest(canonical(body)), Holder: holder,
	}, nil
}

// unprintable reports whether r is not one of ASCII's printable characters.
func unprintable(r rune) bool { return r < ' ' || r > '~' }

// canonical returns JSON such that the order of members and white space count nothing; what is no JSON as it is.
func canonical(body []byte) []byte {
	var value any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if deep(body) || d.Decode(&value) != nil || d.More() {
		return body
	}
	b, err := json.Marshal(value)
	if err != nil {
		return body
	}
	return b
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// first carries a request out and keeps what it came to. If h fails, or panics, before it has made anything, the key is
// free. Nothing is kept when nobody knows: the claim then expires, or the row that holds it says that it was done.
func (o *Once) first(w http.ResponseWriter, r *http.Request, h Handler, c video.Claim) error {
	c.Expires = o.Now()
	said, so := newAnswer(), &repeat{claim: &c, keep: c.Expires.Add(keepClaim)}
	defer func() {
		if !so.unsure {
			o.settle(r.Context(), c)
		}
	}()
	err := h(said, r.WithContext(context.WithValue(r.Context(), repeatKey{}, so)))
	if err == nil && c.Made == "" {
		c.Status, c.Answer, c.Expires = said.status, said.body.String(), so.keep
	}
	said.pass(w)
	return err
}

// settle can't undo what was done, so its failure is only logged: until the claim expires, its key is in progress.
func (o *Once) settle(ctx context.Context, c video.Claim) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWithin)
	defer cancel()
	if err := o.Claims.Settle(ctx, c); err != nil {
		o.Log.WarnContext(ctx, "idempotency key not settled", "api_request_id", callerOf(ctx).requestID, "owner", c.Owner, "error", err)
	}
}

// again answers a request that was carried out before.
func again(w http.ResponseWriter, r *http.Request, h Handler, held video.Claim) error {
	w.Header().Set("Idempotent-Replayed", "true")
	if held.Made != "" {
		return h(w, r.WithContext(context.WithValue(r.Context(), repeatKey{}, &repeat{before: held.Made})))
	}
	return send(w, held.Status, []byte(held.Answer))
}
