package publish_test

import (
	"testing"

	"sluice/events"
	"sluice/shared/domain/quota"
	"sluice/shared/domain/video"
)

// A video that would exceed the minutes of its tenant fails with the code that the API answers, and a redelivery
// announces that again. No task of it is requested, and nothing but its original stays counted.
func TestPromise13_EncodingStaysWithinTheLimits(t *testing.T) {
	env := newPublishEnv(t)
	if err := env.table.SaveLimits(t.Context(), "acme", quota.Limits{quota.MinutesEncoded: 1}); err != nil {
		t.Fatal(err)
	}
	inspected := newMediaInspected().(video.MediaInspected)
	inspected.Media.Duration, inspected.Size = 60.5, 77
	for range 2 {
		if out := env.deliverEvent(t, inspected); len(out) != 1 || out[0].Type != events.VideoFailed {
			t.Errorf("events %v, want VideoFailed", out)
		}
	}
	v := env.readVideo(t)
	if v.State != video.Failed || v.Problem.Code != "quota_exceeded" || !v.Times.Uploaded.Equal(noon) {
		t.Errorf("row %+v", v)
	}
	a, _, err := env.table.LoadUsage(t.Context(), "acme", noon, noon)
	if err != nil || a.Used[quota.MinutesEncoded] != 0 || a.Used[quota.BytesStored] != 77 ||
		a.Used[quota.UploadsOpen] != 0 {
		t.Errorf("used %v, %v", a.Used, err)
	}
}

// A limit that is reached is no fault of later events: only the event that begins the encoding is checked.
func TestLimitsDoNotStopVideosThatAreEncoded(t *testing.T) {
	env := newPublishEnv(t)
	inspected := newMediaInspected().(video.MediaInspected)
	inspected.Media.Duration = 60
	env.deliverEvent(t, inspected)
	if err := env.table.SaveLimits(
		t.Context(), "acme", quota.Limits{quota.MinutesEncoded: 0, quota.MinutesStored: 0, quota.BytesStored: 0},
	); err != nil {
		t.Fatal(err)
	}
	for _, e := range allEvents()[2:] {
		env.deliverEvent(t, e)
	}
	if v := env.readVideo(t); v.State != video.Ready {
		t.Errorf("%s %v", v.State, v.Problem)
	}
}
