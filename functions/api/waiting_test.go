package api_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/events"
	"sluice/shared/domain/idempotency"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/video"
	"sluice/tests/apitest"
)

// postWithWait unpublishes a video as a client that prefers to wait.
func postWithWait(t *testing.T, fx *apitest.Fixture, id, wait string) apitest.Result {
	t.Helper()
	e := apitest.Acme.NewEvent("POST", "/v1/videos/"+id+"/unpublish", "")
	e.Headers = map[string]string{"prefer": "wait=" + wait}
	return fx.SendEvent(t, e)
}

// newWaitFixture returns a fixture with a video. The clock advances while a request sleeps.
func newWaitFixture(t *testing.T) (fx *apitest.Fixture, id string) {
	t.Helper()
	fx = apitest.New(t)
	id = fx.CreateUploadAt(t, apitest.Acme, 0, "")
	now := apitest.Noon
	fx.Now = func() time.Time { return now }
	fx.Sleep = func(_ context.Context, d time.Duration) { now = now.Add(d) }
	return fx, id
}

func TestWaitingRequestIsAnsweredWhenItIsDone(t *testing.T) {
	t.Parallel()
	fx, id := newWaitFixture(t)
	step, sleep := 0, fx.Sleep
	fx.Sleep = func(ctx context.Context, d time.Duration) {
		sleep(ctx, d)
		switch step++; step {
		case 2: // the row is saved first
			fx.ApplyEvents(t, "acme", id, fx.Outbox.Events[0].Data.(video.Event))
		case 4:
			v, err := fx.Store.LoadVideo(t.Context(), "acme", id)
			if err != nil {
				t.Fatal(err)
			}
			rule, _ := playback.DecideDenyRule(v)
			if _, err := fx.Store.ApplyDenyRule(t.Context(), rule); err != nil {
				t.Fatal(err)
			}
		}
	}
	got := postWithWait(t, fx, id, "10")
	if got.Status != 200 || got.Field("video_id") != id || got.Header["Preference-Applied"] == nil || step != 4 {
		t.Errorf("%d %s %v after %d steps", got.Status, got.Text, got.Header, step)
	}
}

func TestWaitEnds(t *testing.T) {
	t.Parallel()
	for wait, want := range map[string]time.Duration{
		"3": 3 * time.Second, "1000": 17 * time.Second, "0": 0, "soon": 0,
	} {
		fx, id := newWaitFixture(t)
		got := postWithWait(t, fx, id, wait)
		if took := fx.Now().Sub(apitest.Noon); got.Status != 202 || took != want || got.Field("video_id") != id {
			t.Errorf("wait=%s: %d %s after %v, want %v", wait, got.Status, got.Text, took, want)
		}
		if again := postWithWait(t, fx, id, "1"); again.Status != 202 ||
			fx.Now().Sub(apitest.Noon) != want+time.Second {
			t.Errorf("the slot was not given back: %d after %v", again.Status, fx.Now().Sub(apitest.Noon))
		}
	}
}

// A process that dies keeps its slot no longer than it could have waited.
func TestSlotOfLostWaitIsFreeLater(t *testing.T) {
	t.Parallel()
	fx, id := newWaitFixture(t)
	slot := idempotency.Record{
		Owner: "WAIT", Route: "slot", Key: "0", Holder: "lost", Expires: apitest.Noon.Add(24 * time.Second),
	}
	if _, err := fx.Store.BeginIdempotency(t.Context(), slot, apitest.Noon); err != nil {
		t.Fatal(err)
	}
	postWithWait(t, fx, id, "1")
	if took := fx.Now().Sub(apitest.Noon); took != 0 {
		t.Errorf("waited %v without a slot", took)
	}
	fx.Sleep(t.Context(), 24*time.Second)
	postWithWait(t, fx, id, "1")
	if took := fx.Now().Sub(apitest.Noon); took != 25*time.Second {
		t.Errorf("waited until %v", took)
	}
}

// lockedOutbox is a publisher for requests at once.
type lockedOutbox struct{ sent atomic.Int64 }

func (o *lockedOutbox) Send(_ context.Context, es ...events.Event) error {
	o.sent.Add(int64(len(es)))
	return nil
}

// Of 50 requests at once one waits, and the others are answered while it does.
func TestFewRequestsWaitAtOnce(t *testing.T) {
	t.Parallel()
	const requests = 50
	fx, id := newWaitFixture(t)
	out := &lockedOutbox{}
	fx.Publisher = out
	fx.Now = func() time.Time { return apitest.Noon }
	var waited, settled atomic.Int64 // settled: answered, or waiting
	allSettled := make(chan struct{})
	settle := func() {
		if settled.Add(1) == requests {
			close(allSettled)
		}
	}
	fx.Sleep = func(context.Context, time.Duration) {
		waited.Add(1)
		settle()
		<-allSettled
		fx.ApplyEvents(t, "acme", id, video.UnpublishRequested{At: apitest.Noon})
		if _, err := fx.Store.ApplyDenyRule(t.Context(), playback.DenyRule{
			Playback: loadPlayback(t, fx, id), Status: playback.Denied, Version: 1, At: apitest.Noon,
		}); err != nil {
			t.Error(err)
		}
	}
	fx.RebuildHandlers(t)
	var all sync.WaitGroup
	statuses := make([]int, requests)
	for i := range requests {
		all.Go(func() {
			e := apitest.Acme.NewEvent("POST", "/v1/videos/"+id+"/unpublish", "")
			e.Headers = map[string]string{"prefer": "wait=20"}
			got, err := fx.CallAPI(t.Context(), e)
			if statuses[i] = got.StatusCode; err != nil {
				t.Error(err)
			}
			if got.StatusCode == 202 {
				settle()
			}
		})
	}
	all.Wait()
	count := map[int]int{}
	for _, s := range statuses {
		count[s]++
	}
	if waited.Load() != 1 || count[200] != 1 || count[202] != requests-1 || out.sent.Load() != requests {
		t.Errorf("%d waited at once; statuses %v, sent %d", waited.Load(), count, out.sent.Load())
	}
}

func loadPlayback(t *testing.T, fx *apitest.Fixture, id string) string {
	t.Helper()
	v, err := fx.Store.LoadVideo(t.Context(), "acme", id)
	if err != nil {
		t.Error(err)
	}
	return v.Playback
}
