package reconcile_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"sluice/events"
	"sluice/functions/reconcile"
	"sluice/shared/domain/fairshare"
	"sluice/shared/domain/video"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/store"
)

// fakeSender records what is sent.
type fakeSender struct{ sent []events.Event }

func (s *fakeSender) Send(_ context.Context, es ...events.Event) error {
	s.sent = append(s.sent, es...)
	return nil
}

// DeadlinePassed tells publish whether a video waits behind other videos of its tenant that make progress.
func TestDeadlineEventTellsWaitingFromStuck(t *testing.T) {
	t.Parallel()
	inFlight := []fairshare.Allotment{{
		QueuePosition: fairshare.QueuePosition{Planned: noon, Video: "vid_1"}, NextTask: 1, EndTask: 1,
		InFlight: map[int]string{0: "a"},
	}}
	for _, tt := range []struct {
		name   string
		state  video.State
		window fairshare.InFlightLimit
		want   bool
	}{
		{"it waits", video.Processing, fairshare.InFlightLimit{LastProgress: noon.Add(-time.Minute)}, true},
		{
			"nothing makes progress", video.Processing, fairshare.InFlightLimit{LastProgress: noon.Add(-time.Hour)},
			false,
		},
		{
			"it has a task in flight", video.Processing,
			fairshare.InFlightLimit{LastProgress: noon, Allotments: inFlight}, false,
		},
		{"it is not planned yet", video.Uploaded, fairshare.InFlightLimit{LastProgress: noon}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rows, sender := store.NewMemory(), &fakeSender{}
			v := video.Video{
				Tenant: "acme", ID: "vid_1", State: tt.state, Version: 1, Plan: &video.Plan{Borders: []int{0, 50}},
				Deadline: video.Deadline{At: noon},
			}
			tt.window.Tenant, tt.window.Lane, tt.window.Version = "acme", video.Interactive, 1
			if err := rows.CreateVideo(
				t.Context(), v, video.Upload{Tenant: "acme", ID: "upl_1", Video: v.ID},
			); err != nil {
				t.Fatal(err)
			}
			if err := rows.SaveInFlightLimit(t.Context(), tt.window); err != nil {
				t.Fatal(err)
			}
			r := reconcile.Reconciler{
				Videos: rows, InFlightLimits: rows, DeadLetters: rows, Originals: emptyQueues{},
				QueueDepths: emptyQueues{}, Sender: sender,
				DeadLetterQueues: queue.DeadLetterConsumer{Client: newDeadLetterEnv(), URL: deadLetterQueueURL},
				Autoscaler:       &fakeAutoscaler{},
				Now:              func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler),
			}
			if err := r.Run(t.Context(), reconcile.Signal{}); err != nil || len(sender.sent) != 1 {
				t.Fatalf("sent %v, %v", sender.sent, err)
			}
			if got := sender.sent[0].Data.(video.DeadlinePassed).Queued; got != tt.want {
				t.Errorf("queued: %t, want %t", got, tt.want)
			}
		})
	}
}
