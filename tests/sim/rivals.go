package main

import (
	"fmt"
	"math"

	"sluice/shared/domain/scaling"
)

// bounds are what an operator sets by hand for each queue, in workers.
type bounds struct{ min, max [lanes]int }

func (b bounds) String() string {
	return fmt.Sprintf("interactive %d–%d, bulk %d–%d", b.min[0], b.max[0], b.min[1], b.max[1])
}

func (b bounds) clamp(lane int, n float64) int {
	return int(max(float64(b.min[lane]), min(n, float64(b.max[lane]))))
}

// alone is Lambda left alone: fixed ceilings, or none.
type alone struct{ ceilings [lanes]int }

func (a alone) String() string {
	if a.ceilings == [lanes]int{} {
		return "no ceilings"
	}
	return fmt.Sprintf("ceilings %d and %d", a.ceilings[0], a.ceilings[1])
}

func (a alone) tick(c *cloud, now int) {
	for i, n := range a.ceilings {
		if n == 0 {
			n = scaling.Most
		}
		if now == 0 {
			n = c.possible(n)
			c.maps[i].ceiling, c.maps[i].wished = n, n
		}
	}
}

// keda is KEDA's aws-sqs-queue scaler: ceil((visible + in flight) / queueLength), by the horizontal pod autoscaler
// every 15 s: a tenth of tolerance, at most the double or four more at once, down to the most of some minutes.
type keda struct {
	bounds
	length    float64
	stabilize int // seconds
	wanted    [lanes][]int
	now       [lanes]int
}

func (k *keda) String() string {
	return fmt.Sprintf("queueLength %g, down after %d s, %v", k.length, k.stabilize, k.bounds)
}

func (k *keda) tick(c *cloud, now int) {
	const period = 15
	if now%period != 0 {
		return
	}
	for i := range k.now {
		d := c.depth(i, now)
		metric := d.visible + d.inFlight
		k.now[i] = max(k.now[i], k.min[i])
		want := k.clamp(i, math.Ceil(metric/k.length))
		if ratio := metric / k.length / float64(k.now[i]); ratio > 0.9 && ratio < 1.1 {
			want = k.now[i]
		}
		k.wanted[i] = append(k.wanted[i], want)
		most := 0
		for _, w := range k.wanted[i][max(0, len(k.wanted[i])-1-k.stabilize/period):] {
			most = max(most, w)
		}
		switch {
		case want > k.now[i]:
			k.now[i] = min(want, max(2*k.now[i], k.now[i]+4))
		case most < k.now[i]:
			k.now[i] = most
		}
		c.set(i, k.now[i], now)
	}
}

// tracking is AWS's target tracking of the backlog per instance: the acceptable latency over the service time. It
// scales out after some values above the target, in after five times as many under nine tenths of it.
type tracking struct {
	bounds
	latency [lanes]float64 // acceptable, seconds
	every   int            // seconds between values of the metric
	points  int            // values that must agree
	above   [lanes]int
	below   [lanes]int
	now     [lanes]int
}

func (t *tracking) String() string {
	return fmt.Sprintf("latency %g and %g s, %d values of %d s, %v", t.latency[0], t.latency[1], t.points, t.every, t.bounds)
}

func (t *tracking) tick(c *cloud, now int) {
	if now%t.every != 0 {
		return
	}
	for i := range t.now {
		t.now[i] = max(t.now[i], t.min[i])
		target := t.latency[i] / c.service(i)
		per := c.metric(i, now, t.every).visible / float64(t.now[i])
		t.above[i], t.below[i] = agree(t.above[i], per > target), agree(t.below[i], per < 0.9*target)
		want := float64(t.now[i]) * per / target
		switch {
		case t.above[i] >= t.points:
			t.now[i], t.above[i] = t.clamp(i, math.Ceil(want)), 0
		case t.below[i] >= 5*t.points:
			t.now[i], t.below[i] = t.clamp(i, math.Floor(max(want, 0.9*float64(t.now[i])))), 0
		}
		c.set(i, t.now[i], now)
	}
}

func agree(n int, yes bool) int {
	if yes {
		return n + 1
	}
	return 0
}

// buildkite is buildkite-agent-scaler: ceil((scheduled + running) / agentsPerInstance) every 10 s, in after a cooldown.
type buildkite struct {
	bounds
	per      float64
	cooldown int // seconds after a change until it scales in
	changed  [lanes]int
	now      [lanes]int
}

func (b *buildkite) String() string {
	return fmt.Sprintf("%g per instance, in after %d s, %v", b.per, b.cooldown, b.bounds)
}

func (b *buildkite) tick(c *cloud, now int) {
	if now%10 != 0 {
		return
	}
	for i := range b.now {
		d := c.depth(i, now)
		want := b.clamp(i, math.Ceil((d.visible+d.inFlight)/b.per))
		if want > b.now[i] || want < b.now[i] && now-b.changed[i] >= b.cooldown {
			b.now[i], b.changed[i] = want, now
		}
		c.set(i, b.now[i], now)
	}
}
