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
	"sluice/shared/domain/video"
)

func TestCreateUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Trace = func(context.Context) string { return "Root=1-x" }
	var about []string
	w.About = func(_ context.Context, tenant, id string) { about = append(about, tenant, id) }
	got := w.do(t, writer, "POST", "/v1/uploads", `{"title": " My film ", "file_name": "../a b.mp4", "size": 20971520, "content_type": "video/mp4"}`)
	if got.status != 201 {
		t.Fatalf("%d %s", got.status, got.text)
	}
	vid, upl := got.str("video_id"), got.str("upload_id")
	if !regexp.MustCompile(`^vid_[0-9A-HJKMNP-TV-Z]{26}$`).MatchString(vid) || !regexp.MustCompile(`^upl_[0-9A-HJKMNP-TV-Z]{26}$`).MatchString(upl) {
		t.Errorf("ids %q, %q", vid, upl)
	}
	key := "t/acme/" + vid + "/source"
	part := func(n, size int) map[string]any {
		return map[string]any{"number": float64(n), "size": float64(size), "expires_at": "2026-11-22T13:00:00.000Z",
			"url": fmt.Sprintf("https://s3/%s?id=mp0&part=%d&bytes=%d", key, n, size)}
	}
	want := map[string]any{"upload_id": upl, "video_id": vid, "part_size": float64(8 << 20), "part_count": 3.0,
		"parts": []any{part(1, 8<<20), part(2, 8<<20), part(3, 4<<20)}}
	if d := cmp.Diff(want, got.json); d != "" {
		t.Error(d)
	}
	u, err := w.rows.Upload(t.Context(), "acme", upl)
	if d := cmp.Diff(video.Upload{Tenant: "acme", ID: upl, Video: vid, Multipart: "mp0", Key: key, Size: 20 << 20, PartSize: 8 << 20, Created: noon}, u); err != nil || d != "" {
		t.Error(err, d)
	}
	v, err := w.rows.Video(t.Context(), "acme", vid)
	if err != nil || !playback.Valid(v.Playback) {
		t.Fatalf("playback id %q, %v", v.Playback, err)
	}
	v.Playback, v.Done = "", nil
	if d := cmp.Diff(video.Video{Tenant: "acme", ID: vid, About: video.About{Title: "My film"}, State: video.Waiting, Trace: "Root=1-x", Watch: video.Watch{Deadline: noon.Add(time.Hour)}, Times: video.Times{Created: noon},
		Source: video.Source{Key: key, Name: "../a b.mp4", ContentType: "video/mp4", Size: 20 << 20}}, v); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"acme", vid}, about); d != "" {
		t.Error(d)
	}
}

func TestCreateUploadFillsIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, _ := w.upload(t, acme)
	v, err := w.rows.Video(t.Context(), "acme", u.Video)
	if err != nil || v.Title != "a.mp4" || v.Source.ContentType != "application/octet-stream" {
		t.Errorf("%q, %q, %v", v.Title, v.Source.ContentType, err)
	}
}

func TestCreateUploadSignsAtMostAHundred(t *testing.T) {
	t.Parallel()
	got := newWorld(t).do(t, acme, "POST", "/v1/uploads", `{"file_name": "a.mp4", "size": 8589934592}`)
	if parts, _ := got.json["parts"].([]any); len(parts) != 100 || got.json["part_count"] != 1024.0 {
		t.Errorf("%d parts of %v", len(parts), got.json["part_count"])
	}
}

func TestCreateUploadRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 201)
	for _, row := range []struct {
		name, body    string
		status        int
		code, pointer string
	}{
		{"empty name", `{"size": 1, "file_name": ""}`, 422, "file_name_invalid", "/file_name"},
		{"long name", `{"size": 1, "file_name": "` + strings.Repeat("a", 256) + `"}`, 422, "file_name_invalid", "/file_name"},
		{"control character", `{"size": 1, "file_name": "a\u0000"}`, 422, "file_name_invalid", "/file_name"},
		{"no character", `{"size": 1, "file_name": "a\uffff"}`, 422, "file_name_invalid", "/file_name"},
		{"long title", `{"size": 1, "file_name": "a", "title": "` + long + `"}`, 422, "title_invalid", "/title"},
		{"line in the title", `{"size": 1, "file_name": "a", "title": "a\nb"}`, 422, "title_invalid", "/title"},
		{"empty", `{"file_name": "a", "size": 0}`, 422, "size_out_of_range", "/size"},
		{"negative", `{"file_name": "a", "size": -1}`, 422, "size_out_of_range", "/size"},
		{"too large", `{"file_name": "a", "size": 8589934593}`, 422, "size_out_of_range", "/size"},
		{"odd type", `{"file_name": "a", "size": 1, "content_type": "mp4"}`, 422, "content_type_invalid", "/content_type"},
		{"type with a line", `{"file_name": "a", "size": 1, "content_type": "video/mp4\r\nx: y"}`, 422, "content_type_invalid", "/content_type"},
		{"type beyond ASCII", `{"file_name": "a", "size": 1, "content_type": "video/mp4; name=\"ü\""}`, 422, "content_type_invalid", "/content_type"},
		{"list", `[]`, 400, "body_malformed", ""},
		{"null", `null`, 400, "body_malformed", ""},
		{"two values", `{} {}`, 400, "body_malformed", ""},
		{"cut", `{"size": 1`, 400, "body_malformed", ""},
		{"deep", `{"x": ` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, 400, "body_malformed", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			got := w.do(t, acme, "POST", "/v1/uploads", row.body)
			if got.status != row.status || got.str("code") != row.code || pointer(got) != row.pointer {
				t.Errorf("%d %s", got.status, got.text)
			}
			if len(w.s3.uploads) > 0 {
				t.Error("S3 was asked all the same")
			}
		})
	}
}

func TestSizesSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	for size, want := range map[string]string{"0": "is empty", "-1": "from 1 on", "8589934593": "8589934592 bytes (8 GiB) at most"} {
		got := newWorld(t).do(t, acme, "POST", "/v1/uploads", `{"file_name": "a", "size": `+size+`}`)
		if list, _ := got.json["errors"].([]any); !strings.Contains(got.str("detail"), want) || len(list) != 1 {
			t.Errorf("%s: %s", size, got.text)
		}
	}
}

func TestAllFlawsAreTold(t *testing.T) {
	t.Parallel()
	got := newWorld(t).do(t, acme, "POST", "/v1/uploads", `{"content_type": "x", "size": 0, "title": "\u0000", "file_name": "a"}`)
	list, _ := got.json["errors"].([]any)
	if got.status != 422 || len(list) != 3 {
		t.Errorf("%d %s", got.status, got.text)
	}
}

func TestSignParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, _ := w.upload(t, acme)
	path := "/v1/uploads/" + u.ID + "/parts"
	got := w.do(t, acme, "POST", path, `{"numbers": [3, 1]}`)
	var out struct {
		Parts []struct {
			Number int
			Size   int64
			URL    string
		}
	}
	if err := json.Unmarshal([]byte(got.text), &out); err != nil || got.status != 200 || len(out.Parts) != 2 {
		t.Fatalf("%d %s %v", got.status, got.text, err)
	}
	if !strings.Contains(got.text, "&part=3&") {
		t.Errorf("a URL that can't be copied: %s", got.text)
	}
	if p := out.Parts[0]; p.Number != 3 || p.Size != 4<<20 || !strings.Contains(p.URL, "part=3&bytes=4194304") {
		t.Errorf("%+v", p)
	}
	for body, code := range map[string]string{
		`{"numbers": []}`:    "numbers_out_of_range",
		`{"numbers": [0]}`:   "part_unknown",
		`{"numbers": [1,4]}`: "part_unknown",
		`{"numbers": [` + strings.Repeat("1,", 100) + `1]}`: "numbers_out_of_range",
	} {
		if got := w.do(t, acme, "POST", path, body); got.status != 422 || got.str("code") != code {
			t.Errorf("%.40s: %d %s", body, got.status, got.text)
		}
	}
}

// TestSignPartsRefusesWhatTakesNoMore: a URL that S3 would refuse is not handed out.
func TestSignPartsRefusesWhatTakesNoMore(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		change func(t *testing.T, w *world, u video.Upload)
		status int
		code   string
	}{
		{"completed", func(t *testing.T, w *world, u video.Upload) {
			w.do(t, acme, "POST", "/v1/uploads/"+u.ID+"/complete", w.put(u))
		}, 409, "upload_completed"},
		{"completed long ago", func(t *testing.T, w *world, u video.Upload) {
			delete(w.s3.uploads, u.Multipart)
			w.save(t, u.Tenant, u.Video, video.UploadCompleted{At: noon})
		}, 409, "upload_completed"},
		{"given up", func(_ *testing.T, w *world, u video.Upload) { delete(w.s3.uploads, u.Multipart) }, 409, "upload_expired"},
		{"S3 busy", func(_ *testing.T, w *world, _ video.Upload) {
			w.s3.err = errs.E("bucket", errs.Transient, errors.New("SlowDown"))
		}, 503, "busy"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			u, _ := w.upload(t, acme)
			row.change(t, w, u)
			got := w.do(t, acme, "POST", "/v1/uploads/"+u.ID+"/parts", `{"numbers": [1]}`)
			if got.status != row.status || got.str("code") != row.code {
				t.Errorf("%d %s", got.status, got.text)
			}
		})
	}
}

// FuzzBody: whatever the body is, the answer is the caller's fault or a whole upload.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"file_name": "a", "size": 1}`, `{"size": 1e400}`, `{"file_name": "\ud800", "size": 1}`, `{"size": 1}}`,
		`{"a": "` + "\xff" + `"}`, strings.Repeat(`{"a":`, 100), `{"file_name": {"a": 1}}`, `{"title": "\"{[", "file_name": "\\", "size": 2}`,
	} {
		f.Add(seed)
	}
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, body string) {
		for _, path := range []string{"/v1/uploads", "/v1/uploads/upl_x/complete"} {
			got := w.do(t, acme, "POST", path, body)
			if got.status != 201 && (got.status < 400 || got.status > 499 || got.str("code") == "") {
				t.Errorf("%s %q: %d %s", path, body, got.status, got.text)
			}
		}
	})
}
