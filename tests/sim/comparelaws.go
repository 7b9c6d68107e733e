package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"
)

// Row is what came of one workload under one law.
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
	Over           int     `json:"over_budget_s"` // seconds in which it took from the API's share
	Drain          float64 `json:"drain_s"`       // from the last arrival until all is done
}

// measureWorkload runs a workload through a cloud of its own.
func measureWorkload(l pollerMode, w workload, work []chunk, by scalingLaw) (Row, *simulatedCloud) {
	c := newSimulatedCloud(l, w.seconds)
	c.runWorkload(work, by)
	all := slices.Concat(c.waits[interactiveLane], c.waits[bulkLane])
	slices.Sort(all)
	slices.Sort(c.waits[interactiveLane])
	slices.Sort(c.waits[bulkLane])
	return Row{
		Workload: w.name, Pollers: l.name, Detail: fmt.Sprint(by),
		WaitP50: percentile(all, 0.5), WaitP95: percentile(all, 0.95), WaitP99: percentile(all, 0.99),
		InteractiveP95: percentile(c.waits[interactiveLane], 0.95), BulkP95: percentile(c.waits[bulkLane], 0.95),
		WorkerSeconds: c.workSeconds, Flaps: c.countFlaps(), Over: c.overBudget, Drain: c.lastEnd - work[len(work)-1].at,
	}, c
}

func percentile(sorted []float64, p float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(math.Ceil(p*float64(len(sorted))))-1)]
}

// lawSettings is another law, with the setting its makers document and those that are tried.
type lawSettings struct {
	name       string
	documented func() scalingLaw
	swept      func() []scalingLaw
}

// sluiceSettings is our law, with the only setting that it has; as documented it is as shipped.
var sluiceSettings = lawSettings{"Sluice", func() scalingLaw { return &sluiceLaw{} }, func() (out []scalingLaw) {
	for _, part := range []float64{0.3, 0.35, 0.4, 0.42, 0.45, 0.5, 0.55} {
		out = append(out, &sluiceLaw{bulkShare: part})
	}
	return out
}}

var otherLaws = []lawSettings{
	{"Lambda alone", func() scalingLaw { return fixedCeilings{} }, func() (out []scalingLaw) { // one ceiling for all mappings
		for n := 5; n <= workerBudget/2; n += 5 {
			out = append(out, fixedCeilings{[laneCount]int{n, n}})
		}
		return out
	}},
	{"fixed ceilings", func() scalingLaw { return fixedCeilings{openBounds.max} }, func() (out []scalingLaw) { // one for each mapping
		for b := 5; b <= 95; b += 5 {
			out = append(out, fixedCeilings{[laneCount]int{workerBudget - b, b}})
		}
		return out
	}},
	{"KEDA", func() scalingLaw { return &kedaLaw{bounds: openBounds, queueLength: 5, stabilizeSeconds: 300} }, func() (out []scalingLaw) {
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
				out = append(out, &targetTracking{bounds: b, latency: [laneCount]float64{latency, 120}, period: 60, datapoints: 3},
					&targetTracking{bounds: b, latency: [laneCount]float64{latency, 30}, period: 10, datapoints: 1})
			}
		}
		return out
	}},
	{"buildkite-agent-scaler", func() scalingLaw { return &buildkiteLaw{bounds: openBounds, perInstance: 1} }, func() (out []scalingLaw) {
		for _, b := range sweptBounds {
			for _, per := range []float64{1, 2} {
				out = append(out, &buildkiteLaw{bounds: b, perInstance: per}, &buildkiteLaw{bounds: b, perInstance: per, cooldown: 300})
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
				out = append(out, bounds{min: [laneCount]int{(workerBudget - b) / part, max(2, b/part)}, max: [laneCount]int{workerBudget - b, b}})
			}
		}
		return out
	}()
)

// isBetter and worse compare the interactive waits of ours with another's: two per cent are noise, and so is half a second.
func isBetter(ours, other Row) bool { return ours.InteractiveP95 < 0.98*other.InteractiveP95 }
func isWorse(ours, other Row) bool {
	return ours.InteractiveP95 > 1.05*other.InteractiveP95 && ours.InteractiveP95 > other.InteractiveP95+0.5
}

// compareLaws runs all workloads under our law and each rival: as documented; at the best of its settings, one for all
// workloads, as an operator would have it; and at the best for each workload, which only hindsight knows.
func compareLaws(l pollerMode, seed uint64) (rows []Row) {
	run := func(by func() scalingLaw) []Row {
		out := make([]Row, len(workloads))
		var wait sync.WaitGroup
		for i, w := range workloads {
			wait.Go(func() { out[i], _ = measureWorkload(l, w, w.generateChunks(seed), by()) })
		}
		wait.Wait()
		return out
	}
	ours := run(func() scalingLaw { return &sluiceLaw{} })
	for _, v := range append([]lawSettings{sluiceSettings}, otherLaws...) {
		rows = append(rows, labelRows(run(v.documented), v.name, "documented")...)
		var swept [][]Row
		for i := range v.swept() {
			swept = append(swept, run(func() scalingLaw { return v.swept()[i] }))
		}
		rows = append(rows, labelRows(bestSetting(swept, ours), v.name, "best swept")...)
		rows = append(rows, labelRows(bestPerWorkload(swept, ours), v.name, "best in hindsight")...)
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

// bulkTolerance is how much longer than allowed bulk may wait, under anybody's law.
const bulkTolerance = 1.05

// bulkExcess says by how much, as a logarithm, a setting makes bulk wait longer than promised, and longer than ours does as
// shipped: a short interactive wait is easily had by starving bulk.
func bulkExcess(r, ours Row) float64 {
	return max(0, math.Log(r.BulkP95/bulkTolerance/max(encodeQueues[bulkLane].MaxWait, ours.BulkP95)))
}

// countStarved counts the workloads in which ours makes bulk wait longer than promised, and longer than the rival does.
func countStarved(ours, rival []Row) (n int) {
	for i := range ours {
		if bulkExcess(ours[i], rival[i]) > 0 {
			n++
		}
	}
	return n
}

// bestSetting returns the setting that starves least and has the shortest interactive waits, in the geometric mean.
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

// bestPerWorkload returns the best row for each workload by itself.
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
