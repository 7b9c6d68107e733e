package api_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/tests/apitest"
)

// TestCompleteUploadIsIdempotent checks that repetitions have the same response, also after publish has changed the
// row.
func TestCompleteUploadIsIdempotent(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	u, _ := fx.CreateUpload(t, apitest.Acme)
	path, body := "/v1/uploads/"+u.ID+"/complete", fx.PutAllParts(t, u)
	want := map[string]any{"video_id": u.Video, "state": "uploaded"}
	event := events.New("acme", u.Video, apitest.Noon, video.UploadCompleted{At: apitest.Noon})
	for i, when := range []string{"first", "repeated", "after publish has handled the event"} {
		if i == 2 {
			v, err := fx.Store.LoadVideo(t.Context(), "acme", u.Video)
			if err != nil {
				t.Fatal(err)
			}
			v, _ = video.Apply(v, video.UploadCompleted{At: apitest.Noon})
			if err := fx.Store.SaveVideo(t.Context(), v, v.NewTimelineEntry("test", apitest.Noon)); err != nil {
				t.Fatal(err)
			}
			if _, err := fx.Bucket.DeletePrefix(t.Context(), u.Key); err != nil { // as a lifecycle rule may
				t.Fatal(err)
			}
		}
		got := fx.DoRequest(t, apitest.Acme, "POST", path, body)
		if d := cmp.Diff(want, got.JSON); got.Status != 200 || d != "" {
			t.Fatalf("%s: %d %s", when, got.Status, d)
		}
		if got := fx.Outbox.Events[i]; cmp.Diff(event, got) != "" {
			t.Errorf("%s: sent %+v", when, got)
		}
	}
}

func TestCompleteUploadAcceptsAnyPartOrderAndQuotedETags(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	u, _ := fx.CreateUpload(t, apitest.Acme)
	fx.PutAllParts(t, u)
	body := insertETags(
		t, fx, u,
		`{"parts": [{"number": 3, "etag": "etag3"}, {"number": 1, "etag": "\"etag1\""}, {"number": 2, "etag": "etag2"}]}`,
	)
	got := fx.DoRequest(t, apitest.Acme, "POST", "/v1/uploads/"+u.ID+"/complete", body)
	if o, err := fx.Bucket.HeadObject(t.Context(), u.Key); got.Status != 200 || o.Size != u.Size {
		t.Errorf("%d %s, object of %d bytes, %v", got.Status, got.Text, o.Size, err)
	}
}

// insertETags replaces etag1, etag2 and etag3 in a body by the ETags of the parts that were uploaded.
func insertETags(t *testing.T, fx *apitest.Fixture, u video.Upload, body string) string {
	t.Helper()
	parts, err := fx.Bucket.ListParts(t.Context(), u.Key, u.MultipartID)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		body = strings.ReplaceAll(body, fmt.Sprint("etag", p.Number), p.ETag)
	}
	return body
}

