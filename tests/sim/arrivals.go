package main

import (
	"math"
	"math/rand/v2"
	"slices"
)

const (
	tenantCount        = 8
	playableChunks     = 2  // chunks of a long video in the interactive lane: the video is playable after them
	minLongVideoChunks = 16 // a shorter video is encoded in the interactive lane entirely
	workerCPUs         = 3008.0 / 1769
	transferSeconds    = 1.0 // to download a chunk and to store its output
)

// videoKinds are the kinds of videos, with the CPU seconds of a chunk of 8 s in all renditions. 7.5, 30 and 36 are
// measured; 1080p30 is assumed to be half of 1080p60.
var videoKinds = []struct {
	name  string
	cpu   float64
	share float64
}{{"720p25", 7.5, 0.3}, {"1080p30", 15, 0.45}, {"1080p60", 30, 0.15}, {"2160p30", 36, 0.1}}

// meanServiceTime is the mean time to encode a chunk, in seconds.
var meanServiceTime = func() (s float64) {
	for _, k := range videoKinds {
		s += k.share * (k.cpu/workerCPUs + transferSeconds)
	}
	return s
}()

// workload is a pattern of arrivals.
type workload struct {
	name     string
	seconds  int // until the last arrival
	generate func(a *arrivalGenerator)
}

var workloads = []workload{
	{"steady", 3600, func(a *arrivalGenerator) {
		a.addShortVideos(constantLoad(0.35), randomTenant)
		a.addLongVideos(constantLoad(0.45))
	}},
	{"bursty", 3600, func(a *arrivalGenerator) {
		a.addShortVideos(constantLoad(0.12), randomTenant)
		a.addLongVideos(constantLoad(0.4))
		for at := a.drawInterval(240); at < a.seconds; at += a.drawInterval(360) {
			for range 60 + a.rng.IntN(60) {
				a.addVideo(at+20*a.rng.Float64(), 1+a.rng.IntN(9), a.rng.IntN(tenantCount))
			}
		}
	}},
	{"diurnal", 7200, func(a *arrivalGenerator) { // a day in two hours: steeper than a real one
		a.addShortVideos(func(at float64) float64 {
			return 0.05 + 0.75*math.Pow(math.Sin(math.Pi*at/7200), 2)
		}, randomTenant)
		a.addLongVideos(constantLoad(0.35))
	}},
	{"huge film", 1500, func(a *arrivalGenerator) {
		a.addShortVideos(constantLoad(0.3), randomTenant)
		a.addHugeVideo(a.drawInterval(1)+300, 1350, 36/workerCPUs+transferSeconds) // three hours of 4K
	}},
	{"noisy tenant", 3600, func(a *arrivalGenerator) {
		a.addShortVideos(constantLoad(0.14), func(a *arrivalGenerator) int { return 1 + a.rng.IntN(tenantCount-1) })
		a.addShortVideos(func(at float64) float64 { // in waves of ten times the mean of the other tenants
			if int(at/300)%2 == 0 {
				return 0.4
			}
			return 0
		}, func(*arrivalGenerator) int { return 0 })
		a.addLongVideos(constantLoad(0.45))
	}},
}

// arrivalGenerator creates the messages of a workload.
type arrivalGenerator struct {
	rng     *rand.Rand
	seconds float64
	chunks  []chunk
}

// generateChunks returns the messages of a workload, sorted by time. They depend only on the seed.
func (w workload) generateChunks(seed uint64) []chunk {
	a := &arrivalGenerator{rng: rand.New(rand.NewPCG(seed, uint64(len(w.name)))), seconds: float64(w.seconds)}
	w.generate(a)
	slices.SortStableFunc(a.chunks, func(x, y chunk) int {
		if x.at < y.at {
			return -1
		}
		if x.at > y.at {
			return 1
		}
		return 0
	})
	return a.chunks
}

func constantLoad(load float64) func(float64) float64 { return func(float64) float64 { return load } }

func randomTenant(a *arrivalGenerator) int { return a.rng.IntN(tenantCount) }

func (a *arrivalGenerator) drawInterval(mean float64) float64 { return a.rng.ExpFloat64() * mean }

// addShortVideos adds short videos as a Poisson process. load is the share of the budget that they need at a time.
func (a *arrivalGenerator) addShortVideos(load func(at float64) float64, tenant func(*arrivalGenerator) int) {
	const mean, most = 5.0, 1.0
	every := mean * meanServiceTime / (most * workerBudget)
	for at := a.drawInterval(every); at < a.seconds; at += a.drawInterval(every) {
		if a.rng.Float64() < load(at)/most {
			a.addVideo(at, 1+a.rng.IntN(9), tenant(a))
		}
	}
}

// addLongVideos adds videos of 5 to 35 minutes. load is the share of the budget that they need at a time.
func (a *arrivalGenerator) addLongVideos(load func(at float64) float64) {
	const least, spread = 40, 221
	every := (least + spread/2) * meanServiceTime / workerBudget
	for at := a.drawInterval(every); at < a.seconds; at += a.drawInterval(every) {
		if a.rng.Float64() < load(at) {
			a.addVideo(at, least+a.rng.IntN(spread), a.rng.IntN(tenantCount))
		}
	}
}

// addVideo adds the chunks of one video, all at the same time.
func (a *arrivalGenerator) addVideo(at float64, chunks, tenant int) {
	draw, kind := a.rng.Float64(), 0
	for draw >= videoKinds[kind].share && kind < len(videoKinds)-1 {
		draw -= videoKinds[kind].share
		kind++
	}
	for i := range chunks {
		lane := bulkLane
		if chunks < minLongVideoChunks || i < playableChunks {
			lane = interactiveLane
		}
		service := videoKinds[kind].cpu/workerCPUs*math.Exp(0.2*a.rng.NormFloat64()-0.02) + transferSeconds
		a.chunks = append(a.chunks, chunk{at: at, service: service, lane: lane, tenant: tenant})
	}
}

// addHugeVideo adds a video whose chunks have the same mean service time.
func (a *arrivalGenerator) addHugeVideo(at float64, chunks int, service float64) {
	for i := range chunks {
		lane := bulkLane
		if i < playableChunks {
			lane = interactiveLane
		}
		a.chunks = append(a.chunks,
			chunk{at: at, service: service * math.Exp(0.2*a.rng.NormFloat64()-0.02), lane: lane, tenant: 0})
	}
}
