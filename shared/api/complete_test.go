package api_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// TestCompleteTwice: once or again, before or after publish has seen it, the answer is the same.
func TestCompleteTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, _ := w.upload(t, acme)
	path, body := "/v1/uploads/"+u.ID+"/complete", w.put(u)
	want := map[string]any{"video_id": u.Video, "state": "uploaded"}
	told := events.Of("acme", u.Video, noon, video.UploadCompleted{At: noon})
	for i, when := range []string{"at first", "again", "after publish has seen it"} {
		if i == 2 {
			v, err := w.rows.Video(t.Context(), "acme", u.Video)
			if err != nil {
				t.Fatal(err)
			}
			v, _ = video.Apply(v, video.UploadCompleted{At: noon})
			if err := w.rows.Save(t.Context(), v, v.Entry("test", noon)); err != nil {
				t.Fatal(err)
			}
			w.s3.objects = nil // a lifecycle rule may have taken the original
		}
		got := w.do(t, acme, "POST", path, body)
		if d := cmp.Diff(want, got.json); got.status != 200 || d != "" {
			t.Fatalf("%s: %d %s", when, got.status, d)
		}
		if got := w.sent.events[i]; cmp.Diff(told, got) != "" {
			t.Errorf("%s: told %+v", when, got)
		}
	}
}

func TestCompleteTakesPartsInAnyOrderAndQuoted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, _ := w.upload(t, acme)
	w.put(u)
	got := w.do(t, acme, "POST", "/v1/uploads/"+u.ID+"/complete", `{"parts": [{"number": 3, "etag": "etag3"}, {"number": 1, "etag": "\"etag1\""}, {"number": 2, "etag": "etag2"}]}`)
	if got.status != 200 || w.s3.objects[u.Key] != u.Size {
		t.Errorf("%d %s, object of %d bytes", got.status, got.text, w.s3.objects[u.Key])
	}
}

func TestCompleteRefuses(t *testing.T) {
	t.Parallel()
	all := `{"number": 1, "etag": "etag1"}, {"number": 2, "etag": "etag2"}`
	for _, row := range []struct {
		name          string
		parts         string
		change        func(w *world, u video.Upload)
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
		{"not sent", all + `, {"number": 3, "etag": "etag3"}`, func(w *world, u video.Upload) {
			w.s3.uploads[u.Multipart].parts = w.s3.uploads[u.Multipart].parts[:2]
		}, 422, "part_missing", "/parts/2"},
		{"short part", all + `, {"number": 3, "etag": "etag3"}`, func(w *world, u video.Upload) {
			w.s3.uploads[u.Multipart].parts[2].Size--
		}, 422, "size_mismatch", "/parts/2"},
		{"aborted", all + `, {"number": 3, "etag": "etag3"}`, func(w *world, u video.Upload) {
			delete(w.s3.uploads, u.Multipart)
		}, 409, "upload_expired", ""},
		{"another object there", all + `, {"number": 3, "etag": "etag3"}`, func(w *world, u video.Upload) {
			delete(w.s3.uploads, u.Multipart)
			w.s3.objects[u.Key] = u.Size + 1
		}, 409, "upload_expired", ""},
		{"no etag", all + `, {"number": 3}`, nil, 400, "field_missing", "/parts/2/etag"},
		{"S3 busy", all + `, {"number": 3, "etag": "etag3"}`, func(w *world, u video.Upload) {
			w.s3.err = errs.E("bucket", errs.Transient, errors.New("SlowDown"))
		}, 503, "busy", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			u, _ := w.upload(t, acme)
			w.put(u)
			if row.change != nil {
				row.change(w, u)
			}
			got := w.do(t, acme, "POST", "/v1/uploads/"+u.ID+"/complete", `{"parts": [`+row.parts+`]}`)
			if got.status != row.status || got.str("code") != row.code || pointer(got) != row.pointer {
				t.Errorf("%d %s", got.status, got.text)
			}
			if len(w.sent.events) > 0 {
				t.Errorf("told %v", w.sent.events)
			}
		})
	}
}

// A small body can hold more mistakes than an answer, and a function's memory, have room for.
func TestCompleteNamesAHundredMistakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, _ := w.upload(t, acme)
	got := w.do(t, acme, "POST", "/v1/uploads/"+u.ID+"/complete", `{"parts": [{}`+strings.Repeat(",{}", 1e5)+`]}`)
	if flaws, _ := got.json["errors"].([]any); got.status != 400 || len(flaws) != 100 {
		t.Errorf("%d %s with %d mistakes", got.status, got.str("code"), len(flaws))
	}
}

// TestCompleteWorksWithoutThePublisher: S3's event says the same.
func TestCompleteWorksWithoutThePublisher(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sent.err = errors.New("queue away")
	u, _ := w.upload(t, acme)
	got := w.do(t, acme, "POST", "/v1/uploads/"+u.ID+"/complete", w.put(u))
	if got.status != 200 || !strings.Contains(w.logs.String(), "queue away") {
		t.Errorf("%d %s, logged: %s", got.status, got.text, w.logs)
	}
}
