package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"
)

// Row is the result of one workload under one scaling law.
type Row struct {
	Workload       string  `json:"workload"`
	Pollers        string  `json:"lever"`
	Law            string  `json:"law"`
	Setting        string  `json:"setting"` // "documented", "best swept", "best in hindsight"
	Detail         string  `json:"detail"`
	WaitP50        float64 `json:"wait_p50_s"`
	WaitP95        float64 `json:"wait_p95_s"`
	WaitP99        float64 `json:"wait_p99_s"`
	InteractiveP95 float64 `json:"interactive_p95_s"`
	BulkP95        float64 `json:"bulk_p95_s"`
	WorkerSeconds  float64 `json:"worker_seconds"`
	Flaps          int     `json:"flaps"`
	Over           int     `json:"over_budget_s"` // seconds in which it took concurrency from the API
	Drain          float64 `json:"drain_s"`       // from the last arrival until all is done
}

// measureWorkload runs a workload in a new cloud.
func measureWorkload(m pollerMode, w workload, work []chunk, by scalingLaw) (Row, *simulatedCloud) {
	c := newSimulatedCloud(m, w.seconds)
	c.runWorkload(work, by)
	all := slices.Concat(c.waits[interactiveLane], c.waits[bulkLane])
	slices.Sort(all)
	slices.Sort(c.waits[interactiveLane])
	slices.Sort(c.waits[bulkLane])
	return Row{
		Workload: w.name, Pollers: m.name, Detail: fmt.Sprint(by),
		WaitP50: percentile(all, 0.5), WaitP95: percentile(all, 0.95), WaitP99: percentile(all, 0.99),
		InteractiveP95: percentile(c.waits[interactiveLane], 0.95), BulkP95: percentile(c.waits[bulkLane], 0.95),
		WorkerSeconds: c.workSeconds, Flaps: c.countFlaps(), Over: c.overBudget,
		Drain: c.lastEnd - work[len(work)-1].at,
	}, c
}

func percentile(sorted []float64, p float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(math.Ceil(p*float64(len(sorted))))-1)]
}

// lawSettings are a scaling law with its documented setting and the settings that are tried.
type lawSettings struct {
	name       string
	documented func() scalingLaw
	swept      func() []scalingLaw
}

// sluiceSettings is Sluice's law with its only parameter. Its documented setting is the default.
var sluiceSettings = lawSettings{"Sluice", func() scalingLaw { return &sluiceLaw{} }, func() (out []scalingLaw) {
	for _, part := range []float64{0.3, 0.35, 0.4, 0.42, 0.45, 0.5, 0.55} {
		out = append(out, &sluiceLaw{bulkShare: part})
	}
	return out
}}

var otherLaws = []lawSettings{
	// the same ceiling for all mappings
	{"Lambda alone", func() scalingLaw { return fixedCeilings{} }, func() (out []scalingLaw) {
		for n := 5; n <= workerBudget/2; n += 5 {
			out = append(out, fixedCeilings{[laneCount]int{n, n}})
		}
		return out
	}},
	// a ceiling for each mapping
	{"fixed ceilings", func() scalingLaw { return fixedCeilings{openBounds.max} }, func() (out []scalingLaw) {
		for b := 5; b <= 95; b += 5 {
			out = append(out, fixedCeilings{[laneCount]int{workerBudget - b, b}})
		}
		return out
	}},
	{"KEDA", func() scalingLaw {
		return &kedaLaw{bounds: openBounds, queueLength: 5, stabilizeSeconds: 300}
	}, func() (out []scalingLaw) {
		for _, b := range sweptBounds {
			for _, length := range []float64{1, 2} {
				for _, s := range []int{0, 300} {
					out = append(out, &kedaLaw{bounds: b, queueLength: length, stabilizeSeconds: s})
				}
			}
		}
		return out
	}},
	{"target tracking", func() scalingLaw {
		return &targetTracking{bounds: openBounds, latency: [laneCount]float64{10, 120}, period: 60, datapoints: 3}
	}, func() (out []scalingLaw) {
		for _, b := range sweptBounds {
			for _, latency := range []float64{1, 5} {
				out = append(out,
					&targetTracking{bounds: b, latency: [laneCount]float64{latency, 120}, period: 60, datapoints: 3},
					&targetTracking{bounds: b, latency: [laneCount]float64{latency, 30}, period: 10, datapoints: 1})
			}
		}
		return out
	}},
	{"buildkite-agent-scaler", func() scalingLaw {
		return &buildkiteLaw{bounds: openBounds, perInstance: 1}
	}, func() (out []scalingLaw) {
		for _, b := range sweptBounds {
			for _, per := range []float64{1, 2} {
				out = append(out, &buildkiteLaw{bounds: b, perInstance: per},
					&buildkiteLaw{bounds: b, perInstance: per, cooldown: 300})
			}
		}
		return out
	}},
}

