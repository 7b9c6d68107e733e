package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/quota"
	"sluice/shared/domain/video"
	"sluice/tests/apitest"
)

func TestCreateUploadReturnsSignedPartURLs(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	fx.TraceHeader = func(context.Context) string { return "Root=1-x" }
	var annotated []string
	fx.AnnotateVideo = func(_ context.Context, tenant, id string) { annotated = append(annotated, tenant, id) }
	got := fx.DoRequest(
		t, apitest.Writer, "POST", "/v1/uploads",
		`{"title": " My film ", "file_name": "../a b.mp4", "size": 20971520, "content_type": "video/mp4"}`,
	)
	if got.Status != 201 {
		t.Fatalf("%d %s", got.Status, got.Text)
	}
	vid, upl := got.Field("video_id"), got.Field("upload_id")
	if !regexp.MustCompile(`^vid_[0-9A-HJKMNP-TV-Z]{26}$`).MatchString(vid) ||
		!regexp.MustCompile(`^upl_[0-9A-HJKMNP-TV-Z]{26}$`).MatchString(upl) {
		t.Errorf("ids %q, %q", vid, upl)
	}
	key := "t/acme/" + vid + "/source"
	part := func(n, size int) map[string]any {
		return map[string]any{"number": float64(n), "size": float64(size), "expires_at": "2026-11-22T13:00:00.000Z",
			"url": fmt.Sprintf(
				"memory://bucket/%s?expires=2026-11-22T13%%3A00%%3A00Z&length=%d&part=%d&upload=upload-1", key, size, n,
			)}
	}
	want := map[string]any{"upload_id": upl, "video_id": vid, "part_size": float64(8 << 20), "part_count": 3.0,
		"parts": []any{part(1, 8<<20), part(2, 8<<20), part(3, 4<<20)}}
	if d := cmp.Diff(want, got.JSON); d != "" {
		t.Error(d)
	}
	u, err := fx.Store.LoadUpload(t.Context(), "acme", upl)
	if d := cmp.Diff(
		video.Upload{
			Tenant: "acme", ID: upl, Video: vid, MultipartID: "upload-1", Key: key, Size: 20 << 20, PartSize: 8 << 20,
			Created: apitest.Noon,
		},
		u,
	); err != nil || d != "" {
		t.Error(err, d)
	}
	v, err := fx.Store.LoadVideo(t.Context(), "acme", vid)
	if err != nil || !playback.ValidID(v.Playback) {
		t.Fatalf("playback id %q, %v", v.Playback, err)
	}
	v.Playback, v.Done = "", nil
	if d := cmp.Diff(
		video.Video{
			Tenant: "acme", ID: vid, Details: video.Details{Title: "My film"}, State: video.Waiting, Trace: "Root=1-x",
			Deadline: video.Deadline{At: apitest.Noon.Add(time.Hour)}, Times: video.Times{Created: apitest.Noon},
			Source: video.Source{Key: key, Name: "../a b.mp4", ContentType: "video/mp4", Size: 20 << 20},
			Reserved: quota.Amounts{
				quota.UploadsOpen: 1, quota.BytesWaiting: 20 << 20, quota.BytesStored: 20 << 20,
			},
		}, v,
	); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"acme", vid}, annotated); d != "" {
		t.Error(d)
	}
}

func TestCreateUploadUsesDefaults(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	u, _ := fx.CreateUpload(t, apitest.Acme)
	v, err := fx.Store.LoadVideo(t.Context(), "acme", u.Video)
	if err != nil || v.Title != "a.mp4" || v.Source.ContentType != "application/octet-stream" {
		t.Errorf("%q, %q, %v", v.Title, v.Source.ContentType, err)
	}
}

func TestCreateUploadSignsAtMostAHundred(t *testing.T) {
	t.Parallel()
	got := apitest.New(t).DoRequest(
		t, apitest.Acme, "POST", "/v1/uploads", `{"file_name": "a.mp4", "size": 8589934592}`,
	)
	if parts, _ := got.JSON["parts"].([]any); len(parts) != 100 || got.JSON["part_count"] != 1024.0 {
		t.Errorf("%d parts of %v", len(parts), got.JSON["part_count"])
	}
}

