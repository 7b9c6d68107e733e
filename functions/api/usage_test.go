package api_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/video"
	"sluice/tests/apitest"
)

// The days of an answer end with today. Minutes are those of videos whose encoding began, started ones count.
func TestUsageIsShownByDay(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	now := apitest.Noon
	fx.API.Now = func() time.Time { return now }
	for _, day := range []int{0, 1, 1, 3} {
		now = apitest.Noon.AddDate(0, 0, day)
		fx.CreateUpload(t, apitest.Acme)
	}
	u, _ := fx.CreateUpload(t, apitest.Acme)
	v, err := fx.Store.LoadVideo(t.Context(), "acme", u.Video)
	if err != nil {
		t.Fatal(err)
	}
	v, _ = video.Apply(v, video.MediaInspected{
		UploadedAt: now, At: now, Media: video.Media{Duration: 61},
		Plan: video.Plan{Rate: video.Rate{Num: 25, Den: 1}, SegmentFrames: 50, Borders: []int{0, 1525}},
	})
	if err := fx.Store.SaveVideo(t.Context(), v, video.TimelineEntry{}); err != nil {
		t.Fatal(err)
	}
	day := func(date string, created, bytes, minutes float64) any {
		return map[string]any{
			"date": date, "videos_created": created, "bytes_encoded": bytes, "minutes_encoded": minutes,
		}
	}
	got := fx.GetWithQuery(t, apitest.Reader, "/v1/usage", "days=3")
	want := []any{day("2026-11-23", 2, 0, 0), day("2026-11-25", 2, 20<<20, 2)}
	if d := cmp.Diff(want, got.JSON["days"]); got.Status != 200 || d != "" {
		t.Errorf("%d %s (-want +got):\n%s", got.Status, got.Text, d)
	}
	wantUsed := map[string]any{
		"uploads_open": 4.0, "bytes_waiting": float64(80 << 20), "imports_in_flight": 0.0,
		"bytes_stored": float64(100 << 20), "minutes_stored": 2.0, "minutes_encoded_a_day": 2.0,
	}
	if d := cmp.Diff(wantUsed, got.JSON["used"]); d != "" {
		t.Errorf("used (-want +got):\n%s", d)
	}
	if got := fx.DoRequest(t, apitest.Rival, "GET", "/v1/usage", ""); got.Status != 200 ||
		cmp.Diff([]any{}, got.JSON["days"]) != "" {
		t.Errorf("of another tenant: %d %s", got.Status, got.Text)
	}
	for _, days := range []string{"0", "367", "x", "-1"} {
		fx.GetWithQuery(t, apitest.Acme, "/v1/usage", "days="+days).RequireProblem(t, 400, "parameter_invalid")
	}
}
