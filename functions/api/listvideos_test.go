package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/video"
	"sluice/tests/apitest"
)

func TestListVideosFiltersAndPages(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	a := fx.CreateUploadAt(t, apitest.Acme, 1, `, "external_id": "e 1"`)
	b := fx.CreateUploadAt(t, apitest.Acme, 2, `, "external_id": "e 1", "metadata": {"Album.no": "7"}`)
	c := fx.CreateUploadAt(t, apitest.Acme, 3, ``)
	fx.CreateUploadAt(t, apitest.Rival, 4, `, "external_id": "e 1"`)
	fx.ApplyEvents(t, "acme", b, video.UploadCancelled{At: apitest.Noon})
	for _, row := range []struct {
		name, query string
		want        []string
	}{
		{"all", "", []string{c, b, a}},
		{"by state", "state=waiting", []string{c, a}},
		{"by external id", "external_id=e 1", []string{b, a}},
		{"by both", "external_id=e 1&state=cancelled", []string{b}},
		{"none", "state=ready", nil},
		{"empty parameters, as if absent", "cursor=&external_id=&limit=&state=", []string{c, b, a}},
		{"first page", "limit=2", []string{c, b}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := fx.GetWithQuery(t, apitest.Reader, "/v1/videos", row.query)
			if d := cmp.Diff(row.want, got.VideoIDs()); got.Status != 200 || d != "" {
				t.Errorf("%d %s\n%s", got.Status, got.Text, d)
			}
			if more := got.Field("next_cursor") != ""; more != (row.name == "first page") {
				t.Errorf("next_cursor is there: %t", more)
			}
		})
	}
	page := fx.GetWithQuery(t, apitest.Reader, "/v1/videos", "limit=2")
	if d := cmp.Diff(
		[]string{a},
		fx.GetWithQuery(t, apitest.Reader, "/v1/videos", "limit=2&cursor="+page.Field("next_cursor")).VideoIDs(),
	); d != "" {
		t.Errorf("second page: %s", d)
	}
	v, err := fx.Store.LoadVideo(t.Context(), "acme", b)
	if err != nil {
		t.Fatal(err)
	}
	requireJSON(t, fmt.Sprintf(`{"videos": [{
		"id": %q, "title": "a.mp4", "external_id": "e 1", "metadata": {"Album.no": "7"}, "state": "cancelled", "created_at": "2026-11-22T12:02:00.000Z",
		"source": {"name": "a.mp4", "size": 1, "content_type": "application/octet-stream"}, "playback": {"id": %q}
	}]}`, b, v.Playback), fx.GetWithQuery(t, apitest.Reader, "/v1/videos", "state=cancelled"))
}

func TestListVideosReturnsTwentyByDefault(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	for i := range 21 {
		fx.CreateUploadAt(t, apitest.Acme, i, "")
	}
	if got := fx.GetWithQuery(t, apitest.Reader, "/v1/videos", ""); len(got.VideoIDs()) != 20 ||
		got.Field("next_cursor") == "" {
		t.Errorf("%d videos, cursor %q", len(got.VideoIDs()), got.Field("next_cursor"))
	}
}

func TestListVideosRejectsInvalidParameters(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		query  string
		status int
		code   string
	}{
		{"limit=0", 400, "parameter_invalid"},
		{"limit=101", 400, "parameter_invalid"},
		{"limit=ten", 400, "parameter_invalid"},
		{"limit=1&limit=2", 400, "parameter_repeated"},
		{"state=deleted", 400, "parameter_invalid"},
		{"state=deleting", 400, "parameter_invalid"},
		{"external_id=" + strings.Repeat("e", 129), 400, "parameter_invalid"},
		{"page=2", 400, "parameter_unknown"},
		{"tenant=rival", 400, "parameter_unknown"},
		{"cursor=!", 422, "cursor_invalid"},
	} {
		t.Run(row.query, func(t *testing.T) {
			t.Parallel()
			apitest.New(t).GetWithQuery(t, apitest.Reader, "/v1/videos", row.query).RequireProblem(
				t, row.status, row.code,
			)
		})
	}
}

func TestCursorOfAnotherTenantShowsNoVideos(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	for i := range 3 {
		fx.CreateUploadAt(t, apitest.Acme, i, "")
	}
	own := fx.CreateUploadAt(t, apitest.Rival, 0, "")
	cursor := fx.GetWithQuery(t, apitest.Acme, "/v1/videos", "limit=1").Field("next_cursor")
	if cursor == "" {
		t.Fatal("the first of three pages has no cursor")
	}
	for _, id := range fx.GetWithQuery(t, apitest.Rival, "/v1/videos", "cursor="+cursor).VideoIDs() {
		if id != own {
			t.Errorf("another tenant's video %s", id)
		}
	}
}
