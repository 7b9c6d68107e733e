//go:build integration

package e2e

import (
	"slices"
	"testing"
	"time"

	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
)

// TestPromise01_PassedDeadlineFailsOrRetriesVideo lets two deadlines pass: an upload that never arrived must fail, and
// a fetch whose message was lost must be sent again. The videos are found through the index of the deployed table.
func TestPromise01_PassedDeadlineFailsOrRetriesVideo(t *testing.T) {
	d := openDeployment(t)
	past := time.Now().UTC().Add(-time.Minute)
	never, lost := d.createVideo(t, "late"), d.createVideo(t, "late")
	from := d.putProducerObject(t, "bigbuckbunny.mp4")
	upload, err := d.openBucket(t, "SourceBucket").CreateUpload(t.Context(), lost.Source.Key, "video/mp4")
	if err != nil {
		t.Fatal(err)
	}
	d.updateVideo(t, &lost, func(v *video.Video) {
		v.Fetch = &video.FetchRequested{Origin: from, Key: v.Source.Key, MultipartID: upload}
		v.Deadline.At = past
	})
	d.updateVideo(t, &never, func(v *video.Video) {
		v.Times.Created, v.Deadline.At = past.Add(-video.UploadLifetime), past
	})

	d.runReconciler(t)
	d.waitUntilFinal(t, &never)
	d.waitUntilFinal(t, &lost)
	if never.State != video.Failed || never.Problem.Code != "upload_expired" {
		t.Errorf("an upload that never came is %s, %v", never.State, never.Problem)
	}
	if lost.State != video.Ready {
		t.Errorf("a file whose request was lost is %s, %v", lost.State, lost.Problem)
	}
	entries, err := d.newStore(t).LoadTimeline(t.Context(), lost.Tenant, lost.ID)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(entries, func(e video.TimelineEntry) bool {
		return e.Cause == "deadline.passed.v1" && e.Retries == 1
	}) {
		t.Errorf("its timeline says nothing of the deadline: %+v", entries)
	}
}

func (d deployment) openBucket(t *testing.T, output string) *blob.Bucket {
	t.Helper()
	return blob.NewBucket(blob.NewClient(d.aws, true), d.stackOutput(t, output))
}

// updateVideo changes a row, which otherwise only publish does.
func (d deployment) updateVideo(t *testing.T, v *video.Video, how func(*video.Video)) {
	t.Helper()
	how(v)
	v.Version++
	if err := d.newStore(t).SaveVideo(t.Context(), *v, v.NewTimelineEntry("test", time.Now().UTC())); err != nil {
		t.Fatal(err)
	}
}