func TestCreateUploadRejectsInvalidFields(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 201)
	for _, row := range []struct {
		name, body    string
		status        int
		code, pointer string
	}{
		{"empty name", `{"size": 1, "file_name": ""}`, 422, "file_name_invalid", "/file_name"},
		{
			"long name", `{"size": 1, "file_name": "` + strings.Repeat("a", 256) + `"}`, 422, "file_name_invalid",
			"/file_name",
		},
		{"control character", `{"size": 1, "file_name": "a\u0000"}`, 422, "file_name_invalid", "/file_name"},
		{"noncharacter", `{"size": 1, "file_name": "a\uffff"}`, 422, "file_name_invalid", "/file_name"},
		{"long title", `{"size": 1, "file_name": "a", "title": "` + long + `"}`, 422, "title_invalid", "/title"},
		{"title with a line break", `{"size": 1, "file_name": "a", "title": "a\nb"}`, 422, "title_invalid", "/title"},
		{"empty", `{"file_name": "a", "size": 0}`, 422, "size_out_of_range", "/size"},
		{"negative", `{"file_name": "a", "size": -1}`, 422, "size_out_of_range", "/size"},
		{"too large", `{"file_name": "a", "size": 8589934593}`, 422, "size_out_of_range", "/size"},
		{
			"content type without a slash", `{"file_name": "a", "size": 1, "content_type": "mp4"}`, 422,
			"content_type_invalid", "/content_type",
		},
		{
			"content type with a line break", `{"file_name": "a", "size": 1, "content_type": "video/mp4\r\nx: y"}`, 422,
			"content_type_invalid", "/content_type",
		},
		{
			"content type that is not ASCII", `{"file_name": "a", "size": 1, "content_type": "video/mp4; name=\"ü\""}`,
			422, "content_type_invalid", "/content_type",
		},
		{"list", `[]`, 400, "body_malformed", ""},
		{"null", `null`, 400, "body_malformed", ""},
		{"two values", `{} {}`, 400, "body_malformed", ""},
		{"truncated", `{"size": 1`, 400, "body_malformed", ""},
		{
			"nested too deep", `{"x": ` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, 400,
			"body_malformed", "",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			fx := apitest.New(t)
			got := fx.DoRequest(t, apitest.Acme, "POST", "/v1/uploads", row.body)
			if got.Status != row.status || got.Field("code") != row.code ||
				apitest.FirstErrorPointer(got) != row.pointer {
				t.Errorf("%d %s", got.Status, got.Text)
			}
			if fx.Bucket.CountUploads() > 0 {
				t.Error("a multipart upload was created")
			}
		})
	}
}

func TestSizeErrorsNameTheLimit(t *testing.T) {
	t.Parallel()
	for size, want := range map[string]string{
		"0": "is empty", "-1": "from 1 on", "8589934593": "8589934592 bytes (8 GiB) at most",
	} {
		got := apitest.New(t).DoRequest(t, apitest.Acme, "POST", "/v1/uploads", `{"file_name": "a", "size": `+size+`}`)
		if list, _ := got.JSON["errors"].([]any); !strings.Contains(got.Field("detail"), want) || len(list) != 1 {
			t.Errorf("%s: %s", size, got.Text)
		}
	}
}

func TestAllFieldErrorsAreReturned(t *testing.T) {
	t.Parallel()
	got := apitest.New(t).DoRequest(
		t, apitest.Acme, "POST", "/v1/uploads", `{"content_type": "x", "size": 0, "title": "\u0000", "file_name": "a"}`,
	)
	list, _ := got.JSON["errors"].([]any)
	if got.Status != 422 || len(list) != 3 {
		t.Errorf("%d %s", got.Status, got.Text)
	}
}

