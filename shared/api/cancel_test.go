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
)

func TestShowUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, _ := w.upload(t, acme)
	w.s3.uploads[u.Multipart].parts = []video.Part{{Number: 2, ETag: `"etag2"`, Size: 8 << 20}}
	same(t, fmt.Sprintf(`{
		"upload_id": %q, "video_id": %q, "state": "open", "size": 20971520, "part_size": 8388608, "part_count": 3,
		"parts": [{"number": 2, "size": 8388608, "etag": "etag2"}],
		"created_at": "2026-11-22T12:00:00.000Z", "expires_at": "2026-11-23T12:00:00.000Z"
	}`, u.ID, u.Video), w.do(t, writer, "GET", "/v1/uploads/"+u.ID, ""))
}

// end is a way in which an upload ends.
type end struct {
	name   string
	change func(t *testing.T, w *world, u video.Upload)
	state  string
	cancel int    // status of DELETE
	code   string // of the refusal of more parts
}

var ends = []end{
	{"completed", func(t *testing.T, w *world, u video.Upload) {
		w.do(t, acme, "POST", "/v1/uploads/"+u.ID+"/complete", w.put(u))
	}, "completed", 409, "upload_completed"},
	{"completed, and its video is being made", func(t *testing.T, w *world, u video.Upload) {
		delete(w.s3.uploads, u.Multipart)
		w.save(t, "acme", u.Video, video.UploadCompleted{At: noon})
	}, "completed", 409, "upload_completed"},
	{"completed, and its video failed", func(t *testing.T, w *world, u video.Upload) {
		delete(w.s3.uploads, u.Multipart)
		w.save(t, "acme", u.Video, video.UploadCompleted{At: noon}, video.MediaRefused{At: noon, Problem: errs.Problem{Code: "no_video"}})
	}, "completed", 409, "upload_completed"},
	{"given up by S3", func(_ *testing.T, w *world, u video.Upload) { delete(w.s3.uploads, u.Multipart) }, "expired", 204, "upload_expired"},
	{"given up by us", func(t *testing.T, w *world, u video.Upload) {
		delete(w.s3.uploads, u.Multipart)
		w.save(t, "acme", u.Video, video.DeadlinePassed{At: noon.Add(video.UploadLife), State: video.Waiting, Deadline: noon.Add(time.Hour)})
	}, "expired", 204, "upload_expired"},
	{"given up by us, while S3 keeps its parts", func(t *testing.T, w *world, u video.Upload) {
		w.save(t, "acme", u.Video, video.DeadlinePassed{At: noon.Add(video.UploadLife), State: video.Waiting, Deadline: noon.Add(time.Hour)})
	}, "expired", 204, "upload_expired"},
	{"cancelled", func(t *testing.T, w *world, u video.Upload) {
		w.do(t, acme, "DELETE", "/v1/uploads/"+u.ID, "")
		w.save(t, "acme", u.Video, video.UploadCancelled{At: noon})
	}, "cancelled", 204, "upload_cancelled"},
}

func TestEndsOfUploads(t *testing.T) {
	t.Parallel()
	for _, row := range ends {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			u, _ := w.upload(t, acme)
			row.change(t, w, u)
			path := "/v1/uploads/" + u.ID
			got := w.do(t, acme, "GET", path, "")
			if parts, _ := got.json["parts"].([]any); got.str("state") != row.state || parts == nil || len(parts) > 0 {
				t.Errorf("shown as %d %s", got.status, got.text)
			}
			w.do(t, acme, "POST", path+"/parts", `{"numbers": [1]}`).refused(t, 409, row.code)
			if row.state != "completed" {
				w.do(t, acme, "POST", path+"/complete", `{"parts": [{"number": 1, "etag": "1"}, {"number": 2, "etag": "2"}, {"number": 3, "etag": "3"}]}`).refused(t, 409, row.code)
			}
			if got := w.do(t, acme, "DELETE", path, ""); got.status != row.cancel {
				t.Errorf("cancelled: %d %s", got.status, got.text)
			}
		})
	}
}

func TestCancelUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, _ := w.upload(t, acme)
	path := "/v1/uploads/" + u.ID
	if got := w.do(t, writer, "DELETE", path, ""); got.status != 204 || got.text != "" {
		t.Fatalf("%d %s", got.status, got.text)
	}
	if len(w.s3.uploads) > 0 {
		t.Error("S3 still takes parts")
	}
	told := events.Of("acme", u.Video, noon, video.UploadCancelled{At: noon})
	if d := cmp.Diff([]events.Event{told}, w.sent.events); d != "" {
		t.Error(d)
	}
	w.save(t, "acme", u.Video, video.UploadCancelled{At: noon})
	if got := w.do(t, writer, "DELETE", path, ""); got.status != 204 || len(w.sent.events) != 1 {
		t.Errorf("again: %d %s, told %v", got.status, got.text, w.sent.events)
	}
	got := w.do(t, reader, "GET", "/v1/videos/"+u.Video, "")
	if stages, _ := got.json["stages"].([]any); got.str("state") != "cancelled" || stages[0].(map[string]any)["state"] != "stopped" {
		t.Errorf("its video: %s", got.text)
	}
}

// TestCancelUploadIsSaidOnlyWhenItWillBe: until publish is told, the answer is to try again.
func TestCancelUploadIsSaidOnlyWhenItWillBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, _ := w.upload(t, acme)
	w.sent.err = errs.E("outbox", errs.Transient, errors.New("queue away"))
	w.do(t, writer, "DELETE", "/v1/uploads/"+u.ID, "").refused(t, 503, "busy")
	w.sent.err = nil
	if got := w.do(t, writer, "DELETE", "/v1/uploads/"+u.ID, ""); got.status != 204 || len(w.sent.events) != 2 {
		t.Errorf("%d %s, told %v", got.status, got.text, w.sent.events)
	}
}

func TestUploadsOfDeletedVideosAreUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, _ := w.upload(t, acme)
	body := w.put(u)
	w.save(t, "acme", u.Video, video.DeleteRequested{At: noon})
	path := "/v1/uploads/" + u.ID
	for _, got := range []result{
		w.do(t, acme, "GET", path, ""), w.do(t, acme, "DELETE", path, ""), w.do(t, acme, "POST", path+"/complete", body),
		w.do(t, acme, "POST", path+"/parts", `{"numbers": [1]}`),
	} {
		got.refused(t, 404, "upload_not_found")
	}
	if len(w.s3.objects) > 0 {
		t.Error("an object that nobody will delete")
	}
}
