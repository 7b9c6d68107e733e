package reconcile_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/functions/reconcile"
	"sluice/shared/domain/video"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/store"
	"sluice/shared/platform/telemetry/logs"
	"sluice/shared/platform/telemetry/metrics/metricstest"
)

// emptyQueues has empty queues only, drops what is sent, and knows every object.
type emptyQueues struct{}

func (emptyQueues) ReadServiceDepth(context.Context, string) (int, error) { return 0, nil }
func (emptyQueues) Send(context.Context, ...events.Event) error           { return nil }
func (emptyQueues) HeadObject(context.Context, string) (video.StoredObject, error) {
	return video.StoredObject{}, nil
}

// A video is stuck when it is overdue by more than a quarter of an hour. Without such videos there is no metric.
func TestStuckVideosMetricCountsLongOverdue(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		late time.Duration
		want []string
	}{
		{"not due", -time.Second, nil},
		{"due", time.Minute, nil},
		{"overdue for long", 16 * time.Minute, []string{"Stuck[]=1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			rows := store.NewMemory()
			v := video.Video{
				Tenant: "acme", ID: "vid_1", State: video.Processing, Version: 1,
				Deadline: video.Deadline{At: noon.Add(-tt.late)},
			}
			if err := rows.CreateVideo(
				t.Context(), v, video.Upload{Tenant: "acme", ID: "upl_1", Video: "vid_1"},
			); err != nil {
				t.Fatal(err)
			}
			r := reconcile.Reconciler{
				Videos: rows, InFlightLimits: rows, DeadLetters: rows, Originals: emptyQueues{},
				QueueDepths: emptyQueues{}, Sender: emptyQueues{},
				DeadLetterQueues: queue.DeadLetterConsumer{Client: newDeadLetterEnv(), URL: deadLetterQueueURL},
				Autoscaler:       &fakeAutoscaler{},
				Now:              func() time.Time { return noon }, Log: logs.New("reconcile", &out),
			}
			if err := r.Run(t.Context(), reconcile.Signal{}); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, metricstest.ReadTexts(t, out.Bytes())); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// Dead letters are counted until each is redriven or discarded. Without any there is no metric.
func TestDeadLettersMetricCountsOpenOnes(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	env := newDeadLetterEnv()
	env.Originals, env.QueueDepths, env.Sender, env.Log = emptyQueues{}, emptyQueues{}, emptyQueues{}, logs.New(
		"reconcile", &out,
	)
	counted := func() []string {
		t.Helper()
		out.Reset()
		if err := env.Run(t.Context(), reconcile.Signal{}); err != nil {
			t.Fatal(err)
		}
		return metricstest.ReadTexts(t, out.Bytes())
	}
	if got := counted(); got != nil {
		t.Errorf("without dead letters: %q", got)
	}
	all := env.fillQueues(t, 1)
	if d := cmp.Diff([]string{fmt.Sprintf("DeadLetters[]=%d", all)}, counted()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, l := range env.readDeadLetters(t) {
		done, err := l.MarkDiscarded("a test")
		if err != nil {
			t.Fatal(err)
		}
		if err := env.table.UpdateDeadLetter(t.Context(), l, done); err != nil {
			t.Fatal(err)
		}
	}
	if got := counted(); got != nil {
		t.Errorf("when all are discarded: %q", got)
	}
}
