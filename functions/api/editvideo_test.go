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
	"sluice/tests/apitest"
)

func TestEditVideoUpdatesFields(t *testing.T) {
	t.Parallel()
	const before = `, "title": "T", "external_id": "e", "metadata": {"a": "1", "b": "2"}`
	all := video.Details{Title: "T", ExternalID: "e", Metadata: map[string]string{"a": "1", "b": "2"}}
	for _, row := range []struct {
		name, body string
		want       video.Details
	}{
		{"nothing", `{}`, all},
		{"null", `{"title": null, "external_id": null, "metadata": null}`, all},
		{"title", `{"title": " New "}`, video.Details{Title: "New", ExternalID: "e", Metadata: all.Metadata}},
		{"no title", `{"title": ""}`, video.Details{Title: "a.mp4", ExternalID: "e", Metadata: all.Metadata}},
		{"external id", `{"external_id": "ü#2"}`, video.Details{Title: "T", ExternalID: "ü#2", Metadata: all.Metadata}},
		{"no external id", `{"external_id": ""}`, video.Details{Title: "T", Metadata: all.Metadata}},
		{
			"metadata", `{"metadata": {"c": ""}}`,
			video.Details{Title: "T", ExternalID: "e", Metadata: map[string]string{"c": ""}},
		},
		{"no metadata", `{"metadata": {}}`, video.Details{Title: "T", ExternalID: "e"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			fx := apitest.New(t)
			id := fx.CreateUploadAt(t, apitest.Acme, 0, before)
			got := fx.DoRequest(t, apitest.Writer, "PATCH", "/v1/videos/"+id, row.body)
			if got.Status != 200 {
				t.Fatalf("%d %s", got.Status, got.Text)
			}
			v, err := fx.Store.LoadVideo(t.Context(), "acme", id)
			if d := cmp.Diff(row.want, v.Details); err != nil || d != "" {
				t.Errorf("stored: %v %s", err, d)
			}
			if d := cmp.Diff(got.JSON, fx.DoRequest(t, apitest.Reader, "GET", "/v1/videos/"+id, "").JSON); d != "" {
				t.Errorf("the response differs from GET: %s", d)
			}
		})
	}
}

// A file name may be longer than a title; other fields can be changed all the same.
func TestLongFileNameIsKeptAsTitle(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	name := strings.Repeat("n", 255)
	got := fx.DoRequest(t, apitest.Acme, "POST", "/v1/uploads", `{"file_name": "`+name+`", "size": 1}`)
	got = fx.DoRequest(t, apitest.Acme, "PATCH", "/v1/videos/"+got.Field("video_id"), `{"external_id": "e"}`)
	if got.Status != 200 || got.Field("title") != name {
		t.Errorf("%d %s", got.Status, got.Text)
	}
}

// TestVideoFieldsHaveLimits checks POST /v1/uploads and PATCH /v1/videos/{id}.
func TestVideoFieldsHaveLimits(t *testing.T) {
	t.Parallel()
	pairs := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`"k%d": "v"`, i))
		}
		return `{` + strings.Join(all, ", ") + `}`
	}
	for _, row := range []struct{ name, field, code, pointer string }{
		{"title", `"title": "` + strings.Repeat("ü", 200) + `"`, "", ""},
		{"long title", `"title": "` + strings.Repeat("ü", 201) + `"`, "title_invalid", "/title"},
		{"title with a line break", `"title": "a\nb"`, "title_invalid", "/title"},
		{"external id", `"external_id": "` + strings.Repeat("ü", 128) + `"`, "", ""},
		{
			"long external id", `"external_id": "` + strings.Repeat("e", 129) + `"`, "external_id_invalid",
			"/external_id",
		},
		{"external id with a control character", `"external_id": "\u0000"`, "external_id_invalid", "/external_id"},
		{"metadata", `"metadata": ` + pairs(20), "", ""},
		{"too much metadata", `"metadata": ` + pairs(21), "metadata_too_many", "/metadata"},
		{"metadata key", `"metadata": {"` + strings.Repeat("k", 60) + `_.-9": ""}`, "", ""},
		{
			"long metadata key", `"metadata": {"` + strings.Repeat("k", 65) + `": ""}`, "metadata_key_invalid",
			"/metadata",
		},
		{"empty metadata key", `"metadata": {"": ""}`, "metadata_key_invalid", "/metadata"},
		{"metadata key with a slash", `"metadata": {"a/b": ""}`, "metadata_key_invalid", "/metadata"},
		{"metadata value", `"metadata": {"a": "` + strings.Repeat("ü", 256) + `"}`, "", ""},
		{
			"long metadata value", `"metadata": {"a": "` + strings.Repeat("v", 257) + `"}`, "metadata_value_invalid",
			"/metadata/a",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			fx := apitest.New(t)
			id := fx.CreateUploadAt(t, apitest.Acme, 0, "")
			for _, got := range []apitest.Result{
				fx.DoRequest(
					t, apitest.Acme, "POST", "/v1/uploads", `{"file_name": "a.mp4", "size": 1, `+row.field+`}`,
				),
				fx.DoRequest(t, apitest.Acme, "PATCH", "/v1/videos/"+id, `{`+row.field+`}`),
			} {
				if row.code == "" && got.Status >= 300 || row.code != "" && got.Status != 422 ||
					got.Field("code") != row.code || apitest.FirstErrorPointer(got) != row.pointer {
					t.Errorf("%d %s", got.Status, got.Text)
				}
			}
		})
	}
}