var (
	openBounds  = bounds{min: [laneCount]int{2, 2}, max: [laneCount]int{workerBudget / 2, workerBudget / 2}}
	sweptBounds = func() (out []bounds) {
		for _, b := range []int{20, 30, 35, 40, 45, 50, 60, 70} {
			for _, part := range []int{50, 2} {
				out = append(out, bounds{
					min: [laneCount]int{(workerBudget - b) / part, max(2, b/part)},
					max: [laneCount]int{workerBudget - b, b},
				})
			}
		}
		return out
	}()
)

// isBetter reports whether ours has the shorter interactive waits. isWorse reports the opposite. Differences of two per
// cent or half a second count as noise.
func isBetter(ours, other Row) bool { return ours.InteractiveP95 < 0.98*other.InteractiveP95 }
func isWorse(ours, other Row) bool {
	return ours.InteractiveP95 > 1.05*other.InteractiveP95 && ours.InteractiveP95 > other.InteractiveP95+0.5
}

// compareLaws runs all workloads under Sluice's law and each other law with three settings: the documented one, the one
// that is best for all workloads together, and the one that is best for each workload, which is known only in
// hindsight.
func compareLaws(m pollerMode, seed uint64) (rows []Row) {
	run := func(by func() scalingLaw) []Row {
		out := make([]Row, len(workloads))
		var wait sync.WaitGroup
		for i, w := range workloads {
			wait.Go(func() { out[i], _ = measureWorkload(m, w, w.generateChunks(seed), by()) })
		}
		wait.Wait()
		return out
	}
	ours := run(func() scalingLaw { return &sluiceLaw{} })
	for _, s := range append([]lawSettings{sluiceSettings}, otherLaws...) {
		rows = append(rows, labelRows(run(s.documented), s.name, "documented")...)
		var swept [][]Row
		for i := range s.swept() {
			swept = append(swept, run(func() scalingLaw { return s.swept()[i] }))
		}
		rows = append(rows, labelRows(bestSetting(swept, ours), s.name, "best swept")...)
		rows = append(rows, labelRows(bestPerWorkload(swept, ours), s.name, "best in hindsight")...)
	}
	return rows
}

func labelRows(rows []Row, law, setting string) []Row {
	out := slices.Clone(rows)
	for i := range out {
		out[i].Law, out[i].Setting = law, setting
	}
	return out
}

// bulkTolerance is the factor by which bulk messages may wait longer than the limit.
const bulkTolerance = 1.05

// bulkExcess returns the logarithm of the factor by which bulk messages wait longer than their target and longer than
// under ours. Without it, a law could shorten interactive waits by starving the bulk lane.
func bulkExcess(r, ours Row) float64 {
	return max(0, math.Log(r.BulkP95/bulkTolerance/max(encodeQueues[bulkLane].MaxWait, ours.BulkP95)))
}

// countStarved counts the workloads in which ours makes bulk messages wait longer than their target and longer than the
// other law does.
func countStarved(ours, rival []Row) (n int) {
	for i := range ours {
		if bulkExcess(ours[i], rival[i]) > 0 {
			n++
		}
	}
	return n
}

// bestSetting returns the results of the setting with the smallest bulk excess and, of several, the shortest geometric
// mean of interactive waits.
func bestSetting(swept [][]Row, ours []Row) []Row {
	score := func(rows []Row) (starved, wait float64) {
		for i, r := range rows {
			starved += bulkExcess(r, ours[i])
			wait += math.Log(1 + r.InteractiveP95)
		}
		return starved, wait
	}
	return slices.MinFunc(swept, func(a, b []Row) int {
		starvedA, waitA := score(a)
		starvedB, waitB := score(b)
		return cmp.Or(cmp.Compare(starvedA, starvedB), cmp.Compare(waitA, waitB))
	})
}

// bestPerWorkload returns the best result for each workload.
func bestPerWorkload(swept [][]Row, ours []Row) (out []Row) {
	for i := range ours {
		var one [][]Row
		for _, rows := range swept {
			one = append(one, rows[i:i+1])
		}
		out = append(out, bestSetting(one, ours[i:i+1])[0])
	}
	return out
}
