//go:build integration

package e2e

import (
	"slices"
	"testing"
	"time"

	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
)

// TestPromise01_DeadlinesEndWhatNobodyMovesOn: an upload that never came ends, and a file whose request was lost is
// fetched after all. They are found in the index that the deployed table has.
func TestPromise01_DeadlinesEndWhatNobodyMovesOn(t *testing.T) {
	w := open(t)
	past := time.Now().UTC().Add(-time.Minute)
	never, lost := w.row(t, "late"), w.row(t, "late")
	from := w.produce(t, "bigbuckbunny.mp4")
	upload, err := w.bucket(t, "SourceBucket").CreateUpload(t.Context(), lost.Source.Key, "video/mp4")
	if err != nil {
		t.Fatal(err)
	}
	w.change(t, &lost, func(v *video.Video) {
		v.Fetch = &video.FetchRequested{Origin: from, Key: v.Source.Key, Multipart: upload}
		v.Watch.Deadline = past
	})
	w.change(t, &never, func(v *video.Video) { v.Times.Created, v.Watch.Deadline = past.Add(-video.UploadLife), past })

	w.tend(t)
	w.final(t, &never)
	w.final(t, &lost)
	if never.State != video.Failed || never.Problem.Code != "upload_expired" {
		t.Errorf("an upload that never came is %s, %v", never.State, never.Problem)
	}
	if lost.State != video.Ready {
		t.Errorf("a file whose request was lost is %s, %v", lost.State, lost.Problem)
	}
	entries, err := w.rows(t).Timeline(t.Context(), lost.Tenant, lost.ID)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(entries, func(e video.Entry) bool { return e.What == "deadline.passed.v1" && e.Nudges == 1 }) {
		t.Errorf("its timeline says nothing of the deadline: %+v", entries)
	}
}

func (w world) bucket(t *testing.T, output string) *blob.Bucket {
	t.Helper()
	return blob.New(blob.Client(w.aws, true), w.output(t, output))
}

// change writes a row as nobody but publish would.
func (w world) change(t *testing.T, v *video.Video, how func(*video.Video)) {
	t.Helper()
	how(v)
	v.Version++
	if err := w.rows(t).Save(t.Context(), *v, v.Entry("test", time.Now().UTC())); err != nil {
		t.Fatal(err)
	}
}