func TestSignPartsReturnsRequestedURLs(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	u, _ := fx.CreateUpload(t, apitest.Acme)
	path := "/v1/uploads/" + u.ID + "/parts"
	got := fx.DoRequest(t, apitest.Acme, "POST", path, `{"numbers": [3, 1]}`)
	var out struct {
		Parts []struct {
			Number int
			Size   int64
			URL    string
		}
	}
	if err := json.Unmarshal([]byte(got.Text), &out); err != nil || got.Status != 200 || len(out.Parts) != 2 {
		t.Fatalf("%d %s %v", got.Status, got.Text, err)
	}
	if !strings.Contains(got.Text, "&part=3&") {
		t.Errorf("a URL is escaped as HTML: %s", got.Text)
	}
	if p := out.Parts[0]; p.Number != 3 || p.Size != 4<<20 || !strings.Contains(p.URL, "length=4194304&part=3&") {
		t.Errorf("%+v", p)
	}
	for body, code := range map[string]string{
		`{"numbers": []}`:    "numbers_out_of_range",
		`{"numbers": [0]}`:   "part_unknown",
		`{"numbers": [1,4]}`: "part_unknown",
		`{"numbers": [` + strings.Repeat("1,", 100) + `1]}`: "numbers_out_of_range",
	} {
		if got := fx.DoRequest(t, apitest.Acme, "POST", path, body); got.Status != 422 || got.Field("code") != code {
			t.Errorf("%.40s: %d %s", body, got.Status, got.Text)
		}
	}
}

func TestSignPartsRejectsClosedUploads(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		change func(t *testing.T, fx *apitest.Fixture, u video.Upload)
		status int
		code   string
	}{
		{"completed", func(t *testing.T, fx *apitest.Fixture, u video.Upload) {
			fx.DoRequest(t, apitest.Acme, "POST", "/v1/uploads/"+u.ID+"/complete", fx.PutAllParts(t, u))
		}, 409, "upload_completed"},
		{"completed long ago", func(t *testing.T, fx *apitest.Fixture, u video.Upload) {
			fx.AbortUpload(t, u)
			fx.ApplyEvents(t, u.Tenant, u.Video, video.UploadCompleted{At: apitest.Noon})
		}, 409, "upload_completed"},
		{"aborted by S3", func(t *testing.T, fx *apitest.Fixture, u video.Upload) {
			fx.AbortUpload(t, u)
		}, 409, "upload_expired"},
		{"S3 busy", func(_ *testing.T, fx *apitest.Fixture, _ video.Upload) {
			fx.Bucket.Err = errs.E("bucket", errs.Transient, errors.New("SlowDown"))
		}, 503, "busy"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			fx := apitest.New(t)
			u, _ := fx.CreateUpload(t, apitest.Acme)
			row.change(t, fx, u)
			got := fx.DoRequest(t, apitest.Acme, "POST", "/v1/uploads/"+u.ID+"/parts", `{"numbers": [1]}`)
			if got.Status != row.status || got.Field("code") != row.code {
				t.Errorf("%d %s", got.Status, got.Text)
			}
		})
	}
}

// FuzzRequestBody: whatever the body is, the answer is the caller's fault or a whole upload.
func FuzzRequestBody(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"file_name": "a", "size": 1}`, `{"size": 1e400}`, `{"file_name": "\ud800", "size": 1}`,
		`{"size": 1}}`,
		`{"a": "` + "\xff" + `"}`, strings.Repeat(`{"a":`, 100), `{"file_name": {"a": 1}}`,
		`{"title": "\"{[", "file_name": "\\", "size": 2}`,
	} {
		f.Add(seed)
	}
	fx := apitest.New(f)
	f.Fuzz(func(t *testing.T, body string) {
		for _, path := range []string{"/v1/uploads", "/v1/uploads/upl_x/complete"} {
			got := fx.DoRequest(t, apitest.Acme, "POST", path, body)
			if got.Status != 201 && (got.Status < 400 || got.Status > 499 || got.Field("code") == "") {
				t.Errorf("%s %q: %d %s", path, body, got.Status, got.Text)
			}
		}
	})
}
