package purge_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/functions/purge"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
)

// results counts the deletions of task results.
type results struct{ deleted int }

func (r *results) DeleteTaskResults(context.Context, string, string) error {
	r.deleted++
	return nil
}

// What belongs to a deleted video is removed, its copy included, and nothing of another video.
func TestPurgeRemovesAllObjectsOfVideo(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	original := services.OriginalKey("acme", "vid_1")
	other := services.OriginalKey("acme", "vid_2")
	kept := []string{other, services.CopyKey(other, "e")}
	source, tasks := &blob.Memory{}, &results{}
	for _, key := range append(
		[]string{original, services.IndexKey(original, "c", 1), services.CopyKey(original, "e")}, kept...,
	) {
		if err := source.PutObject(t.Context(), key, strings.NewReader("x"), blob.Metadata{}); err != nil {
			t.Fatal(err)
		}
	}
	out, err := purge.Purger{
		Source: source, Media: &blob.Memory{}, Results: tasks, Now: func() time.Time { return noon },
	}.Handle(t.Context(), events.New("acme", "vid_1", noon, video.PurgeRequested{Playback: "p1", Round: 1}))
	if err != nil || len(out) != 1 || out[0].Data != any(video.PurgeDone{At: noon, Round: 1}) || tasks.deleted != 1 {
		t.Fatalf("%v %v, task results deleted %d times", out, err, tasks.deleted)
	}
	left := append(source.ListKeys(services.SourcePrefix), source.ListKeys(services.CopyPrefix)...)
	if d := cmp.Diff(kept, left); d != "" {
		t.Error(d)
	}
}
