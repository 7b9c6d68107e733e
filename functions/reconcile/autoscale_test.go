package reconcile_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/functions/reconcile"
	"sluice/shared/platform/autoscale"
)

// fakeAutoscaler returns the times in again, one after the other, and records the signals.
type fakeAutoscaler struct {
	again   []time.Duration
	err     error
	signals []autoscale.ScaleSignal
}

func (a *fakeAutoscaler) AdjustConcurrency(
	_ context.Context, s autoscale.ScaleSignal,
) (again time.Duration, err error) {
	a.signals = append(a.signals, s)
	if len(a.again) > 0 {
		again, a.again = a.again[0], a.again[1:]
	}
	return again, a.err
}

func TestAutoscalerRunsAgainWhileTimeRemains(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for _, tt := range []struct {
		name   string
		again  []time.Duration
		signal autoscale.ScaleSignal
		waits  []time.Duration
		stored int
	}{
		{"no queue lacks workers", nil, autoscale.ScaleSignal{}, nil, 1},
		{
			"a queue lacks workers for a while", []time.Duration{10 * s, 5 * s, 0}, autoscale.ScaleSignal{},
			[]time.Duration{10 * s, 5 * s}, 1,
		},
		{
			"a queue lacks workers all the time", []time.Duration{10 * s, 10 * s, 10 * s, 10 * s, 10 * s, 10 * s},
			autoscale.ScaleSignal{}, []time.Duration{10 * s, 10 * s, 10 * s, 10 * s}, 1,
		},
		{
			"started with a signal", []time.Duration{10 * s, 0},
			autoscale.ScaleSignal{MessagesSent: map[string]int{"encode": 99}}, []time.Duration{10 * s}, 0,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env, a, now := newDeadLetterEnv(), &fakeAutoscaler{again: tt.again}, time.Now()
			n := env.fillQueues(t, 1)
			var waits []time.Duration
			env.Autoscaler, env.Reconciler.Now = a, func() time.Time { return now }
			env.Sleep = func(_ context.Context, d time.Duration) {
				waits, now = append(waits, d), now.Add(d)
			}
			ctx, cancel := context.WithDeadline(t.Context(), now.Add(50*s))
			defer cancel()
			if err := env.Run(ctx, reconcile.Signal{ScaleSignal: tt.signal}); err != nil {
				t.Fatal(err)
			}
			want := append([]autoscale.ScaleSignal{tt.signal}, make([]autoscale.ScaleSignal, len(tt.waits))...)
			if d := cmp.Diff(tt.waits, waits) + cmp.Diff(want, a.signals); d != "" {
				t.Error(d)
			}
			if got := len(env.readDeadLetters(t)); got != tt.stored*n {
				t.Errorf("%d of %d dead letters stored", got, n)
			}
		})
	}
}

func TestAutoscalerFailureDoesNotBlockDeadLetters(t *testing.T) {
	t.Parallel()
	env, down := newDeadLetterEnv(), errors.New("down")
	n := env.fillQueues(t, 1)
	env.Autoscaler = &fakeAutoscaler{err: down}
	if err := env.Run(t.Context(), reconcile.Signal{}); !errors.Is(err, down) {
		t.Errorf("Run returns %v", err)
	}
	if got := len(env.readDeadLetters(t)); got != n {
		t.Errorf("%d of %d dead letters stored", got, n)
	}
}
