package main

import (
	"math"
	"math/rand/v2"
	"slices"
)

const (
	tenants   = 8
	firstLook = 2  // chunks of a long video that somebody waits for: playable after them
	shortest  = 16 // chunks: of a shorter video somebody waits for all
	cpus      = 3008.0 / 1769
	transfer  = 1.0 // seconds to fetch a chunk and to store what came of it
)

// kinds are what videos are: CPU seconds of a chunk of 8 s, all renditions. 7.5, 30 and 36 are measured; 1080p30 is
// taken as half of 1080p60.
var kinds = []struct {
	name  string
	cpu   float64
	share float64
}{{"720p25", 7.5, 0.3}, {"1080p30", 15, 0.45}, {"1080p60", 30, 0.15}, {"2160p30", 36, 0.1}}

// meanService is a chunk's time in the mean, seconds.
var meanService = func() (s float64) {
	for _, k := range kinds {
		s += k.share * (k.cpu/cpus + transfer)
	}
	return s
}()

// workload is a name and what makes its messages.
type workload struct {
	name    string
	seconds int // until the last video comes
	make    func(a *arrivals)
}

var workloads = []workload{
	{"steady", 3600, func(a *arrivals) {
		a.shorts(flat(0.35), anyTenant)
		a.longs(flat(0.45))
	}},
	{"bursty", 3600, func(a *arrivals) {
		a.shorts(flat(0.12), anyTenant)
		a.longs(flat(0.4))
		for at := a.exp(240); at < a.seconds; at += a.exp(360) {
			for range 60 + a.rng.IntN(60) {
				a.video(at+20*a.rng.Float64(), 1+a.rng.IntN(9), a.rng.IntN(tenants))
			}
		}
	}},
	{"diurnal", 7200, func(a *arrivals) { // a day pressed into two hours: steeper than any real one
		a.shorts(func(at float64) float64 { return 0.05 + 0.75*math.Pow(math.Sin(math.Pi*at/7200), 2) }, anyTenant)
		a.longs(flat(0.35))
	}},
	{"huge film", 1500, func(a *arrivals) {
		a.shorts(flat(0.3), anyTenant)
		a.film(a.exp(1)+300, 1350, 36/cpus+transfer) // three hours of 4K
	}},
	{"noisy tenant", 3600, func(a *arrivals) {
		a.shorts(flat(0.14), func(a *arrivals) int { return 1 + a.rng.IntN(tenants-1) })
		a.shorts(func(at float64) float64 { // ten times the others' mean, in waves
			if int(at/300)%2 == 0 {
				return 0.4
			}
			return 0
		}, func(*arrivals) int { return 0 })
		a.longs(flat(0.45))
	}},
}

// arrivals makes the messages of a workload.
type arrivals struct {
	rng     *rand.Rand
	seconds float64
	out     []chunk
}

// chunks returns the messages of a workload, by time. The same seed gives the same.
func (w workload) chunks(seed uint64) []chunk {
	a := &arrivals{rng: rand.New(rand.NewPCG(seed, uint64(len(w.name)))), seconds: float64(w.seconds)}
	w.make(a)
	slices.SortStableFunc(a.out, func(x, y chunk) int {
		if x.at < y.at {
			return -1
		}
		if x.at > y.at {
			return 1
		}
		return 0
	})
	return a.out
}

func flat(load float64) func(float64) float64 { return func(float64) float64 { return load } }

func anyTenant(a *arrivals) int { return a.rng.IntN(tenants) }

func (a *arrivals) exp(mean float64) float64 { return a.rng.ExpFloat64() * mean }

// shorts sends short videos, as a Poisson process, that need a part of the budget that varies over time.
func (a *arrivals) shorts(load func(at float64) float64, tenant func(*arrivals) int) {
	const mean, most = 5.0, 1.0
	every := mean * meanService / (most * budget)
	for at := a.exp(every); at < a.seconds; at += a.exp(every) {
		if a.rng.Float64() < load(at)/most {
			a.video(at, 1+a.rng.IntN(9), tenant(a))
		}
	}
}

// longs sends videos of 5 to 35 minutes.
func (a *arrivals) longs(load func(at float64) float64) {
	const least, spread = 40, 221
	every := (least + spread/2) * meanService / budget
	for at := a.exp(every); at < a.seconds; at += a.exp(every) {
		if a.rng.Float64() < load(at) {
			a.video(at, least+a.rng.IntN(spread), a.rng.IntN(tenants))
		}
	}
}

// video sends the chunks of one video, all at one moment.
func (a *arrivals) video(at float64, chunks, tenant int) {
	draw, kind := a.rng.Float64(), 0
	for draw >= kinds[kind].share && kind < len(kinds)-1 {
		draw -= kinds[kind].share
		kind++
	}
	for i := range chunks {
		lane := bulk
		if chunks < shortest || i < firstLook {
			lane = interactive
		}
		service := kinds[kind].cpu/cpus*math.Exp(0.2*a.rng.NormFloat64()-0.02) + transfer
		a.out = append(a.out, chunk{at: at, service: service, lane: lane, tenant: tenant})
	}
}

// film sends one film, of one kind.
func (a *arrivals) film(at float64, chunks int, service float64) {
	for i := range chunks {
		lane := bulk
		if i < firstLook {
			lane = interactive
		}
		a.out = append(a.out, chunk{at: at, service: service * math.Exp(0.2*a.rng.NormFloat64()-0.02), lane: lane, tenant: 0})
	}
}
