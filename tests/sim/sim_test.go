package main

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/scaling"
)

// heldOutSeeds are seeds to which nothing was tuned.
var heldOutSeeds = []uint64{20261, 20262, 20263}

// TestPromise12_WaitsAreShorterThanUnderOtherLaws requires shorter interactive waits than under each other law on most
// workloads, and longer ones on none, with documented settings and with the best ones. A law that exceeds the budget
// does not count.
func TestPromise12_WaitsAreShorterThanUnderOtherLaws(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates two thousand hours")
	}
	t.Parallel()
	for _, m := range pollerModes {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			claimed := 0
			for _, s := range scoreLaws(compareLaws(m, heldOutSeeds[0])) {
				if s.Setting == "best in hindsight" || s.Over > 0 {
					continue
				}
				claimed++
				if s.Worse > 0 || 2*s.Better <= len(workloads) {
					t.Errorf(
						"against %s, %s: better on %d, the same on %d, worse on %d", s.Law, s.Setting, s.Better, s.Same,
						s.Worse,
					)
				}
			}
			if want := 2*len(otherLaws) - 1; claimed != want {
				t.Errorf("%d rivals and settings, not %d", claimed, want)
			}
		})
	}
}

// TestPromise12_WaitsAreShorterThanUnderFixedCeilings compares with the strongest other law: a ceiling per lane, fitted
// to the load by a sweep. The same holds for 20 more seeds (docs/scaling.md). In return, bulk messages wait longer on
// some workloads.
func TestPromise12_WaitsAreShorterThanUnderFixedCeilings(t *testing.T) {
	t.Parallel()
	starving, all := 0, 0
	for _, seed := range heldOutSeeds {
		ours, swept := runSettings(otherLaws[1], seed)
		fixed := bestSetting(swept, ours)
		if s := scoreLaw(ours, fixed); s.Worse > 0 || 2*s.Better <= len(workloads) {
			t.Errorf(
				"seed %d, against %s: better on %d, the same on %d, worse on %d", seed, fixed[0].Detail, s.Better,
				s.Same, s.Worse,
			)
		}
		starving, all = starving+countStarved(ours, fixed), all+len(ours)
	}
	if 3*starving > all {
		t.Errorf("on %d workloads of %d bulk waits longer than promised and than under them", starving, all)
	}
}

// runSettings runs all workloads under Sluice's law and under each setting of another law.
func runSettings(s lawSettings, seed uint64) (ours []Row, swept [][]Row) {
	run := func(by func() scalingLaw) (rows []Row) {
		for _, w := range workloads {
			r, _ := measureWorkload(standardPollers, w, w.generateChunks(seed), by())
			rows = append(rows, r)
		}
		return rows
	}
	for i := range s.swept() {
		swept = append(swept, run(func() scalingLaw { return s.swept()[i] }))
	}
	return run(func() scalingLaw { return &sluiceLaw{} }), swept
}

func TestPromise12_APIReserveIsUnusedUnderLoad(t *testing.T) {
	t.Parallel()
	for _, w := range workloads {
		for _, seed := range append([]uint64{1}, heldOutSeeds...) {
			for _, m := range pollerModes {
				if r, _ := measureWorkload(m, w, w.generateChunks(seed), &sluiceLaw{}); r.Over > 0 {
					t.Errorf("seed %d, %s, %s pollers: %d s over the budget", seed, w.name, m.name, r.Over)
				}
			}
		}
	}
}

func TestSimulationIsCompleteAndDeterministic(t *testing.T) {
	t.Parallel()
	w := workloads[0]
	work := w.generateChunks(1)
	first, c := measureWorkload(standardPollers, w, work, &sluiceLaw{})
	again, _ := measureWorkload(standardPollers, w, work, &sluiceLaw{})
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
	seconds := 0.0
	for _, chunk := range work {
		seconds += chunk.service
	}
	if n := len(c.waits[interactiveLane]) + len(c.waits[bulkLane]); n != len(work) ||
		math.Abs(seconds-c.workSeconds) > 1e-3 {
		t.Errorf("%d of %d messages, %.0f of %.0f s", n, len(work), c.workSeconds, seconds)
	}
	if c.busyWorkers != 0 || c.freeWorkers != accountConcurrency {
		t.Errorf("%d workers at the end, %d free", c.busyWorkers, c.freeWorkers)
	}
}

// TestPollersScaleUpAtDocumentedRate sends 200 messages of 30 s at once, without ceilings.
func TestPollersScaleUpAtDocumentedRate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pollerMode
		after, want int
	}{
		{standardPollers, 1, 10}, {standardPollers, 11, 60}, {standardPollers, 28, accountConcurrency},
		{provisionedPollers, 1, 37}, {provisionedPollers, 4, 87},
	} {
		c := newSimulatedCloud(tt.pollerMode, 60)
		c.mappings[bulkLane].ceiling, c.mappings[bulkLane].requested = scaling.MaxCeiling, scaling.MaxCeiling
		work := slices.Repeat([]chunk{{at: 0.5, service: 30, lane: bulkLane}}, 200)
		got := 0
		c.runWorkload(work, probeLaw(func(now int) {
			if now == tt.after {
				got = c.busyWorkers
			}
		}))
		if got < tt.want-6 || got > tt.want+6 {
			t.Errorf("%s pollers after %d s: %d workers, want about %d", tt.name, tt.after, got, tt.want)
		}
	}
}

