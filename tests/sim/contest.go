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
	Lever          string  `json:"lever"`
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

// measure runs a workload through a cloud of its own.
func measure(l lever, w workload, work []chunk, by law) (Row, *cloud) {
	c := newCloud(l, w.seconds)
	c.run(work, by)
	all := slices.Concat(c.waits[interactive], c.waits[bulk])
	slices.Sort(all)
	slices.Sort(c.waits[interactive])
	slices.Sort(c.waits[bulk])
	return Row{
		Workload: w.name, Lever: l.name, Detail: fmt.Sprint(by),
		WaitP50: percentile(all, 0.5), WaitP95: percentile(all, 0.95), WaitP99: percentile(all, 0.99),
		InteractiveP95: percentile(c.waits[interactive], 0.95), BulkP95: percentile(c.waits[bulk], 0.95),
		WorkerSeconds: c.spent, Flaps: c.flaps(), Over: c.over, Drain: c.last - work[len(work)-1].at,
	}, c
}

func percentile(sorted []float64, p float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(math.Ceil(p*float64(len(sorted))))-1)]
}

// rival is another law, with the setting its makers document and those that are tried.
type rival struct {
	name       string
	documented func() law
	swept      func() []law
}

// us is our law, with the only setting that it has; as documented it is as shipped.
var us = rival{"Sluice", func() law { return &sluice{} }, func() (out []law) {
	for _, part := range []float64{0.3, 0.35, 0.4, 0.42, 0.45, 0.5, 0.55} {
		out = append(out, &sluice{bulk: part})
	}
	return out
}}

var rivals = []rival{
	{"Lambda alone", func() law { return alone{} }, func() (out []law) { // one ceiling for all mappings
		for n := 5; n <= budget/2; n += 5 {
			out = append(out, alone{[lanes]int{n, n}})
		}
		return out
	}},
	{"fixed ceilings", func() law { return alone{open.max} }, func() (out []law) { // one for each mapping
		for b := 5; b <= 95; b += 5 {
			out = append(out, alone{[lanes]int{budget - b, b}})
		}
		return out
	}},
	{"KEDA", func() law { return &keda{bounds: open, length: 5, stabilize: 300} }, func() (out []law) {
		for _, b := range tried {
			for _, length := range []float64{1, 2} {
				for _, s := range []int{0, 300} {
					out = append(out, &keda{bounds: b, length: length, stabilize: s})
				}
			}
		}
		return out
	}},
	{"target tracking", func() law {
		return &tracking{bounds: open, latency: [lanes]float64{10, 120}, every: 60, points: 3}
	}, func() (out []law) {
		for _, b := range tried {
			for _, latency := range []float64{1, 5} {
				out = append(out, &tracking{bounds: b, latency: [lanes]float64{latency, 120}, every: 60, points: 3},
					&tracking{bounds: b, latency: [lanes]float64{latency, 30}, every: 10, points: 1})
			}
		}
		return out
	}},
	{"buildkite-agent-scaler", func() law { return &buildkite{bounds: open, per: 1} }, func() (out []law) {
		for _, b := range tried {
			for _, per := range []float64{1, 2} {
				out = append(out, &buildkite{bounds: b, per: per}, &buildkite{bounds: b, per: per, cooldown: 300})
			}
		}
		return out
	}},
}

var (
	open  = bounds{min: [lanes]int{2, 2}, max: [lanes]int{budget / 2, budget / 2}}
	tried = func() (out []bounds) {
		for _, b := range []int{20, 30, 35, 40, 45, 50, 60, 70} {
			for _, part := range []int{50, 2} {
				out = append(out, bounds{min: [lanes]int{(budget - b) / part, max(2, b/part)}, max: [lanes]int{budget - b, b}})
			}
		}
		return out
	}()
)

// better and worse compare the interactive waits of ours with another's: two per cent are noise, and so is half a second.
func better(ours, other Row) bool { return ours.InteractiveP95 < 0.98*other.InteractiveP95 }
func worse(ours, other Row) bool {
	return ours.InteractiveP95 > 1.05*other.InteractiveP95 && ours.InteractiveP95 > other.InteractiveP95+0.5
}

// contest runs all workloads under our law and each rival: as documented; at the best of its settings, one for all
// workloads, as an operator would have it; and at the best for each workload, which only hindsight knows.
func contest(l lever, seed uint64) (rows []Row) {
	run := func(by func() law) []Row {
		out := make([]Row, len(workloads))
		var wait sync.WaitGroup
		for i, w := range workloads {
			wait.Go(func() { out[i], _ = measure(l, w, w.chunks(seed), by()) })
		}
		wait.Wait()
		return out
	}
	ours := run(func() law { return &sluice{} })
	for _, v := range append([]rival{us}, rivals...) {
		rows = append(rows, named(run(v.documented), v.name, "documented")...)
		var swept [][]Row
		for i := range v.swept() {
			swept = append(swept, run(func() law { return v.swept()[i] }))
		}
		rows = append(rows, named(best(swept, ours), v.name, "best swept")...)
		rows = append(rows, named(hindsight(swept, ours), v.name, "best in hindsight")...)
	}
	return rows
}

func named(rows []Row, law, setting string) []Row {
	out := slices.Clone(rows)
	for i := range out {
		out[i].Law, out[i].Setting = law, setting
	}
	return out
}

// tolerance is how much longer than allowed bulk may wait, under anybody's law.
const tolerance = 1.05

// starves says by how much, as a logarithm, a setting makes bulk wait longer than promised, and longer than ours does as
// shipped: a short interactive wait is easily had by starving bulk.
func starves(r, ours Row) float64 {
	return max(0, math.Log(r.BulkP95/tolerance/max(queues[bulk].Promise, ours.BulkP95)))
}

// starved counts the workloads in which ours makes bulk wait longer than promised, and longer than the rival does.
func starved(ours, rival []Row) (n int) {
	for i := range ours {
		if starves(ours[i], rival[i]) > 0 {
			n++
		}
	}
	return n
}

// best returns the setting that starves least and has the shortest interactive waits, in the geometric mean.
func best(swept [][]Row, ours []Row) []Row {
	score := func(rows []Row) (starved, wait float64) {
		for i, r := range rows {
			starved += starves(r, ours[i])
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

// hindsight returns the best row for each workload by itself.
func hindsight(swept [][]Row, ours []Row) (out []Row) {
	for i := range ours {
		var one [][]Row
		for _, rows := range swept {
			one = append(one, rows[i:i+1])
		}
		out = append(out, best(one, ours[i:i+1])[0])
	}
	return out
}
