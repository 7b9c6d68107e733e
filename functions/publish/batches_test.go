package publish_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/playback"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob/blobtest"
)

// What is stored after a burst does not depend on how its events are batched, nor on calls that fail.
func TestPromise02_BatchesLeadToSameRowsAndObjects(t *testing.T) {
	t.Parallel()
	want := newBurstRun(t, burst{tenants: 2, videos: 3, tasks: 7, limit: 5, batch: 1}).finalState()
	for name, w := range map[string]burst{
		"batches":              {batch: 10},
		"batches of different": {batch: 10, oneForEachVideo: true},
		"batches, failing":     {batch: 10, failedSends: 3},
		"one by one, failing":  {batch: 1, failedSends: 4},
		"batches of two":       {batch: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w.tenants, w.videos, w.tasks, w.limit = 2, 3, 7, 5
			if d := cmp.Diff(want, newBurstRun(t, w).finalState()); d != "" {
				t.Errorf("(-one by one +batches):\n%s", d)
			}
		})
	}
}

// finalState handles all events and returns what is left: of each video its state, its finished tasks and its
// playlists, and of each tenant what is in flight or waits.
func (r *burstRun) finalState() map[string]any {
	r.run()
	state := map[string]any{}
	for _, ref := range r.videos {
		v, err := r.rows.LoadVideo(context.Background(), ref.Tenant, ref.ID)
		if err != nil {
			r.Fatal(err)
		}
		results, err := r.rows.ListTaskResults(context.Background(), ref.Tenant, ref.ID)
		if err != nil {
			r.Fatal(err)
		}
		playlists := blobtest.ReadObjects(r, r.media, playback.ObjectPrefix(v.Playback))
		state[ref.ID] = []any{v.State, v.Done, results, playlists}
		l, err := r.rows.LoadInFlightLimit(context.Background(), ref.Tenant, video.Interactive)
		if err != nil {
			r.Fatal(err)
		}
		state[ref.Tenant] = []any{l.Allotments, l.MoreWaiting}
	}
	return state
}

// The numbers of calls are those of docs/performance.md. Each call takes some milliseconds on AWS.
func TestCallsPerEvent(t *testing.T) {
	t.Parallel()
	most := map[string]float64{
		"small videos, one by one": 9.8, "small videos, batches of different": 6.8, "small videos, batches": 3.6,
		"film, one by one": 6.3, "film, batches": 1,
	}
	for _, w := range bursts {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			used := newBurstRun(t, w).run()
			if n := float64(used.totalCalls()) / float64(used.events); n > most[w.name] {
				t.Errorf("%.2f calls for each event, want at most %.1f: %v", n, most[w.name], used.calls)
			}
		})
	}
}
