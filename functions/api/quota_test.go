package api_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/quota"
	"sluice/shared/domain/video"
	"sluice/tests/apitest"
)

// Of 200 uploads of 8 GiB that a tenant asks for at once, those within its limit of 200 GiB are accepted, and no other
// tenant notices. A rejected request starts no multipart upload.
func TestPromise13_UploadsStayWithinTheLimits(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	var accepted, rejected atomic.Int64
	var wait, checked sync.WaitGroup
	checked.Add(200)
	fx.Bucket.OnCreate = func() { // all have passed the check that comes before the multipart upload
		checked.Done()
		checked.Wait()
	}
	for range 200 {
		wait.Go(func() {
			got := fx.DoRequest(t, apitest.Acme, "POST", "/v1/uploads", `{"file_name": "a.mp4", "size": 8589934592}`)
			switch {
			case got.Status == 201:
				accepted.Add(1)
			case got.Status == 429 && got.Field("code") == "quota_exceeded":
				rejected.Add(1)
			default:
				t.Errorf("%d %s", got.Status, got.Text)
			}
		})
	}
	wait.Wait()
	if accepted.Load() != 25 || rejected.Load() != 175 {
		t.Errorf("%d accepted, %d rejected", accepted.Load(), rejected.Load())
	}
	began := 0
	fx.Bucket.OnCreate = func() { began++ }
	got := fx.DoRequest(t, apitest.Acme, "POST", "/v1/uploads", `{"file_name": "a.mp4", "size": 8589934592}`)
	want := map[string]any{"name": "bytes_waiting", "limit": float64(200 << 30), "used": float64(200 << 30)}
	if d := cmp.Diff(want, got.JSON["quota"]); got.Status != 429 || d != "" || began != 0 {
		t.Errorf("%d %s, %d multipart uploads began; quota: %s", got.Status, got.Text, began, d)
	}
	fx.CreateUpload(t, apitest.Rival)
}

// What a cancelled upload has reserved is given back, once however often the event arrives, and a repeated request with
// the same key can then succeed.
func TestPromise13_CancelledUploadsGiveBackOnce(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	if err := fx.Store.SaveLimits(t.Context(), "acme", quota.Limits{quota.UploadsOpen: 1}); err != nil {
		t.Fatal(err)
	}
	u, _ := fx.CreateUpload(t, apitest.Acme)
	post := func() apitest.Result { return fx.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody) }
	post().RequireProblem(t, 429, "quota_exceeded")
	v, err := fx.Store.LoadVideo(t.Context(), "acme", u.Video)
	if err != nil {
		t.Fatal(err)
	}
	cancelled, _ := video.Apply(v, video.UploadCancelled{At: apitest.Noon})
	for n := range 3 {
		if err := fx.Store.SaveVideo(t.Context(), cancelled, video.TimelineEntry{}); (err == nil) != (n == 0) {
			t.Errorf("save %d: %v", n, err)
		}
	}
	if got := post(); got.Status != 201 {
		t.Errorf("%d %s", got.Status, got.Text)
	}
	fx.DoRequest(t, apitest.Acme, "POST", "/v1/uploads", apitest.UploadBody).RequireProblem(t, 429, "quota_exceeded")
}

// Imports have a limit of their own. The minutes of a day are over until the next one.
func TestPromise13_ImportsAndMinutesAreLimited(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	limits := quota.Limits{quota.ImportsInFlight: 1}
	save := func() {
		t.Helper()
		if err := fx.Store.SaveLimits(t.Context(), "acme", limits); err != nil {
			t.Fatal(err)
		}
	}
	save()
	post := func(n int) apitest.Result {
		return fx.DoRequest(t, apitest.Acme, "POST", "/v1/videos", fmt.Sprintf(`{"url": "https://example.com/%d.mp4"}`, n))
	}
	if got := post(1); got.Status != 201 {
		t.Errorf("%d %s", got.Status, got.Text)
	}
	post(2).RequireProblem(t, 429, "quota_exceeded")
	limits = quota.Limits{quota.MinutesEncoded: 0}
	save()
	fx.API.Now = func() time.Time { return apitest.Noon.Add(time.Hour) }
	got := post(3)
	want := map[string]any{
		"name": "minutes_encoded_a_day", "limit": 0.0, "used": 0.0, "resets_at": "2026-11-23T00:00:00.000Z",
	}
	if d := cmp.Diff(want, got.JSON["quota"]); got.Status != 429 || d != "" {
		t.Errorf("%d %s; quota: %s", got.Status, got.Text, d)
	}
}
