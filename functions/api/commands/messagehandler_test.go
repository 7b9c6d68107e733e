package commands_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/access"
	"sluice/shared/domain/video"
	"sluice/tests/apitest"
)

const deleteData = `{"video_id": "{id}"}`

// A message that is delivered again when its video is gone is no error: it was carried out.
func TestPromise02_RepeatedCommandChangesNothing(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	describe := func(id, title string) {
		data := `{"video_id": "{id}", "title": "` + title + `"}`
		if code := fx.sendMessage(t, acmeSender, id, "command.describe.v1", data); code != "" {
			t.Fatal(code)
		}
	}
	describe("1", "old")
	describe("2", "new")
	describe("1", "old")
	v, err := fx.Store.LoadVideo(t.Context(), "acme", fx.video)
	if err != nil || v.Title != "new" {
		t.Errorf("title %q after a redelivery, %v", v.Title, err)
	}
	for i := range 2 {
		fx.Now = func() time.Time { return apitest.Noon.Add(time.Duration(i) * time.Hour) }
		if code := fx.sendMessage(t, acmeSender, "3", "command.delete.v1", deleteData); code != "" {
			t.Fatal(code)
		}
		fx.ApplyEvents(t, "acme", fx.video, video.DeleteRequested{At: apitest.Noon}, video.PurgeDone{Round: 2})
	}
	if d := cmp.Diff(fx.sent[:1], fx.sent[1:]); d != "" {
		t.Errorf("the events of a redelivery differ: %s", d)
	}
}

func TestMessageIDBelongsToOneCommand(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	for _, row := range []struct{ sender, id, typ, data, code string }{
		{acmeSender, "1", "command.describe.v1", `{"video_id": "{id}", "title": "a"}`, ""},
		{acmeSender, "1", "command.describe.v1", `{"video_id": "{id}", "title": "b"}`, "idempotency_key_reused"},
		{acmeSender, "1", "command.delete.v1", deleteData, "idempotency_key_reused"},
		{acmeSender, "2", "command.describe.v1", `{"video_id": "{id}", "title": "a\nb"}`, "title_invalid"},
		{acmeSender, "2", "command.delete.v1", deleteData, ""}, // what was rejected leaves its id free
	} {
		if code := fx.sendMessage(t, row.sender, row.id, row.typ, row.data); string(code) != row.code {
			t.Errorf("%s %s: %q, want %q", row.typ, row.data, code, row.code)
		}
	}
}

func TestCommandThatFailsLeavesItsIDFree(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	fx.ApplyEvents(t, "acme", fx.video, video.DeleteRequested{At: apitest.Noon}, video.PurgeDone{Round: 2})
	if code := fx.sendMessage(t, acmeSender, "1", "command.delete.v1", deleteData); code != "video_not_found" {
		t.Error(code)
	}
	fx.video = fx.CreateUploadAt(t, apitest.Acme, 0, "")
	if code := fx.sendMessage(t, acmeSender, "1", "command.delete.v1", deleteData); code != "" {
		t.Error(code)
	}
}

// A sender with several tenants reaches the videos of those for which it may send the command, and no others.
func TestPromise06_CommandReachesGrantedTenantsOnly(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		acme []string // commands for acme
		code string
	}{"granted": {[]string{"delete"}, ""}, "not granted": {[]string{"describe"}, "video_not_found"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fx := newFixture(t)
			const sender = "AROABOTH00000000000"
			for _, p := range []access.Producer{
				{Sender: sender, Prefix: "rival/", Tenant: "rival", Commands: []string{"delete"}},
				{Sender: sender, Prefix: "acme/", Tenant: "acme", Commands: row.acme},
			} {
				p.ID = access.ProducerID(p.Sender, p.Bucket, p.Prefix)
				if err := fx.Store.CreateProducer(t.Context(), p); err != nil {
					t.Fatal(err)
				}
			}
			code := fx.sendMessage(t, sender, "1", "command.delete.v1", deleteData)
			if string(code) != row.code || len(fx.sent) != 0 == (row.code != "") {
				t.Errorf("%q, sent %v", code, fx.sent)
			}
		})
	}
}

func TestFetchEndsWhenItsVideoIsDeletedByMessage(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	got := fx.DoRequest(t, apitest.Acme, "POST", "/v1/videos", `{"url": "https://example.com/a.mp4"}`)
	fx.video = got.Field("id")
	v, err := fx.Store.LoadVideo(t.Context(), "acme", fx.video)
	if err != nil {
		t.Fatal(err)
	}
	if code := fx.sendMessage(t, acmeSender, "1", "command.delete.v1", deleteData); code != "" {
		t.Fatal(code)
	}
	if _, err := fx.Bucket.ListParts(t.Context(), v.Source.Key, v.Fetch.MultipartID); err == nil {
		t.Error("the upload goes on")
	}
}
