package reconcile_test

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"sluice/events"
	"sluice/functions/reconcile"
	"sluice/shared/domain/video"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/store"
	"sluice/shared/platform/store/table"
)

// addOverdueRows adds 100,000 videos of a tenant to a table, whose deadline passed long ago. Nobody moves them on.
func addOverdueRows(t *testing.T, rows table.Table, tenant string) {
	t.Helper()
	for n := range 100_000 {
		id := fmt.Sprintf("vid_%d", n)
		k := table.Key{PK: "VIDEO#" + tenant + "#" + id, SK: "VIDEO"}
		row := k.ToRow()
		for name, value := range map[string]string{
			"tenant": tenant, "id": id, "state": string(video.Waiting), "watch": `{"deadline":"2026-01-01T00:00:00Z"}`,
			"due": "2026-01-01T00:00:00.000000000Z", "due_shard": fmt.Sprint("DUE#", n%4),
		} {
			row[name] = table.StringValue(value)
		}
		if err := rows.Transact(t.Context(), table.Write{Key: k, Change: table.Put{Row: row}}); err != nil {
			t.Fatal(err)
		}
	}
}

// A tenant with 100,000 overdue videos delays the deadline of another by at most two minutes, though all of them come
// before it.
func TestPromise13_OverdueVideosOfATenantDelayNoOther(t *testing.T) {
	t.Parallel()
	rows, sender, now := store.NewMemory(), &fakeSender{}, noon
	addOverdueRows(t, rows.Table, "acme")
	v := video.Video{
		Tenant: "rival", ID: "vid_1", State: video.Processing, Version: 1,
		Deadline: video.Deadline{At: noon.Add(30 * time.Second)},
	}
	if err := rows.CreateVideo(
		t.Context(), v, video.Upload{Tenant: "rival", ID: "upl_1", Video: v.ID},
	); err != nil {
		t.Fatal(err)
	}
	r := reconcile.Reconciler{
		Videos: rows, InFlightLimits: rows, DeadLetters: rows, Originals: emptyQueues{}, QueueDepths: emptyQueues{},
		Sender:           sender,
		DeadLetterQueues: queue.DeadLetterConsumer{Client: newDeadLetterEnv(), URL: deadLetterQueueURL},
		Autoscaler:       &fakeAutoscaler{}, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
	}
	isSent := func() bool {
		return slices.ContainsFunc(sender.sent, func(e events.Event) bool { return e.Tenant == "rival" })
	}
	for ; !isSent(); now = now.Add(time.Minute) {
		if late := now.Sub(v.Deadline.At); late > 2*time.Minute {
			t.Fatalf("after %v the deadline has not been reported", late)
		}
		if err := r.Run(t.Context(), reconcile.Signal{}); err != nil {
			t.Fatal(err)
		}
	}
	if len(sender.sent) < 1000 || now.Before(v.Deadline.At) {
		t.Errorf("%d deadlines reported at %v", len(sender.sent), now)
	}
}
