package api_test

import (
	"testing"
	"time"

	"sluice/shared/domain/video"
	"sluice/tests/apitest"
)

func TestUnpublishedVideoHasNoLinks(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	u, _ := fx.CreateUpload(t, apitest.Acme)
	path := "/v1/videos/" + u.Video
	requireLinks := func(want bool, unpublishedAt string) {
		t.Helper()
		got := fx.DoRequest(t, apitest.Reader, "GET", path, "")
		links, _ := got.JSON["playback"].(map[string]any)
		if (links["hls"] != nil) != want || (links["watch"] != nil) != want || links["id"] == "" ||
			got.Field("unpublished_at") != unpublishedAt {
			t.Errorf("%d %s", got.Status, got.Text)
		}
	}
	requireLinks(true, "")
	for i, c := range []struct{ name, typ string }{
		{"unpublish", "unpublish.requested.v1"}, {"publish", "publish.requested.v1"},
	} {
		fx.Now = func() time.Time { return apitest.Noon.Add(time.Duration(i) * time.Second) }
		got := fx.DoRequest(t, apitest.Writer, "POST", path+"/"+c.name, "")
		if got.Status != 202 || got.Field("video_id") != u.Video {
			t.Errorf("%d %s", got.Status, got.Text)
		}
		sent := fx.Outbox.Events[len(fx.Outbox.Events)-1]
		if string(sent.Type) != c.typ || sent.Tenant != "acme" || sent.Video != u.Video {
			t.Errorf("sent %+v", sent)
		}
		fx.ApplyEvents(t, "acme", u.Video, sent.Data.(video.Event))
		if c.name == "unpublish" {
			requireLinks(false, "2026-11-22T12:00:00.000Z")
		}
		fx.DoRequest(t, apitest.Reader, "POST", path+"/"+c.name, "").RequireProblem(t, 403, "scope_missing")
		fx.DoRequest(t, apitest.Rival, "POST", path+"/"+c.name, "").RequireProblem(t, 404, "video_not_found")
	}
	requireLinks(true, "")
}
