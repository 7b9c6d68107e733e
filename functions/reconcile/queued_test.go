package reconcile_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"sluice/events"
	"sluice/functions/reconcile"
	"sluice/shared/domain/video"
	"sluice/shared/platform/autoscale"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/store"
)

// ear hears what is sent.
type ear struct{ said []events.Event }

func (e *ear) Send(_ context.Context, es ...events.Event) error {
	e.said = append(e.said, es...)
	return nil
}

// Publish is told whether a video waits for its turn behind others of its tenant that move on.
func TestAVideoThatWaitsForItsTurnIsToldFromOneThatIsStuck(t *testing.T) {
	t.Parallel()
	flies := []video.Share{{Turn: video.Turn{Planned: noon, Video: "vid_1"}, Next: 1, End: 1, Flight: map[int]string{0: "a"}}}
	for _, tt := range []struct {
		name   string
		state  video.State
		window video.Window
		want   bool
	}{
		{"it waits", video.Processing, video.Window{Moved: noon.Add(-time.Minute)}, true},
		{"nothing moves", video.Processing, video.Window{Moved: noon.Add(-time.Hour)}, false},
		{"it has its turn", video.Processing, video.Window{Moved: noon, Shares: flies}, false},
		{"it is not planned yet", video.Uploaded, video.Window{Moved: noon}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rows, said := &store.Memory{}, &ear{}
			v := video.Video{Tenant: "acme", ID: "vid_1", State: tt.state, Version: 1, Plan: &video.Plan{Borders: []int{0, 50}}, Watch: video.Watch{Deadline: noon}}
			tt.window.Tenant, tt.window.Lane, tt.window.Version = "acme", video.Interactive, 1
			if err := rows.Create(t.Context(), v, video.Upload{Tenant: "acme", ID: "upl_1", Video: v.ID}); err != nil {
				t.Fatal(err)
			}
			if err := rows.SaveWindow(t.Context(), tt.window); err != nil {
				t.Fatal(err)
			}
			tender := reconcile.Tender{
				Rows: rows, Windows: rows, Letters: rows, Originals: empty{}, Queues: empty{}, Send: said, Dead: queue.DeadLetters{Client: newGraves(), URL: url}, Steer: &law{},
				Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler),
			}
			if err := tender.Run(t.Context(), autoscale.Hint{}); err != nil || len(said.said) != 1 {
				t.Fatalf("says %v, %v", said.said, err)
			}
			if got := said.said[0].Data.(video.DeadlinePassed).Queued; got != tt.want {
				t.Errorf("queued: %t, want %t", got, tt.want)
			}
		})
	}
}
