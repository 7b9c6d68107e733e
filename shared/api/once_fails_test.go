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
)

// TestFailuresLeaveTheKeyFree: for the same request, and for one that is put right.
func TestFailuresLeaveTheKeyFree(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, body string
		fail       func(w *world)
		status     int
	}{
		{"refused", `{"file_name": "a.mp4", "size": 0}`, func(*world) {}, 422},
		{"malformed", `{`, func(*world) {}, 400},
		{"busy", anUpload, func(w *world) { w.s3.err = errs.E("bucket", errs.Transient, errors.New("SlowDown")) }, 503},
		{"panic", anUpload, func(w *world) { w.Parts = busy{w.s3, func() { panic("boom") }} }, 500},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			row.fail(w)
			if got := w.keyed(t, acme, "k", "/v1/uploads", row.body); got.status != row.status || got.replayed() {
				t.Fatalf("%d %s", got.status, got.text)
			}
			w.Parts, w.s3.err = w.s3, nil
			if got := w.keyed(t, acme, "k", "/v1/uploads", anUpload); got.status != 201 || got.replayed() {
				t.Errorf("put right: %d %s", got.status, got.text)
			}
		})
	}
}

// TestAKeyIsFreedWhenTheTimeIsUp: what is left of the function's own time is for that.
func TestAKeyIsFreedWhenTheTimeIsUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	w.Parts = busy{w.s3, func() { cancel(); w.s3.err = errs.E("bucket", errs.Transient, ctx.Err()) }}
	e := acme.request("POST", "/v1/uploads", anUpload)
	e.Headers = map[string]string{"Idempotency-Key": "k"}
	if out, err := w.call(ctx, e); err != nil || out.StatusCode != 503 {
		t.Fatalf("%d %v", out.StatusCode, err)
	}
	w.Parts, w.s3.err = w.s3, nil
	if got := w.keyed(t, acme, "k", "/v1/uploads", anUpload); got.status != 201 {
		t.Errorf("%d %s", got.status, got.text)
	}
}

func TestFailuresOfTheClaims(t *testing.T) {
	t.Parallel()
	w, kept := newKeyedWorld(t)
	kept.settle = errors.New("throttled")
	got := w.keyed(t, acme, "k", "/v1/uploads", anUpload)
	if got.status != 201 || !strings.Contains(w.logs.String(), "idempotency key not settled") {
		t.Errorf("what was done can't be undone: %d %s, logged %s", got.status, got.text, w.logs)
	}
	kept.claim = errs.E("store.Claim", errs.Transient, errors.New("throttled"))
	uploads := len(w.s3.uploads)
	w.keyed(t, acme, "k2", "/v1/uploads", anUpload).refused(t, 503, "busy")
	if len(w.s3.uploads) != uploads {
		t.Error("carried out without a claim")
	}
}

// shaky keeps rows and loses its answer, or loses the rows.
type shaky struct {
	*store.Memory
	keeps bool
}

func (s shaky) CreateOnce(ctx context.Context, v video.Video, u video.Upload, c video.Claim) error {
	if s.keeps {
		if err := s.Memory.CreateOnce(ctx, v, u, c); err != nil {
			return err
		}
	}
	return errs.E("store.CreateOnce", errs.Transient, errors.New("connection reset by peer"))
}

// TestALostAnswerMakesNoSecondUpload: while nobody knows whether there is one, none is made.
func TestALostAnswerMakesNoSecondUpload(t *testing.T) {
	t.Parallel()
	for _, keeps := range []bool{true, false} {
		w := newWorld(t)
		w.Rows = shaky{w.rows, keeps}
		w.keyed(t, acme, "k", "/v1/uploads", anUpload).refused(t, 503, "busy")
		w.Rows = w.rows
		got := w.keyed(t, acme, "k", "/v1/uploads", anUpload)
		if keeps {
			if _, err := w.rows.Upload(t.Context(), "acme", got.str("upload_id")); err != nil || !got.replayed() {
				t.Errorf("%d %s, %v", got.status, got.text, err)
			}
			continue
		}
		got.refused(t, 409, "idempotency_in_progress")
		w.Now = func() time.Time { return noon.Add(time.Minute) }
		if got := w.keyed(t, acme, "k", "/v1/uploads", anUpload); got.status != 201 || got.replayed() {
			t.Errorf("later: %d %s", got.status, got.text)
		}
	}
}

// TestAFailureAfterCreationMakesNoSecondUpload: what is there is told of.
func TestAFailureAfterCreationMakesNoSecondUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Parts = unsigned{w.s3}
	w.keyed(t, acme, "k", "/v1/uploads", anUpload).refused(t, 500, "internal")
	w.Parts = w.s3
	if got := w.keyed(t, acme, "k", "/v1/uploads", anUpload); got.status != 201 || !got.replayed() || len(w.s3.uploads) != 1 {
		t.Errorf("%d %s, %d uploads", got.status, got.text, len(w.s3.uploads))
	}
}

// unsigned is S3 whose URLs can't be had.
type unsigned struct{ *bucket }

func (unsigned) SignPart(context.Context, string, string, int, int64, time.Duration) (string, time.Time, error) {
	return "", time.Time{}, errors.New("no credentials")
}
