package api_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/tests/apitest"
)

// TestCompleteUploadIsIdempotent: once or again, before or after publish has seen it, the answer is the same.
func TestCompleteUploadIsIdempotent(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	u, _ := w.CreateUpload(t, apitest.Acme)
	path, body := "/v1/uploads/"+u.ID+"/complete", w.PutAllParts(u)
	want := map[string]any{"video_id": u.Video, "state": "uploaded"}
	told := events.New("acme", u.Video, apitest.Noon, video.UploadCompleted{At: apitest.Noon})
	for i, when := range []string{"at first", "again", "after publish has seen it"} {
		if i == 2 {
			v, err := w.Store.LoadVideo(t.Context(), "acme", u.Video)
			if err != nil {
				t.Fatal(err)
			}
			v, _ = video.Apply(v, video.UploadCompleted{At: apitest.Noon})
			if err := w.Store.SaveVideo(t.Context(), v, v.NewTimelineEntry("test", apitest.Noon)); err != nil {
				t.Fatal(err)
			}
			w.Bucket.Objects = nil // a lifecycle rule may have taken the original
		}
		got := w.DoRequest(t, apitest.Acme, "POST", path, body)
		if d := cmp.Diff(want, got.JSON); got.Status != 200 || d != "" {
			t.Fatalf("%s: %d %s", when, got.Status, d)
		}
		if got := w.Outbox.Events[i]; cmp.Diff(told, got) != "" {
			t.Errorf("%s: told %+v", when, got)
		}
	}
}

func TestCompleteUploadAcceptsAnyPartOrderAndQuotedETags(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	u, _ := w.CreateUpload(t, apitest.Acme)
	w.PutAllParts(u)
	got := w.DoRequest(t, apitest.Acme, "POST", "/v1/uploads/"+u.ID+"/complete", `{"parts": [{"number": 3, "etag": "etag3"}, {"number": 1, "etag": "\"etag1\""}, {"number": 2, "etag": "etag2"}]}`)
	if got.Status != 200 || w.Bucket.Objects[u.Key] != u.Size {
		t.Errorf("%d %s, object of %d bytes", got.Status, got.Text, w.Bucket.Objects[u.Key])
	}
}

func TestCompleteUploadRejectsWrongParts(t *testing.T) {
	t.Parallel()
	all := `{"number": 1, "etag": "etag1"}, {"number": 2, "etag": "etag2"}`
	for _, row := range []struct {
		name          string
		parts         string
		change        func(w *apitest.Fixture, u video.Upload)
		status        int
		code, pointer string
	}{
		{"no parts", ``, nil, 422, "part_missing", "/parts"},
		{"one too few", all, nil, 422, "part_missing", "/parts"},
		{"one twice", all + `, {"number": 2, "etag": "etag2"}`, nil, 422, "part_repeated", "/parts/2/number"},
		{"one too many", all + `, {"number": 3, "etag": "etag3"}, {"number": 4, "etag": "x"}`, nil, 422, "part_unknown", "/parts/3/number"},
		{"number 0", all + `, {"number": 0, "etag": "etag3"}`, nil, 422, "part_unknown", "/parts/2/number"},
		{"empty etag", all + `, {"number": 3, "etag": ""}`, nil, 422, "etag_missing", "/parts/2/etag"},
		{"other etag", all + `, {"number": 3, "etag": "x"}`, nil, 422, "part_changed", "/parts/2/etag"},
		{"not sent", all + `, {"number": 3, "etag": "etag3"}`, func(w *apitest.Fixture, u video.Upload) {
			w.Bucket.Uploads[u.MultipartID].Parts = w.Bucket.Uploads[u.MultipartID].Parts[:2]
		}, 422, "part_missing", "/parts/2"},
		{"short part", all + `, {"number": 3, "etag": "etag3"}`, func(w *apitest.Fixture, u video.Upload) {
			w.Bucket.Uploads[u.MultipartID].Parts[2].Size--
		}, 422, "size_mismatch", "/parts/2"},
		{"aborted", all + `, {"number": 3, "etag": "etag3"}`, func(w *apitest.Fixture, u video.Upload) {
			delete(w.Bucket.Uploads, u.MultipartID)
		}, 409, "upload_expired", ""},
		{"another object there", all + `, {"number": 3, "etag": "etag3"}`, func(w *apitest.Fixture, u video.Upload) {
			delete(w.Bucket.Uploads, u.MultipartID)
			w.Bucket.Objects[u.Key] = u.Size + 1
		}, 409, "upload_expired", ""},
		{"no etag", all + `, {"number": 3}`, nil, 400, "field_missing", "/parts/2/etag"},
		{"S3 busy", all + `, {"number": 3, "etag": "etag3"}`, func(w *apitest.Fixture, u video.Upload) {
			w.Bucket.Err = errs.E("bucket", errs.Transient, errors.New("SlowDown"))
		}, 503, "busy", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := apitest.New(t)
			u, _ := w.CreateUpload(t, apitest.Acme)
			w.PutAllParts(u)
			if row.change != nil {
				row.change(w, u)
			}
			got := w.DoRequest(t, apitest.Acme, "POST", "/v1/uploads/"+u.ID+"/complete", `{"parts": [`+row.parts+`]}`)
			if got.Status != row.status || got.Field("code") != row.code || apitest.FirstErrorPointer(got) != row.pointer {
				t.Errorf("%d %s", got.Status, got.Text)
			}
			if len(w.Outbox.Events) > 0 {
				t.Errorf("told %v", w.Outbox.Events)
			}
		})
	}
}

// A small body can hold more mistakes than an answer, and a function's memory, have room for.
func TestCompleteUploadReportsAtMostAHundredErrors(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	u, _ := w.CreateUpload(t, apitest.Acme)
	got := w.DoRequest(t, apitest.Acme, "POST", "/v1/uploads/"+u.ID+"/complete", `{"parts": [{}`+strings.Repeat(",{}", 1e5)+`]}`)
	if flaws, _ := got.JSON["errors"].([]any); got.Status != 400 || len(flaws) != 100 {
		t.Errorf("%d %s with %d mistakes", got.Status, got.Field("code"), len(flaws))
	}
}

// TestCompleteUploadSucceedsWhenEventCannotBeSent: S3's event says the same.
func TestCompleteUploadSucceedsWhenEventCannotBeSent(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	w.Outbox.Err = errors.New("queue away")
	u, _ := w.CreateUpload(t, apitest.Acme)
	got := w.DoRequest(t, apitest.Acme, "POST", "/v1/uploads/"+u.ID+"/complete", w.PutAllParts(u))
	if got.Status != 200 || !strings.Contains(w.Logs.String(), "queue away") {
		t.Errorf("%d %s, logged: %s", got.Status, got.Text, w.Logs)
	}
}
