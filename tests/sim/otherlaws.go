package main

import (
	"fmt"
	"math"

	"sluice/shared/domain/scaling"
)

// bounds are the minimum and maximum number of workers that an operator sets for each queue.
type bounds struct{ min, max [laneCount]int }

func (b bounds) String() string {
	return fmt.Sprintf("interactive %d–%d, bulk %d–%d", b.min[0], b.max[0], b.min[1], b.max[1])
}

func (b bounds) clampWorkers(lane int, n float64) int {
	return int(max(float64(b.min[lane]), min(n, float64(b.max[lane]))))
}

// fixedCeilings sets ceilings once, or none: Lambda without a scaler.
type fixedCeilings struct{ ceilings [laneCount]int }

func (f fixedCeilings) String() string {
	if f.ceilings == [laneCount]int{} {
		return "no ceilings"
	}
	return fmt.Sprintf("ceilings %d and %d", f.ceilings[0], f.ceilings[1])
}

func (f fixedCeilings) setCeilings(c *simulatedCloud, now int) {
	for i, n := range f.ceilings {
		if n == 0 {
			n = scaling.MaxCeiling
		}
		if now == 0 {
			n = c.roundCeiling(n)
			c.mappings[i].ceiling, c.mappings[i].requested = n, n
		}
	}
}

// kedaLaw is KEDA's aws-sqs-queue scaler with a horizontal pod autoscaler: ceil((visible + in flight) / queueLength)
// every 15 s, with a tolerance of a tenth. It at most doubles or adds four at a time, and scales in to the maximum of a
// stabilization window.
type kedaLaw struct {
	bounds
	queueLength      float64
	stabilizeSeconds int // stabilization window
	wanted           [laneCount][]int
	current          [laneCount]int
}

func (k *kedaLaw) String() string {
	return fmt.Sprintf("queueLength %g, down after %d s, %v", k.queueLength, k.stabilizeSeconds, k.bounds)
}

func (k *kedaLaw) setCeilings(c *simulatedCloud, now int) {
	const period = 15
	if now%period != 0 {
		return
	}
	for i := range k.current {
		r := c.queueDepth(i, now)
		metric := r.visible + r.inFlight
		k.current[i] = max(k.current[i], k.min[i])
		want := k.clampWorkers(i, math.Ceil(metric/k.queueLength))
		if ratio := metric / k.queueLength / float64(k.current[i]); ratio > 0.9 && ratio < 1.1 {
			want = k.current[i]
		}
		k.wanted[i] = append(k.wanted[i], want)
		most := 0
		for _, w := range k.wanted[i][max(0, len(k.wanted[i])-1-k.stabilizeSeconds/period):] {
			most = max(most, w)
		}
		switch {
		case want > k.current[i]:
			k.current[i] = min(want, max(2*k.current[i], k.current[i]+4))
		case most < k.current[i]:
			k.current[i] = most
		}
		c.requestCeiling(i, k.current[i], now)
	}
}

// targetTracking is AWS's target tracking of the backlog per instance. The target is the acceptable latency divided by
// the service time. It scales out after some values above the target, and in after five times as many below nine tenths
// of it.
type targetTracking struct {
	bounds
	latency    [laneCount]float64 // acceptable, seconds
	period     int                // seconds between values of the metric
	datapoints int                // values that must agree
	above      [laneCount]int
	below      [laneCount]int
	current    [laneCount]int
}

func (t *targetTracking) String() string {
	return fmt.Sprintf("latency %g and %g s, %d values of %d s, %v", t.latency[0], t.latency[1], t.datapoints, t.period,
		t.bounds)
}

func (t *targetTracking) setCeilings(c *simulatedCloud, now int) {
	if now%t.period != 0 {
		return
	}
	for i := range t.current {
		t.current[i] = max(t.current[i], t.min[i])
		target := t.latency[i] / c.measuredService(i)
		per := c.cloudWatchMetric(i, now, t.period).visible / float64(t.current[i])
		t.above[i], t.below[i] = countConsecutive(t.above[i],
			per > target), countConsecutive(t.below[i], per < 0.9*target)
		want := float64(t.current[i]) * per / target
		switch {
		case t.above[i] >= t.datapoints:
			t.current[i], t.above[i] = t.clampWorkers(i, math.Ceil(want)), 0
		case t.below[i] >= 5*t.datapoints:
			t.current[i], t.below[i] = t.clampWorkers(i, math.Floor(max(want, 0.9*float64(t.current[i])))), 0
		}
		c.requestCeiling(i, t.current[i], now)
	}
}

func countConsecutive(n int, yes bool) int {
	if yes {
		return n + 1
	}
	return 0
}

// buildkiteLaw is buildkite-agent-scaler: ceil((scheduled + running) / agentsPerInstance) every 10 s. It scales in
// after a cooldown.
type buildkiteLaw struct {
	bounds
	perInstance float64
	cooldown    int // seconds after a change before it scales in
	changedAt   [laneCount]int
	current     [laneCount]int
}

func (b *buildkiteLaw) String() string {
	return fmt.Sprintf("%g per instance, in after %d s, %v", b.perInstance, b.cooldown, b.bounds)
}

func (b *buildkiteLaw) setCeilings(c *simulatedCloud, now int) {
	if now%10 != 0 {
		return
	}
	for i := range b.current {
		r := c.queueDepth(i, now)
		want := b.clampWorkers(i, math.Ceil((r.visible+r.inFlight)/b.perInstance))
		if want > b.current[i] || want < b.current[i] && now-b.changedAt[i] >= b.cooldown {
			b.current[i], b.changedAt[i] = want, now
		}
		c.requestCeiling(i, b.current[i], now)
	}
}
