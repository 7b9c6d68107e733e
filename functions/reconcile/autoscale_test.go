package reconcile_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/platform/autoscale"
)

// fakeAutoscaler returns the times in again, one after the other, and records the signals.
type fakeAutoscaler struct {
	again   []time.Duration
	err     error
	signals []autoscale.ScaleSignal
}

func (l *fakeAutoscaler) AdjustConcurrency(
	_ context.Context, h autoscale.ScaleSignal,
) (again time.Duration, err error) {
	l.signals = append(l.signals, h)
	if len(l.again) > 0 {
		again, l.again = l.again[0], l.again[1:]
	}
	return again, l.err
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
			g, l, now := newDeadLetterEnv(), &fakeAutoscaler{again: tt.again}, time.Now()
			n := g.fillQueues(t, 1)
			var waits []time.Duration
			g.Autoscaler, g.Reconciler.Now = l, func() time.Time { return now }
			g.Sleep = func(_ context.Context, d time.Duration) {
				waits, now = append(waits, d), now.Add(d)
			}
			ctx, cancel := context.WithDeadline(t.Context(), now.Add(50*s))
			defer cancel()
			if err := g.Run(ctx, tt.signal); err != nil {
				t.Fatal(err)
			}
			want := append([]autoscale.ScaleSignal{tt.signal}, make([]autoscale.ScaleSignal, len(tt.waits))...)
			if d := cmp.Diff(tt.waits, waits) + cmp.Diff(want, l.signals); d != "" {
				t.Error(d)
			}
			if got := len(g.readDeadLetters(t)); got != tt.stored*n {
				t.Errorf("%d of %d dead letters stored", got, n)
			}
		})
	}
}

func TestAutoscalerFailureDoesNotBlockDeadLetters(t *testing.T) {
	t.Parallel()
	g, down := newDeadLetterEnv(), errors.New("down")
	n := g.fillQueues(t, 1)
	g.Autoscaler = &fakeAutoscaler{err: down}
	if err := g.Run(t.Context(), autoscale.ScaleSignal{}); !errors.Is(err, down) {
		t.Errorf("Run returns %v", err)
	}
	if got := len(g.readDeadLetters(t)); got != n {
		t.Errorf("%d of %d dead letters stored", got, n)
	}
}
