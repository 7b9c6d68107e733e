package main

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// burstConfig has the options of a burst.
type burstConfig struct {
	videos, tenants, factor     int
	seed                        uint64
	topicARN, jsonPath, svgPath string
	timeout, interval           time.Duration
	now                         func() time.Time
}

// splitVideos returns how many videos each tenant sends. All tenants but the last send the same number; the last one
// sends factor times as many and the remainder. It fails if a tenant would send none.
func splitVideos(videos, tenants, factor int) ([]int, error) {
	if tenants < 1 || factor < 1 {
		return nil, fmt.Errorf("there are %d tenants, of whom one sends %d times as much: both are 1 or more", tenants,
			factor)
	}
	each := videos / (tenants - 1 + factor)
	if each < 1 {
		return nil, fmt.Errorf("%d videos are too few for %d tenants of whom one sends %d times as much: %d are enough",
			videos, tenants, factor, tenants-1+factor)
	}
	out := make([]int, tenants)
	for i := range out {
		out[i] = each
	}
	out[tenants-1] = videos - each*(tenants-1)
	return out, nil
}

// plannedVideo is one video that a tenant sends.
type plannedVideo struct {
	tenant, title string
	clip          clip
}

// planVideos returns the names of the tenants and the videos of each in order. Each clip is used equally often, so that
// the medians of tenants can be compared. The plan depends only on the seed.
func (b burstConfig) planVideos(run string) (names []string, all map[string][]plannedVideo) {
	counts, _ := splitVideos(b.videos, b.tenants, b.factor) // checked by parseFlags
	rng := rand.New(rand.NewPCG(b.seed, 0))
	all = map[string][]plannedVideo{}
	for i, n := range counts {
		name := fmt.Sprintf("load-%d", i+1)
		if i == b.tenants-1 && b.factor > 1 {
			name = "load-big"
		}
		names = append(names, name)
		var deck []int
		for k := range n {
			if k%len(clips) == 0 {
				deck = rng.Perm(len(clips))
			}
			p := plannedVideo{
				tenant: name, title: fmt.Sprintf("%s %s %03d", run, name, k+1), clip: clips[deck[k%len(clips)]],
			}
			all[name] = append(all[name], p)
		}
	}
	return names, all
}
