package autoscale_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/shared/domain/video"
	"sluice/shared/platform/autoscale"
)

// notifierEnv is a ScaleNotifier whose signals are recorded.
type notifierEnv struct {
	autoscale.ScaleNotifier
	now     time.Time
	signals []autoscale.ScaleSignal
	err     error
}

func newNotifierEnv() *notifierEnv {
	env := &notifierEnv{now: metricsTime}
	env.ScaleNotifier = autoscale.ScaleNotifier{Now: func() time.Time {
		return env.now
	}, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	env.Notify = func(_ context.Context, s autoscale.ScaleSignal) error {
		env.signals = append(env.signals, s)
		return env.err
	}
	return env
}

// handleEvent lets the ScaleNotifier observe one event.
func (env *notifierEnv) handleEvent(t *testing.T, what video.Event, out []events.Event, err error) {
	t.Helper()
	h := env.WrapHandler(func(context.Context, events.Event) ([]events.Event, error) { return out, err })
	got, goterr := h(t.Context(), events.New("acme", "vid_1", metricsTime, what))
	if len(got) != len(out) || !errors.Is(goterr, err) {
		t.Errorf("the handler returned %d events and %v, the wrapped one %d and %v", len(out), err, len(got), goterr)
	}
}

// newTaskEvents returns encode requests for each lane, and another event.
func newTaskEvents(interactive, bulk int) (out []events.Event) {
	for n := range interactive + bulk {
		lane := video.Interactive
		if n >= interactive {
			lane = video.Bulk
		}
		out = append(
			out,
			events.New("acme", "vid_1", metricsTime, video.EncodeRequested{Task: video.Task{Number: n}, Lane: lane}),
		)
	}
	return append(out, events.New("acme", "vid_1", metricsTime, video.VideoProcessing{}))
}

func TestLargeFanOutSendsSignal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name              string
		interactive, bulk int
		err               error
		want              []autoscale.ScaleSignal
	}{
		{"a short video", 15, 0, nil, nil},
		{"many in a lane", 16, 0, nil, []autoscale.ScaleSignal{{MessagesSent: map[string]int{"encode": 16}}}},
		{
			"a long video", 5, 400, nil,
			[]autoscale.ScaleSignal{{MessagesSent: map[string]int{"encode": 5, "encode-bulk": 400}}},
		},
		{"a long video, when the handler fails", 5, 400, errDown, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env := newNotifierEnv()
			env.handleEvent(t, video.MediaInspected{}, newTaskEvents(tt.interactive, tt.bulk), tt.err)
			if d := cmp.Diff(tt.want, env.signals); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestSignalsAreTenSecondsApart(t *testing.T) {
	t.Parallel()
	env := newNotifierEnv()
	for range 20 {
		env.handleEvent(t, video.MediaInspected{}, newTaskEvents(5, 400), nil)
		env.now = env.now.Add(time.Second)
	}
	if len(env.signals) != 2 {
		t.Errorf("%d signals in 20 s", len(env.signals))
	}
}

func TestFailedSignalDoesNotFailHandler(t *testing.T) {
	t.Parallel()
	env := newNotifierEnv()
	env.err = errDown
	for range 2 { // the second event sends it again
		env.handleEvent(t, video.MediaInspected{}, newTaskEvents(5, 400), nil)
	}
	if len(env.signals) != 2 {
		t.Errorf("%d signals", len(env.signals))
	}
}

// TestPromise7HangingSignalDoesNotHoldUpHandler: a signal may take two seconds, and the next is sent ten seconds later.
func TestPromise7HangingSignalDoesNotHoldUpHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		env := newNotifierEnv()
		env.Notify = func(ctx context.Context, s autoscale.ScaleSignal) error {
			env.signals = append(env.signals, s)
			<-ctx.Done()
			return ctx.Err()
		}
		began := time.Now()
		for range 5 {
			env.handleEvent(t, video.MediaInspected{}, newTaskEvents(5, 400), nil)
		}
		if took := time.Since(began); took != 2*time.Second || len(env.signals) != 1 {
			t.Errorf("%d signals took %v", len(env.signals), took)
		}
	})
}

func TestChangedServiceTimeSendsSignal(t *testing.T) {
	t.Parallel()
	env := newNotifierEnv()
	work := func(n int, seconds float64) {
		for range n {
			env.now = env.now.Add(time.Second)
			done := video.EncodeDone{At: metricsTime}
			if seconds > 0 {
				done.Started = metricsTime.Add(-time.Duration(seconds * float64(time.Second)))
			}
			env.handleEvent(t, done, nil, nil)
		}
	}
	work(100, 0) // without times
	work(7, 8)
	if env.signals != nil {
		t.Errorf("signals %v after a few times", env.signals)
	}
	work(100, 8)
	work(100, 9)
	if d := cmp.Diff([]autoscale.ScaleSignal{{ServiceTimes: map[string]float64{"encode": 8}}}, env.signals); d != "" {
		t.Error(d)
	}
	work(200, 16)
	last := env.signals[len(env.signals)-1].ServiceTimes["encode"]
	if n := len(env.signals); n < 2 || n > 5 || last < 12 || last > 16 {
		t.Errorf("signals %v", env.signals)
	}
}