func TestDeleteVideoSendsEventAndHidesVideo(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	id := fx.CreateUploadAt(t, apitest.Acme, 0, "")
	path := "/v1/videos/" + id
	for range 2 { // a repeated request sends the event again, which is harmless
		if got := fx.DoRequest(t, apitest.Writer, "DELETE", path, ""); got.Status != 202 || got.Text != "" {
			t.Fatalf("%d %s", got.Status, got.Text)
		}
		fx.ApplyEvents(t, "acme", id, video.DeleteRequested{At: apitest.Noon})
	}
	want := events.New("acme", id, apitest.Noon, video.DeleteRequested{At: apitest.Noon})
	if d := cmp.Diff([]events.Event{want, want}, fx.Outbox.Events); d != "" {
		t.Error(d)
	}
	got := fx.DoRequest(t, apitest.Reader, "GET", path, "")
	if got.Field("state") != "deleting" || strings.Contains(got.Text, "http") {
		t.Errorf("while it is deleted: %d %s", got.Status, got.Text)
	}
	fx.DoRequest(t, apitest.Writer, "PATCH", path, `{"title": "x"}`).RequireProblem(t, 404, "video_not_found")
	fx.ApplyEvents(t, "acme", id, video.PurgeDone{At: apitest.Noon, Round: 2})
	for _, method := range []string{"GET", "PATCH", "DELETE"} {
		fx.DoRequest(t, apitest.Acme, method, path, `{}`).RequireProblem(t, 404, "video_not_found")
	}
	if got := fx.DoRequest(t, apitest.Reader, "GET", path+"/timeline", ""); got.Status != 200 {
		t.Errorf("timeline: %d %s", got.Status, got.Text)
	}
	if ids := fx.GetWithQuery(t, apitest.Reader, "/v1/videos", "").VideoIDs(); ids != nil {
		t.Errorf("listed: %v", ids)
	}
}

func TestDeleteVideoFailsWhenEventCannotBeSent(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	id := fx.CreateUploadAt(t, apitest.Acme, 0, "")
	fx.Outbox.Err = errs.E("outbox", errs.Transient, errors.New("queue unavailable"))
	fx.DoRequest(t, apitest.Writer, "DELETE", "/v1/videos/"+id, "").RequireProblem(t, 503, "busy")
}

func TestTimelineListsEntriesInOrder(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	id := fx.CreateUploadAt(t, apitest.Acme, 0, "")
	fx.ApplyEvents(t, "acme", id, video.UploadCompleted{At: apitest.Noon}, video.MediaInspected{
		UploadedAt: apitest.Noon, At: apitest.Noon, ETag: "e", Plan: video.Plan{
			Rate: video.Rate{Num: 25, Den: 1}, SegmentFrames: 50, Borders: []int{0, 50, 100},
		},
	})
	done := video.EncodeDone{
		At: apitest.Noon,
		Result: video.Result{
			Task: video.Task{Number: 1, Kind: video.VideoTask, From: 50, To: 100, Segment: 2, Last: true},
		},
	}
	if _, err := fx.Store.FinishTasks(t.Context(), "acme", id, 2, done); err != nil {
		t.Fatal(err)
	}
	fx.ApplyEvents(
		t, "acme", id,
		video.EncodeFailed{At: apitest.Noon, Problem: errs.Problem{Code: "decode_failed", Message: "It is damaged."}},
	)
	requireJSON(t, `{"entries": [
		{"at": "2026-11-22T12:00:00.000Z", "event": "created", "state": "waiting"},
		{"at": "2026-11-22T12:00:00.000Z", "event": "test", "state": "uploaded"},
		{"at": "2026-11-22T12:00:00.000Z", "event": "test", "state": "processing"},
		{"at": "2026-11-22T12:00:00.000Z", "event": "test", "state": "failed", "error": {"code": "decode_failed", "message": "It is damaged."}},
		{"at": "2026-11-22T12:00:00.000Z", "event": "encode.done.v1", "state": "processing",
			"task": {"number": 1, "kind": "video", "from_frame": 50, "to_frame": 100}}
	]}`, fx.DoRequest(t, apitest.Reader, "GET", "/v1/videos/"+id+"/timeline", ""))
	fx.DoRequest(t, apitest.Rival, "GET", "/v1/videos/"+id+"/timeline", "").RequireProblem(t, 404, "video_not_found")
}
