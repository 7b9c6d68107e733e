package scaling

import "testing"

func TestFindTransition(t *testing.T) {
	t.Parallel()
	plan := func(previous, target, demand int) *queuePlan {
		return &queuePlan{
			Queue: Queue{Min: MinCeiling, Max: 100, Unit: 1}, previous: previous, target: target, demand: demand,
		}
	}
	for _, tt := range []struct {
		name string
		plan *queuePlan
		h    transitionContext
		want transition
	}{
		{"a small fall nobody needs", plan(40, 35, 35), transitionContext{hasSpare: true}, ignoreSmallFall},
		{
			"a small fall that a queue needs", plan(40, 35, 35), transitionContext{hasSpare: true, hasShort: true},
			lowerCeiling,
		},
		{"a small fall over the budget", plan(40, 35, 35), transitionContext{}, lowerCeiling},
		{"a large fall", plan(40, 20, 20), transitionContext{hasSpare: true}, lowerCeiling},
		{"no change", plan(40, 40, 10), transitionContext{}, noChange},
		{"the first decision at the least ceiling", plan(0, MinCeiling, 0), transitionContext{}, noChange},
		{"a small raise of spare workers", plan(40, 45, 10), transitionContext{}, skipRaise},
		{"a small raise that is needed", plan(40, 45, 45), transitionContext{}, raiseCeiling},
		{"a raise while others end", plan(40, 80, 80), transitionContext{manyEnding: true}, delayRaise},
		{"the first raise while others end", plan(0, 80, 80), transitionContext{manyEnding: true}, raiseCeiling},
	} {
		if got := tt.h.findTransition(tt.plan); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
