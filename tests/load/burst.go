package main

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// burstConfig is what is asked for.
type burstConfig struct {
	videos, tenants, factor     int
	seed                        uint64
	topicARN, jsonPath, svgPath string
	timeout, interval           time.Duration
	now                         func() time.Time
}

// splitVideos says how many videos each tenant sends: all but the last the same, that one factor times as much, and what is
// left over.
func splitVideos(videos, tenants, factor int) ([]int, error) {
	if tenants < 1 || factor < 1 {
		return nil, fmt.Errorf("there are %d tenants, of whom one sends %d times as much: both are 1 or more", tenants, factor)
	}
	each := videos / (tenants - 1 + factor)
	if each < 1 {
		return nil, fmt.Errorf("%d videos are too few for %d tenants of whom one sends %d times as much: %d are enough", videos, tenants, factor, tenants-1+factor)
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

// planVideos returns what each tenant sends, in its order: as many of each clip as of any other, so that their medians can be
// compared. The same seed makes the same order.
func (b burstConfig) planVideos(run string) (names []string, all map[string][]plannedVideo) {
	counts, _ := splitVideos(b.videos, b.tenants, b.factor) // it was checked
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
			o := plannedVideo{tenant: name, title: fmt.Sprintf("%s %s %03d", run, name, k+1), clip: clips[deck[k%len(clips)]]}
			all[name] = append(all[name], o)
		}
	}
	return names, all
}