func TestCompleteUploadRejectsWrongParts(t *testing.T) {
	t.Parallel()
	all := `{"number": 1, "etag": "etag1"}, {"number": 2, "etag": "etag2"}`
	for _, row := range []struct {
		name          string
		parts         string
		change        func(t *testing.T, fx *apitest.Fixture, u video.Upload) // after the parts are uploaded
		status        int
		code, pointer string
	}{
		{"no parts", ``, nil, 422, "part_missing", "/parts"},
		{"one too few", all, nil, 422, "part_missing", "/parts"},
		{"one twice", all + `, {"number": 2, "etag": "etag2"}`, nil, 422, "part_repeated", "/parts/2/number"},
		{
			"one too many", all + `, {"number": 3, "etag": "etag3"}, {"number": 4, "etag": "x"}`, nil, 422,
			"part_unknown", "/parts/3/number",
		},
		{"number 0", all + `, {"number": 0, "etag": "etag3"}`, nil, 422, "part_unknown", "/parts/2/number"},
		{"empty etag", all + `, {"number": 3, "etag": ""}`, nil, 422, "etag_missing", "/parts/2/etag"},
		{"other etag", all + `, {"number": 3, "etag": "x"}`, nil, 422, "part_changed", "/parts/2/etag"},
		{"aborted", all + `, {"number": 3, "etag": "etag3"}`, func(t *testing.T, fx *apitest.Fixture, u video.Upload) {
			fx.AbortUpload(t, u)
		}, 409, "upload_expired", ""},
		{
			"another object there", all + `, {"number": 3, "etag": "etag3"}`,
			func(t *testing.T, fx *apitest.Fixture, u video.Upload) {
				fx.AbortUpload(t, u)
				if err := fx.Bucket.PutObject(t.Context(), u.Key, strings.NewReader("x"), blob.Metadata{}); err != nil {
					t.Fatal(err)
				}
			}, 409, "upload_expired", "",
		},
		{"no etag", all + `, {"number": 3}`, nil, 400, "field_missing", "/parts/2/etag"},
		{"S3 busy", all + `, {"number": 3, "etag": "etag3"}`, func(_ *testing.T, fx *apitest.Fixture, _ video.Upload) {
			fx.Bucket.Err = errs.E("bucket", errs.Transient, errors.New("SlowDown"))
		}, 503, "busy", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			fx := apitest.New(t)
			u, _ := fx.CreateUpload(t, apitest.Acme)
			fx.PutAllParts(t, u)
			body := insertETags(t, fx, u, `{"parts": [`+row.parts+`]}`)
			if row.change != nil {
				row.change(t, fx, u)
			}
			got := fx.DoRequest(t, apitest.Acme, "POST", "/v1/uploads/"+u.ID+"/complete", body)
			if got.Status != row.status || got.Field("code") != row.code ||
				apitest.FirstErrorPointer(got) != row.pointer {
				t.Errorf("%d %s", got.Status, got.Text)
			}
			if len(fx.Outbox.Events) > 0 {
				t.Errorf("sent %v", fx.Outbox.Events)
			}
		})
	}
}

func TestCompleteUploadComparesPartsWithBucket(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		sizes []int64 // of the parts that are uploaded
		code  string
	}{
		{"not uploaded", []int64{8 << 20, 8 << 20}, "part_missing"},
		{"short part", []int64{8 << 20, 8 << 20, 4<<20 - 1}, "size_mismatch"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			fx := apitest.New(t)
			u, _ := fx.CreateUpload(t, apitest.Acme)
			for i, size := range row.sizes {
				fx.PutPart(t, u, i+1, size)
			}
			body := insertETags(
				t, fx, u,
				`{"parts": [{"number": 1, "etag": "etag1"}, {"number": 2, "etag": "etag2"}, {"number": 3, "etag": "etag3"}]}`,
			)
			got := fx.DoRequest(t, apitest.Acme, "POST", "/v1/uploads/"+u.ID+"/complete", body)
			got.RequireProblem(t, 422, row.code)
			if at := apitest.FirstErrorPointer(got); at != "/parts/2" || len(fx.Outbox.Events) > 0 {
				t.Errorf("pointer %s, sent %v", at, fx.Outbox.Events)
			}
		})
	}
}

// A body of 300 kB can have more field errors than fit into a response.
func TestCompleteUploadReportsAtMostAHundredErrors(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	u, _ := fx.CreateUpload(t, apitest.Acme)
	got := fx.DoRequest(
		t, apitest.Acme, "POST", "/v1/uploads/"+u.ID+"/complete", `{"parts": [{}`+strings.Repeat(",{}", 1e5)+`]}`,
	)
	if list, _ := got.JSON["errors"].([]any); got.Status != 400 || len(list) != 100 {
		t.Errorf("%d %s with %d field errors", got.Status, got.Field("code"), len(list))
	}
}

// S3's notification replaces the event.
func TestCompleteUploadSucceedsWhenEventCannotBeSent(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	fx.Outbox.Err = errors.New("queue unavailable")
	u, _ := fx.CreateUpload(t, apitest.Acme)
	got := fx.DoRequest(t, apitest.Acme, "POST", "/v1/uploads/"+u.ID+"/complete", fx.PutAllParts(t, u))
	if got.Status != 200 || !strings.Contains(fx.Logs.String(), "queue unavailable") {
		t.Errorf("%d %s, logged: %s", got.Status, got.Text, fx.Logs)
	}
}
