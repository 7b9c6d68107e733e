package apitest

import (
	"context"
	"fmt"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	UploadBody = `{"file_name": "a.mp4", "size": 1}`
	TokenBody  = `{"tenant": "acme", "scopes": ["videos:read"]}`
)

// PostWithKey sends a POST with an Idempotency-Key.
func (w *Fixture) PostWithKey(tb testing.TB, c Caller, key, path, body string) Result {
	tb.Helper()
	e := c.NewEvent("POST", path, body)
	e.Headers = map[string]string{"idempotency-key": key}
	return w.SendEvent(tb, e)
}

// IsReplayed reports whether an answer was one before.
func (r Result) IsReplayed() bool {
	return cmp.Equal(r.Header["Idempotent-Replayed"], []string{"true"})
}

// RequireProblem fails unless the answer is a problem.
func (r Result) RequireProblem(tb testing.TB, status int, code string) {
	tb.Helper()
	if r.Status != status || r.Field("code") != code {
		tb.Errorf("%d %s, not %d %s", r.Status, r.Text, status, code)
	}
}

// RecordingStore keeps all that is written about keys.
type RecordingStore struct {
	store.Store
	mu          sync.Mutex
	Written     []string
	ClaimErr    error // what each Claim fails with
	CompleteErr error // what each Settle fails with
}

func (c *RecordingStore) noteRecord(v video.IdempotencyRecord) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Written = append(c.Written, fmt.Sprintf("%+v", v))
}

func (c *RecordingStore) BeginIdempotency(ctx context.Context, v video.IdempotencyRecord, now time.Time) (video.IdempotencyRecord, error) {
	c.noteRecord(v)
	if c.ClaimErr != nil {
		return video.IdempotencyRecord{}, c.ClaimErr
	}
	return c.Store.BeginIdempotency(ctx, v, now)
}

func (c *RecordingStore) CompleteIdempotency(ctx context.Context, v video.IdempotencyRecord) error {
	c.noteRecord(v)
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.CompleteErr != nil {
		return c.CompleteErr
	}
	return c.Store.CompleteIdempotency(ctx, v)
}

// NewWithRecords is a world whose keys can be looked into, with a tenant.
func NewWithRecords(tb testing.TB) (*Fixture, *RecordingStore) {
	w := New(tb)
	kept := &RecordingStore{Store: w.Store}
	w.Idempotency = kept
	w.RebuildHandlers(tb)
	w.DoRequest(tb, IAMOperator, "POST", "/v1/tenants", `{"name": "acme"}`)
	return w, kept
}

// Post is a request and who sends it.
type Post struct {
	Caller     Caller
	Path, Body string
}

// ValidPosts returns a request that works for every POST route.
func (w *Fixture) ValidPosts(tb testing.TB) map[string]Post {
	u, _ := w.CreateUpload(tb, Acme)
	l := w.PutDeadLetters(tb, 1)[0]
	return map[string]Post{
		"/v1/sources":                   {IAMOperator, "/v1/sources", ProducerBody},
		"/v1/dead-letters/redrive":      {OperatorToken, "/v1/dead-letters/redrive", `{}`},
		"/v1/dead-letters/{id}/redrive": {OperatorToken, "/v1/dead-letters/" + l.ID + "/redrive", `{}`},
		"/v1/dead-letters/{id}/discard": {OperatorToken, "/v1/dead-letters/" + l.ID + "/discard", `{"reason": "a test"}`},
		"/v1/tenants":                   {IAMOperator, "/v1/tenants", `{"name": "globex"}`},
		"/v1/tokens":                    {IAMOperator, "/v1/tokens", TokenBody},
		"/v1/uploads":                   {Acme, "/v1/uploads", `{"file_name": "a.mp4", "size": 20971520}`},
		"/v1/uploads/{id}/parts":        {Acme, "/v1/uploads/" + u.ID + "/parts", `{"numbers": [1]}`},
		"/v1/uploads/{id}/complete":     {Acme, "/v1/uploads/" + u.ID + "/complete", w.PutAllParts(u)},
		"/v1/videos":                    {Acme, "/v1/videos", `{"url": "https://example.com/a.mp4"}`},
	}
}
