package apitest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/idempotency"
	"sluice/shared/platform/store"
)

// Bodies of valid requests.
const (
	UploadBody = `{"file_name": "a.mp4", "size": 1}`
	TokenBody  = `{"tenant": "acme", "scopes": ["videos:read"]}`
)

// PostWithKey sends a POST with an Idempotency-Key.
func (f *Fixture) PostWithKey(tb testing.TB, c Caller, key, path, body string) Result {
	tb.Helper()
	e := c.NewEvent("POST", path, body)
	e.Headers = map[string]string{"idempotency-key": key}
	return f.SendEvent(tb, e)
}

// IsReplayed reports whether the response repeats an earlier one.
func (r Result) IsReplayed() bool {
	return cmp.Equal(r.Header["Idempotent-Replayed"], []string{"true"})
}

// RequireProblem reports an error unless the response has a status and a code.
func (r Result) RequireProblem(tb testing.TB, status int, code string) {
	tb.Helper()
	if r.Status != status || r.Field("code") != code {
		tb.Errorf("got %d %s, want %d %s", r.Status, r.Text, status, code)
	}
}

// RecordingStore is a store that keeps a text of each idempotency record that is written.
type RecordingStore struct {
	store.Store
	mu          sync.Mutex
	Written     []string
	BeginErr    error // what BeginIdempotency fails with
	CompleteErr error // what CompleteIdempotency fails with
}

func (s *RecordingStore) noteRecord(r idempotency.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Written = append(s.Written, fmt.Sprintf("%+v", r))
}

func (s *RecordingStore) BeginIdempotency(
	ctx context.Context, r idempotency.Record, now time.Time,
) (idempotency.Record, error) {
	s.noteRecord(r)
	if s.BeginErr != nil {
		return idempotency.Record{}, s.BeginErr
	}
	return s.Store.BeginIdempotency(ctx, r, now)
}

func (s *RecordingStore) CompleteIdempotency(ctx context.Context, r idempotency.Record) error {
	s.noteRecord(r)
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.CompleteErr != nil {
		return s.CompleteErr
	}
	return s.Store.CompleteIdempotency(ctx, r)
}

// NewWithRecords returns a fixture with the tenant acme, and the store of its idempotency records.
func NewWithRecords(tb testing.TB) (*Fixture, *RecordingStore) {
	f := New(tb)
	records := &RecordingStore{Store: f.Store}
	f.Idempotency = records
	f.RebuildHandlers(tb)
	f.DoRequest(tb, IAMOperator, "POST", "/v1/tenants", `{"name": "acme"}`)
	return f, records
}

// Post is a POST request.
type Post struct {
	Caller     Caller
	Path, Body string
}

// ValidPosts returns a request that succeeds for every POST route.
func (f *Fixture) ValidPosts(tb testing.TB) map[string]Post {
	u, _ := f.CreateUpload(tb, Acme)
	l := f.PutDeadLetters(tb, 1)[0]
	return map[string]Post{
		"/v1/videos/{id}/unpublish":     {Acme, "/v1/videos/" + u.Video + "/unpublish", ""},
		"/v1/videos/{id}/publish":       {Acme, "/v1/videos/" + u.Video + "/publish", ""},
		"/v1/sources":                   {IAMOperator, "/v1/sources", ProducerBody},
		"/v1/dead-letters/redrive":      {OperatorToken, "/v1/dead-letters/redrive", `{}`},
		"/v1/dead-letters/{id}/redrive": {OperatorToken, "/v1/dead-letters/" + l.ID + "/redrive", `{}`},
		"/v1/dead-letters/{id}/discard": {
			OperatorToken, "/v1/dead-letters/" + l.ID + "/discard", `{"reason": "a test"}`,
		},
		"/v1/tenants":               {IAMOperator, "/v1/tenants", `{"name": "globex"}`},
		"/v1/tokens":                {IAMOperator, "/v1/tokens", TokenBody},
		"/v1/uploads":               {Acme, "/v1/uploads", `{"file_name": "a.mp4", "size": 20971520}`},
		"/v1/uploads/{id}/parts":    {Acme, "/v1/uploads/" + u.ID + "/parts", `{"numbers": [1]}`},
		"/v1/uploads/{id}/complete": {Acme, "/v1/uploads/" + u.ID + "/complete", f.PutAllParts(tb, u)},
		"/v1/videos":                {Acme, "/v1/videos", `{"url": "https://example.com/a.mp4"}`},
	}
}