type probeLaw func(now int)

func (p probeLaw) setCeilings(_ *simulatedCloud, now int) { p(now) }

func TestCeilingTakesEffectAfterUpdateDelay(t *testing.T) {
	t.Parallel()
	c := newSimulatedCloud(standardPollers, 60)
	var got []int
	c.runWorkload([]chunk{{at: 50, service: 1}}, probeLaw(func(now int) {
		if now == 5 {
			c.requestCeiling(interactiveLane, 40, now)
		}
		if now == 6 {
			c.requestCeiling(interactiveLane, 30, now) // while the first one is being applied
		}
		if n := c.mappings[interactiveLane].ceiling; len(got) == 0 || got[len(got)-1] != n {
			got = append(got, n)
		}
		if now == 25 && c.mappings[interactiveLane].ceiling != 40 ||
			now == 45 && c.mappings[interactiveLane].ceiling != 30 {
			t.Errorf("second %d: ceiling %d", now, c.mappings[interactiveLane].ceiling)
		}
	}))
	if diff := cmp.Diff([]int{workerBudget / laneCount, 40, 30}, got); diff != "" {
		t.Error(diff)
	}
	if n := c.countFlaps(); n != 0 {
		t.Errorf("%d flaps of two falls", n)
	}
}

// TestMetricsLagOneToTwoMinutes checks the delay of CloudWatch.
func TestMetricsLagOneToTwoMinutes(t *testing.T) {
	t.Parallel()
	c := newSimulatedCloud(standardPollers, 600)
	for now := range 600 {
		c.mappings[bulkLane].history = append(c.mappings[bulkLane].history, reading{oldest: float64(now)})
		if behind := float64(now) - c.cloudWatchMetric(bulkLane, now, metricPeriod).oldest; now >= 2*metricPeriod &&
			(behind < 60 || behind >= 120) {
			t.Errorf("second %d: %v s behind", now, behind)
		}
	}
}

// TestOtherLawsFollowTheirFormulas checks each law's formula with a known depth.
func TestOtherLawsFollowTheirFormulas(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		law  scalingLaw
		want int // ceiling for 40 waiting messages and none in flight
	}{
		{"KEDA: 40/5", &kedaLaw{bounds: openBounds, queueLength: 5}, 8},
		{"KEDA, twice as many at most", &kedaLaw{bounds: openBounds, queueLength: 1}, 12},
		{"buildkite: 40/2", &buildkiteLaw{bounds: openBounds, perInstance: 2}, 20},
		{"buildkite, at its most", &buildkiteLaw{bounds: openBounds, perInstance: 0.5}, workerBudget / 2},
		{
			"target tracking: 2 × 40/2 over 20/10",
			&targetTracking{bounds: openBounds, latency: [laneCount]float64{20, 20}, period: 60, datapoints: 1}, 20,
		},
		{"a ceiling", fixedCeilings{[laneCount]int{30, 35}}, 35},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newSimulatedCloud(standardPollers, 1)
			c.mappings[bulkLane].history = slices.Repeat([]reading{{visible: 40}}, 61)
			c.mappings[interactiveLane].history = c.mappings[bulkLane].history
			tt.law.setCeilings(c, 0)
			tt.law.setCeilings(c, 60)
			if n := c.mappings[bulkLane].requested; n != tt.want {
				t.Errorf("%d, want %d", n, tt.want)
			}
		})
	}
}

// TestProvisionedCeilingsAreMultiplesOfTen checks that ceilings are whole pollers of ten workers, and at least two of
// them.
func TestProvisionedCeilingsAreMultiplesOfTen(t *testing.T) {
	t.Parallel()
	for wished, want := range map[int]int{0: 20, 19: 20, 20: 20, 45: 40, 49: 40, 50: 50, 5000: scaling.MaxCeiling} {
		c := newSimulatedCloud(provisionedPollers, 1)
		fixedCeilings{[laneCount]int{wished, wished}}.setCeilings(c, 0)
		if n := c.mappings[bulkLane].ceiling; wished > 0 && n != want {
			t.Errorf("a fixed ceiling of %d is %d, not %d", wished, n, want)
		}
		c.requestCeiling(interactiveLane, wished, 0)
		if n := c.mappings[interactiveLane].requested; n != want {
			t.Errorf("%d wished is %d, not %d", wished, n, want)
		}
	}
}

func TestPercentileOfSortedValues(t *testing.T) {
	t.Parallel()
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(i + 1)
	}
	for p, want := range map[float64]float64{0.5: 50, 0.95: 95, 0.99: 99, 1: 100} {
		if got := percentile(hundred, p); got != want {
			t.Errorf("%v: %v", p, got)
		}
	}
	if percentile(nil, 0.5) != 0 {
		t.Error("of nothing")
	}
}
