//go:build integration

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"sluice/shared/video"
)

// TestPromise01_DeadlinesEndWhatNobodyMovesOn: an upload that never came ends, and a video whose file is there although
// nobody has heard of it becomes ready. They are found in the index that the deployed table has.
func TestPromise01_DeadlinesEndWhatNobodyMovesOn(t *testing.T) {
	w := open(t)
	past := time.Now().UTC().Add(-time.Minute)
	never, unheard := w.row(t, "late"), w.row(t, "late")
	film, err := os.ReadFile(filepath.Join(w.root, "build", "footage", "bigbuckbunny.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	w.change(t, &unheard, func(v *video.Video) { v.State = video.Cancelled }) // for which S3's word comes in vain
	w.put(t, unheard.Source.Key, film)
	w.idle(t)
	w.change(t, &unheard, func(v *video.Video) { v.State, v.Times.Uploaded, v.Watch.Deadline = video.Uploaded, past, past })
	w.change(t, &never, func(v *video.Video) { v.Times.Created, v.Watch.Deadline = past.Add(-video.UploadLife), past })

	w.tend(t)
	w.final(t, &never)
	w.final(t, &unheard)
	if never.State != video.Failed || never.Problem.Code != "upload_expired" {
		t.Errorf("an upload that never came is %s, %v", never.State, never.Problem)
	}
	if unheard.State != video.Ready {
		t.Errorf("a file that nobody has heard of is %s, %v", unheard.State, unheard.Problem)
	}
	entries, err := w.rows(t).Timeline(t.Context(), unheard.Tenant, unheard.ID)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(entries, func(e video.Entry) bool { return e.What == "deadline.passed.v1" && e.Nudges == 1 }) {
		t.Errorf("its timeline says nothing of the deadline: %+v", entries)
	}
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
