package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/video"
)

// get asks with a query: "limit=1&state=ready".
func (w *world) get(tb testing.TB, c who, path, query string) result {
	tb.Helper()
	e := c.request("GET", path, "")
	e.MultiValueQueryStringParameters = map[string][]string{}
	for pair := range strings.SplitSeq(query, "&") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			e.MultiValueQueryStringParameters[name] = append(e.MultiValueQueryStringParameters[name], value)
		}
	}
	return w.send(tb, e)
}

// ids returns those of the videos on a page.
func (r result) ids() (ids []string) {
	list, _ := r.json["videos"].([]any)
	for _, v := range list {
		ids = append(ids, v.(map[string]any)["id"].(string))
	}
	return ids
}

// film begins an upload at a minute after noon and returns the id of its video.
func (w *world) film(tb testing.TB, c who, minute int, more string) string {
	tb.Helper()
	w.Now = func() time.Time { return noon.Add(time.Duration(minute) * time.Minute) }
	got := w.do(tb, c, "POST", "/v1/uploads", `{"file_name": "a.mp4", "size": 1`+more+`}`)
	if got.status != 201 {
		tb.Fatalf("%d %s", got.status, got.text)
	}
	return got.str("video_id")
}

func TestListVideos(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.film(t, acme, 1, `, "external_id": "e 1"`)
	b := w.film(t, acme, 2, `, "external_id": "e 1", "metadata": {"Album.no": "7"}`)
	c := w.film(t, acme, 3, ``)
	w.film(t, rival, 4, `, "external_id": "e 1"`)
	w.save(t, "acme", b, video.UploadCancelled{At: noon})
	for _, row := range []struct {
		name, query string
		want        []string
	}{
		{"all", "", []string{c, b, a}},
		{"by state", "state=waiting", []string{c, a}},
		{"by external id", "external_id=e 1", []string{b, a}},
		{"by both", "external_id=e 1&state=cancelled", []string{b}},
		{"none", "state=ready", nil},
		{"first page", "limit=2", []string{c, b}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := w.get(t, reader, "/v1/videos", row.query)
			if d := cmp.Diff(row.want, got.ids()); got.status != 200 || d != "" {
				t.Errorf("%d %s\n%s", got.status, got.text, d)
			}
			if more := got.str("next_cursor") != ""; more != (row.name == "first page") {
				t.Errorf("goes on: %v", more)
			}
		})
	}
	page := w.get(t, reader, "/v1/videos", "limit=2")
	if d := cmp.Diff([]string{a}, w.get(t, reader, "/v1/videos", "limit=2&cursor="+page.str("next_cursor")).ids()); d != "" {
		t.Errorf("second page: %s", d)
	}
	v, err := w.rows.Video(t.Context(), "acme", b)
	if err != nil {
		t.Fatal(err)
	}
	same(t, fmt.Sprintf(`{"videos": [{
		"id": %q, "title": "a.mp4", "external_id": "e 1", "metadata": {"Album.no": "7"}, "state": "cancelled", "created_at": "2026-11-22T12:02:00.000Z",
		"source": {"name": "a.mp4", "size": 1, "content_type": "application/octet-stream"}, "playback": {"id": %q}
	}]}`, b, v.Playback), w.get(t, reader, "/v1/videos", "state=cancelled"))
}

func TestListVideosIsOfTwentyByDefault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 21 {
		w.film(t, acme, i, "")
	}
	if got := w.get(t, reader, "/v1/videos", ""); len(got.ids()) != 20 || got.str("next_cursor") == "" {
		t.Errorf("%d videos, cursor %q", len(got.ids()), got.str("next_cursor"))
	}
}

func TestListVideosRefuses(t *testing.T) {
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
			newWorld(t).get(t, reader, "/v1/videos", row.query).refused(t, row.status, row.code)
		})
	}
}

// TestACursorLeadsNowhereElse: one of another tenant's list shows none of its videos.
func TestACursorLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 3 {
		w.film(t, acme, i, "")
	}
	theirs := w.film(t, rival, 0, "")
	cursor := w.get(t, acme, "/v1/videos", "limit=1").str("next_cursor")
	if cursor == "" {
		t.Fatal("one of three videos is the whole list")
	}
	for _, id := range w.get(t, rival, "/v1/videos", "cursor="+cursor).ids() {
		if id != theirs {
			t.Errorf("another tenant's video %s", id)
		}
	}
}
