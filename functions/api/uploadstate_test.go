package api_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/tests/apitest"
)

func TestShowUploadListsStoredParts(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	u, _ := fx.CreateUpload(t, apitest.Acme)
	etag := fx.PutPart(t, u, 2, 8<<20)
	requireJSON(t, fmt.Sprintf(`{
		"upload_id": %q, "video_id": %q, "state": "open", "size": 20971520, "part_size": 8388608, "part_count": 3,
		"parts": [{"number": 2, "size": 8388608, "etag": %q}],
		"created_at": "2026-11-22T12:00:00.000Z", "expires_at": "2026-11-23T12:00:00.000Z"
	}`, u.ID, u.Video, etag), fx.DoRequest(t, apitest.Writer, "GET", "/v1/uploads/"+u.ID, ""))
}

// uploadEnding is a way in which an upload ends.
type uploadEnding struct {
	name         string
	change       func(t *testing.T, fx *apitest.Fixture, u video.Upload)
	state        string
	cancelStatus int    // status of DELETE
	code         string // of the error for more parts
}

var uploadEndings = []uploadEnding{
	{"completed", func(t *testing.T, fx *apitest.Fixture, u video.Upload) {
		fx.DoRequest(t, apitest.Acme, "POST", "/v1/uploads/"+u.ID+"/complete", fx.PutAllParts(t, u))
	}, "completed", 409, "upload_completed"},
	{"completed, and its video is processed", func(t *testing.T, fx *apitest.Fixture, u video.Upload) {
		fx.AbortUpload(t, u)
		fx.ApplyEvents(t, "acme", u.Video, video.UploadCompleted{At: apitest.Noon})
	}, "completed", 409, "upload_completed"},
	{"completed, and its video failed", func(t *testing.T, fx *apitest.Fixture, u video.Upload) {
		fx.AbortUpload(t, u)
		fx.ApplyEvents(
			t, "acme", u.Video, video.UploadCompleted{At: apitest.Noon},
			video.MediaRefused{At: apitest.Noon, Problem: errs.Problem{Code: "no_video"}},
		)
	}, "completed", 409, "upload_completed"},
	{"aborted by S3", func(t *testing.T, fx *apitest.Fixture, u video.Upload) {
		fx.AbortUpload(t, u)
	}, "expired", 204, "upload_expired"},
	{"expired in the row", func(t *testing.T, fx *apitest.Fixture, u video.Upload) {
		fx.AbortUpload(t, u)
		fx.ApplyEvents(
			t, "acme", u.Video,
			video.DeadlinePassed{
				At: apitest.Noon.Add(video.UploadLifetime), State: video.Waiting, Deadline: apitest.Noon.Add(time.Hour),
			},
		)
	}, "expired", 204, "upload_expired"},
	{"expired in the row, not yet in S3", func(t *testing.T, fx *apitest.Fixture, u video.Upload) {
		fx.ApplyEvents(
			t, "acme", u.Video,
			video.DeadlinePassed{
				At: apitest.Noon.Add(video.UploadLifetime), State: video.Waiting, Deadline: apitest.Noon.Add(time.Hour),
			},
		)
	}, "expired", 204, "upload_expired"},
	{"cancelled", func(t *testing.T, fx *apitest.Fixture, u video.Upload) {
		fx.DoRequest(t, apitest.Acme, "DELETE", "/v1/uploads/"+u.ID, "")
		fx.ApplyEvents(t, "acme", u.Video, video.UploadCancelled{At: apitest.Noon})
	}, "cancelled", 204, "upload_cancelled"},
}

