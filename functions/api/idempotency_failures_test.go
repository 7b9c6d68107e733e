package api_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store"
	"sluice/tests/apitest"
)

// TestFailedRequestReleasesIdempotencyKey: for the same request, and for one that is put right.
func TestFailedRequestReleasesIdempotencyKey(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, body string
		fail       func(w *apitest.Fixture)
		status     int
	}{
		{"refused", `{"file_name": "a.mp4", "size": 0}`, func(*apitest.Fixture) {}, 422},
		{"malformed", `{`, func(*apitest.Fixture) {}, 400},
		{"busy", apitest.UploadBody, func(w *apitest.Fixture) { w.Bucket.Err = errs.E("bucket", errs.Transient, errors.New("SlowDown")) }, 503},
		{"panic", apitest.UploadBody, func(w *apitest.Fixture) {
			w.Bucket.OnCreate = func() { panic("boom") }
		}, 500},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := apitest.New(t)
			row.fail(w)
			if got := w.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", row.body); got.Status != row.status || got.IsReplayed() {
				t.Fatalf("%d %s", got.Status, got.Text)
			}
			w.Bucket.OnCreate, w.Bucket.Err = nil, nil
			if got := w.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody); got.Status != 201 || got.IsReplayed() {
				t.Errorf("put right: %d %s", got.Status, got.Text)
			}
		})
	}
}

// TestIdempotencyKeyIsReleasedAtTimeout: what is left of the function's own time is for that.
func TestIdempotencyKeyIsReleasedAtTimeout(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	w.Bucket.OnCreate = func() { cancel(); w.Bucket.Err = errs.E("bucket", errs.Transient, ctx.Err()) }
	e := apitest.Acme.NewEvent("POST", "/v1/uploads", apitest.UploadBody)
	e.Headers = map[string]string{"Idempotency-Key": "k"}
	if out, err := w.CallAPI(ctx, e); err != nil || out.StatusCode != 503 {
		t.Fatalf("%d %v", out.StatusCode, err)
	}
	w.Bucket.OnCreate, w.Bucket.Err = nil, nil
	if got := w.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody); got.Status != 201 {
		t.Errorf("%d %s", got.Status, got.Text)
	}
}

func TestIdempotencyStoreFailures(t *testing.T) {
	t.Parallel()
	w, kept := apitest.NewWithRecords(t)
	kept.CompleteErr = errors.New("throttled")
	got := w.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody)
	if got.Status != 201 || !strings.Contains(w.Logs.String(), "idempotency record not completed") {
		t.Errorf("what was done can't be undone: %d %s, logged %s", got.Status, got.Text, w.Logs)
	}
	kept.ClaimErr = errs.E("store.BeginIdempotency", errs.Transient, errors.New("throttled"))
	uploads := len(w.Bucket.Uploads)
	w.PostWithKey(t, apitest.Acme, "k2", "/v1/uploads", apitest.UploadBody).RequireProblem(t, 503, "busy")
	if len(w.Bucket.Uploads) != uploads {
		t.Error("carried out without a claim")
	}
}

// lossyStore keeps rows and loses its answer, or loses the rows.
type lossyStore struct {
	store.Store
	savesRows bool
}

func (s lossyStore) CreateVideoIdempotently(ctx context.Context, v video.Video, u video.Upload, c video.IdempotencyRecord) error {
	if s.savesRows {
		if err := s.Store.CreateVideoIdempotently(ctx, v, u, c); err != nil {
			return err
		}
	}
	return errs.E("store.CreateVideoIdempotently", errs.Transient, errors.New("connection reset by peer"))
}

// TestUnknownOutcomeCreatesNoSecondUpload: while nobody knows whether there is one, none is made.
func TestUnknownOutcomeCreatesNoSecondUpload(t *testing.T) {
	t.Parallel()
	for _, keeps := range []bool{true, false} {
		w := apitest.New(t)
		w.Uploads = lossyStore{w.Store, keeps}
		w.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody).RequireProblem(t, 503, "busy")
		w.Uploads = w.Store
		got := w.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody)
		if keeps {
			if _, err := w.Store.LoadUpload(t.Context(), "acme", got.Field("upload_id")); err != nil || !got.IsReplayed() {
				t.Errorf("%d %s, %v", got.Status, got.Text, err)
			}
			continue
		}
		got.RequireProblem(t, 409, "idempotency_in_progress")
		w.Now = func() time.Time { return apitest.Noon.Add(time.Minute) }
		if got := w.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody); got.Status != 201 || got.IsReplayed() {
			t.Errorf("later: %d %s", got.Status, got.Text)
		}
	}
}

// TestFailureAfterCreationCreatesNoSecondUpload: what is there is told of.
func TestFailureAfterCreationCreatesNoSecondUpload(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	w.Multipart = failingSigner{w.Bucket}
	w.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody).RequireProblem(t, 500, "internal")
	w.Multipart = w.Bucket
	if got := w.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody); got.Status != 201 || !got.IsReplayed() || len(w.Bucket.Uploads) != 1 {
		t.Errorf("%d %s, %d uploads", got.Status, got.Text, len(w.Bucket.Uploads))
	}
}

// failingSigner is S3 whose URLs can't be had.
type failingSigner struct{ *apitest.FakeBucket }

func (failingSigner) PresignPart(context.Context, string, string, int, int64, time.Duration) (string, time.Time, error) {
	return "", time.Time{}, errors.New("no credentials")
}
