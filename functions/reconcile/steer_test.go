package reconcile_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/platform/autoscale"
)

// law answers with what it was given, one after the other, and notes what it was told.
type law struct {
	again []time.Duration
	err   error
	told  []autoscale.Hint
}

func (l *law) Decide(_ context.Context, h autoscale.Hint) (again time.Duration, err error) {
	l.told = append(l.told, h)
	if len(l.again) > 0 {
		again, l.again = l.again[0], l.again[1:]
	}
	return again, l.err
}

func TestWorkersAreDecidedAgainWhileThereIsTime(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for _, tt := range []struct {
		name  string
		again []time.Duration
		hint  autoscale.Hint
		waits []time.Duration
		filed int
	}{
		{"nothing is short", nil, autoscale.Hint{}, nil, 1},
		{"short for a while", []time.Duration{10 * s, 5 * s, 0}, autoscale.Hint{}, []time.Duration{10 * s, 5 * s}, 1},
		{"short all the time", []time.Duration{10 * s, 10 * s, 10 * s, 10 * s, 10 * s, 10 * s}, autoscale.Hint{}, []time.Duration{10 * s, 10 * s, 10 * s, 10 * s}, 1},
		{"woken", []time.Duration{10 * s, 0}, autoscale.Hint{Sent: map[string]int{"encode": 99}}, []time.Duration{10 * s}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g, l, now := newGraves(), &law{again: tt.again}, time.Now()
			n := g.fill(t, 1)
			var waits []time.Duration
			g.Steer, g.Tender.Now = l, func() time.Time { return now }
			g.Wait = func(_ context.Context, d time.Duration) {
				waits, now = append(waits, d), now.Add(d)
			}
			ctx, cancel := context.WithDeadline(t.Context(), now.Add(50*s))
			defer cancel()
			if err := g.Run(ctx, tt.hint); err != nil {
				t.Fatal(err)
			}
			want := append([]autoscale.Hint{tt.hint}, make([]autoscale.Hint, len(tt.waits))...)
			if d := cmp.Diff(tt.waits, waits) + cmp.Diff(want, l.told); d != "" {
				t.Error(d)
			}
			if got := len(g.filed(t)); got != tt.filed*n {
				t.Errorf("%d of %d letters filed", got, n)
			}
		})
	}
}

func TestWorkersThatAreNotDecidedKeepNothingElse(t *testing.T) {
	t.Parallel()
	g, down := newGraves(), errors.New("down")
	n := g.fill(t, 1)
	g.Steer = &law{err: down}
	if err := g.Run(t.Context(), autoscale.Hint{}); !errors.Is(err, down) {
		t.Errorf("the run says %v", err)
	}
	if got := len(g.filed(t)); got != n {
		t.Errorf("%d of %d letters filed", got, n)
	}
}