func TestEndedUploadsAcceptNoParts(t *testing.T) {
	t.Parallel()
	for _, row := range uploadEndings {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			fx := apitest.New(t)
			u, _ := fx.CreateUpload(t, apitest.Acme)
			row.change(t, fx, u)
			path := "/v1/uploads/" + u.ID
			got := fx.DoRequest(t, apitest.Acme, "GET", path, "")
			if parts, _ := got.JSON["parts"].([]any); got.Field("state") != row.state || parts == nil ||
				len(parts) > 0 {
				t.Errorf("GET: %d %s", got.Status, got.Text)
			}
			fx.DoRequest(t, apitest.Acme, "POST", path+"/parts", `{"numbers": [1]}`).RequireProblem(t, 409, row.code)
			if row.state != "completed" {
				fx.DoRequest(
					t, apitest.Acme, "POST", path+"/complete",
					`{"parts": [{"number": 1, "etag": "1"}, {"number": 2, "etag": "2"}, {"number": 3, "etag": "3"}]}`,
				).RequireProblem(t, 409, row.code)
			}
			if got := fx.DoRequest(t, apitest.Acme, "DELETE", path, ""); got.Status != row.cancelStatus {
				t.Errorf("DELETE: %d %s", got.Status, got.Text)
			}
		})
	}
}

func TestCancelUploadAbortsAndSendsEvent(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	u, _ := fx.CreateUpload(t, apitest.Acme)
	path := "/v1/uploads/" + u.ID
	if got := fx.DoRequest(t, apitest.Writer, "DELETE", path, ""); got.Status != 204 || got.Text != "" {
		t.Fatalf("%d %s", got.Status, got.Text)
	}
	if fx.Bucket.CountUploads() > 0 {
		t.Error("the multipart upload is still open")
	}
	want := events.New("acme", u.Video, apitest.Noon, video.UploadCancelled{At: apitest.Noon})
	if d := cmp.Diff([]events.Event{want}, fx.Outbox.Events); d != "" {
		t.Error(d)
	}
	fx.ApplyEvents(t, "acme", u.Video, video.UploadCancelled{At: apitest.Noon})
	if got := fx.DoRequest(t, apitest.Writer, "DELETE", path, ""); got.Status != 204 || len(fx.Outbox.Events) != 1 {
		t.Errorf("repeated: %d %s, events %v", got.Status, got.Text, fx.Outbox.Events)
	}
	got := fx.DoRequest(t, apitest.Reader, "GET", "/v1/videos/"+u.Video, "")
	if stages, _ := got.JSON["stages"].([]any); got.Field("state") != "cancelled" ||
		stages[0].(map[string]any)["state"] != "stopped" {
		t.Errorf("its video: %s", got.Text)
	}
}

func TestCancelUploadFailsWhenEventCannotBeSent(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	u, _ := fx.CreateUpload(t, apitest.Acme)
	fx.Outbox.Err = errs.E("outbox", errs.Transient, errors.New("queue unavailable"))
	fx.DoRequest(t, apitest.Writer, "DELETE", "/v1/uploads/"+u.ID, "").RequireProblem(t, 503, "busy")
	fx.Outbox.Err = nil
	if got := fx.DoRequest(t, apitest.Writer, "DELETE", "/v1/uploads/"+u.ID, ""); got.Status != 204 ||
		len(fx.Outbox.Events) != 2 {
		t.Errorf("%d %s, events %v", got.Status, got.Text, fx.Outbox.Events)
	}
}

func TestUploadsOfDeletedVideosReturnNotFound(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	u, _ := fx.CreateUpload(t, apitest.Acme)
	body := fx.PutAllParts(t, u)
	fx.ApplyEvents(t, "acme", u.Video, video.DeleteRequested{At: apitest.Noon})
	path := "/v1/uploads/" + u.ID
	for _, got := range []apitest.Result{
		fx.DoRequest(t, apitest.Acme, "GET", path, ""), fx.DoRequest(t, apitest.Acme, "DELETE", path, ""),
		fx.DoRequest(t, apitest.Acme, "POST", path+"/complete", body),
		fx.DoRequest(t, apitest.Acme, "POST", path+"/parts", `{"numbers": [1]}`),
	} {
		got.RequireProblem(t, 404, "upload_not_found")
	}
	if keys := fx.Bucket.ListKeys(""); len(keys) > 0 {
		t.Errorf("objects that nobody deletes: %v", keys)
	}
}
