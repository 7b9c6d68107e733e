package api_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/idempotency"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store"
	"sluice/tests/apitest"
)

// TestFailedRequestReleasesIdempotencyKey checks that the key can be used again, also with a corrected body.
func TestFailedRequestReleasesIdempotencyKey(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, body string
		fail       func(fx *apitest.Fixture)
		status     int
	}{
		{"refused", `{"file_name": "a.mp4", "size": 0}`, func(*apitest.Fixture) {}, 422},
		{"malformed", `{`, func(*apitest.Fixture) {}, 400},
		{"busy", apitest.UploadBody, func(fx *apitest.Fixture) {
			fx.Bucket.Err = errs.E("bucket", errs.Transient, errors.New("SlowDown"))
		}, 503},
		{"panic", apitest.UploadBody, func(fx *apitest.Fixture) {
			fx.Bucket.OnCreate = func() { panic("boom") }
		}, 500},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			fx := apitest.New(t)
			row.fail(fx)
			if got := fx.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", row.body); got.Status != row.status ||
				got.IsReplayed() {
				t.Fatalf("%d %s", got.Status, got.Text)
			}
			fx.Bucket.OnCreate, fx.Bucket.Err = nil, nil
			if got := fx.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody); got.Status != 201 ||
				got.IsReplayed() {
				t.Errorf("second request: %d %s", got.Status, got.Text)
			}
		})
	}
}

func TestIdempotencyKeyIsReleasedAtTimeout(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	fx.Bucket.OnCreate = func() { cancel(); fx.Bucket.Err = errs.E("bucket", errs.Transient, ctx.Err()) }
	e := apitest.Acme.NewEvent("POST", "/v1/uploads", apitest.UploadBody)
	e.Headers = map[string]string{"Idempotency-Key": "k"}
	if out, err := fx.CallAPI(ctx, e); err != nil || out.StatusCode != 503 {
		t.Fatalf("%d %v", out.StatusCode, err)
	}
	fx.Bucket.OnCreate, fx.Bucket.Err = nil, nil
	if got := fx.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody); got.Status != 201 {
		t.Errorf("%d %s", got.Status, got.Text)
	}
}

func TestIdempotencyStoreFailures(t *testing.T) {
	t.Parallel()
	fx, records := apitest.NewWithRecords(t)
	records.CompleteErr = errors.New("throttled")
	got := fx.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody)
	if got.Status != 201 || !strings.Contains(fx.Logs.String(), "idempotency record not completed") {
		t.Errorf("the upload exists: %d %s, logged %s", got.Status, got.Text, fx.Logs)
	}
	records.BeginErr = errs.E("store.BeginIdempotency", errs.Transient, errors.New("throttled"))
	uploads := fx.Bucket.CountUploads()
	fx.PostWithKey(t, apitest.Acme, "k2", "/v1/uploads", apitest.UploadBody).RequireProblem(t, 503, "busy")
	if fx.Bucket.CountUploads() != uploads {
		t.Error("the request ran without a record")
	}
}

// lossyStore fails after it has saved the rows, or without saving them.
type lossyStore struct {
	store.Store
	savesRows bool
}

func (s lossyStore) CreateVideoIdempotently(
	ctx context.Context, v video.Video, u video.Upload, r idempotency.Record,
) error {
	if s.savesRows {
		if err := s.Store.CreateVideoIdempotently(ctx, v, u, r); err != nil {
			return err
		}
	}
	return errs.E("store.CreateVideoIdempotently", errs.Transient, errors.New("connection reset by peer"))
}

func TestUnknownOutcomeCreatesNoSecondUpload(t *testing.T) {
	t.Parallel()
	for _, saved := range []bool{true, false} {
		fx := apitest.New(t)
		fx.Uploads = lossyStore{fx.Store, saved}
		fx.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody).RequireProblem(t, 503, "busy")
		fx.Uploads = fx.Store
		got := fx.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody)
		if saved {
			if _, err := fx.Store.LoadUpload(t.Context(), "acme", got.Field("upload_id")); err != nil ||
				!got.IsReplayed() {
				t.Errorf("%d %s, %v", got.Status, got.Text, err)
			}
			continue
		}
		got.RequireProblem(t, 409, "idempotency_in_progress")
		fx.Now = func() time.Time { return apitest.Noon.Add(time.Minute) }
		if got := fx.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody); got.Status != 201 ||
			got.IsReplayed() {
			t.Errorf("after the record has expired: %d %s", got.Status, got.Text)
		}
	}
}

func TestFailureAfterCreationCreatesNoSecondUpload(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	fx.Multipart = failingSigner{fx.Bucket}
	fx.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody).RequireProblem(t, 500, "internal")
	fx.Multipart = fx.Bucket
	if got := fx.PostWithKey(
		t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody,
	); got.Status != 201 || !got.IsReplayed() || fx.Bucket.CountUploads() != 1 {
		t.Errorf("%d %s, %d uploads", got.Status, got.Text, fx.Bucket.CountUploads())
	}
}

// failingSigner is a bucket that can't presign URLs.
type failingSigner struct{ *apitest.Bucket }

func (failingSigner) PresignPart(
	context.Context, string, string, int, int64, time.Duration,
) (string, time.Time, error) {
	return "", time.Time{}, errors.New("no credentials")
}
