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
	"sluice/shared/platform/autoscale"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/store"
	"sluice/shared/platform/telemetry/logs"
	"sluice/shared/platform/telemetry/metrics/metricstest"
)

// empty is all inboxes, with nothing in them; what is sent is lost.
type empty struct{}

func (empty) Depth(context.Context, string) (int, error)      { return 0, nil }
func (empty) Send(context.Context, ...events.Event) error     { return nil }
func (empty) Head(context.Context, string) (blob.Info, error) { return blob.Info{}, nil }

// A video that is overdue is stuck once a quarter of an hour has not helped; while there is none, nothing is counted.
func TestStuckVideosAreCounted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		late time.Duration
		want []string
	}{
		{"not due", -time.Second, nil},
		{"due", time.Minute, nil},
		{"due long since", 16 * time.Minute, []string{"Stuck[]=1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			rows := &store.Memory{}
			v := video.Video{Tenant: "acme", ID: "vid_1", State: video.Processing, Version: 1, Watch: video.Watch{Deadline: noon.Add(-tt.late)}}
			if err := rows.Create(t.Context(), v, video.Upload{Tenant: "acme", ID: "upl_1", Video: "vid_1"}); err != nil {
				t.Fatal(err)
			}
			tender := reconcile.Tender{
				Rows: rows, Windows: rows, Letters: rows, Originals: empty{}, Queues: empty{}, Send: empty{}, Dead: queue.DeadLetters{Client: newGraves(), URL: url}, Steer: &law{},
				Now: func() time.Time { return noon }, Log: logs.New("reconcile", &out),
			}
			if err := tender.Run(t.Context(), autoscale.Hint{}); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, metricstest.Texts(t, out.Bytes())); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// Dead letters are counted until somebody has decided about each; without any, nothing is.
func TestOpenLettersAreCounted(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	g := newGraves()
	g.Originals, g.Queues, g.Send, g.Log = empty{}, empty{}, empty{}, logs.New("reconcile", &out)
	counted := func() []string {
		t.Helper()
		out.Reset()
		if err := g.Run(t.Context(), autoscale.Hint{}); err != nil {
			t.Fatal(err)
		}
		return metricstest.Texts(t, out.Bytes())
	}
	if got := counted(); got != nil {
		t.Errorf("without letters: %q", got)
	}
	all := g.fill(t, 1)
	if d := cmp.Diff([]string{fmt.Sprintf("DeadLetters[]=%d", all)}, counted()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, l := range g.filed(t) {
		done, err := l.Discarded("a test")
		if err != nil {
			t.Fatal(err)
		}
		if err := g.rows.SettleLetter(t.Context(), l, done); err != nil {
			t.Fatal(err)
		}
	}
	if got := counted(); got != nil {
		t.Errorf("when all are settled: %q", got)
	}
}
