package publish_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// burst is a number of videos that are sent at once, and how their events reach publish.
type burst struct {
	name                   string
	tenants, videos, tasks int // videos of each tenant, tasks of each video
	limit                  int // tasks of a tenant in flight
	batch                  int // messages in a batch, at most
	oneForEachVideo        bool
	failedSends            int // each so many calls that send something fail; 0: none
}

var bursts = []burst{
	{name: "small videos, one by one", tenants: 4, videos: 10, tasks: 7, limit: 12, batch: 1},
	{
		name: "small videos, batches of different", tenants: 4, videos: 10, tasks: 7, limit: 12, batch: 10,
		oneForEachVideo: true,
	},
	{name: "small videos, batches", tenants: 4, videos: 10, tasks: 7, limit: 12, batch: 10},
	{name: "film, one by one", tenants: 1, videos: 1, tasks: 225, limit: 20, batch: 1},
	{name: "film, batches", tenants: 1, videos: 1, tasks: 225, limit: 20, batch: 10},
}

// BenchmarkPublish measures the CPU time and the calls for each event.
func BenchmarkPublish(b *testing.B) {
	for _, w := range bursts {
		b.Run(strings.ReplaceAll(w.name, " ", "_"), func(b *testing.B) {
			var used usage
			for b.Loop() {
				used = used.add(newBurstRun(b, w).run())
			}
			for _, name := range slices.Sorted(maps.Keys(used.calls)) {
				b.ReportMetric(float64(used.calls[name])/float64(used.events), name+"/event")
			}
			b.ReportMetric(float64(used.totalCalls())/float64(used.events), "calls/event")
			b.ReportMetric(used.cpu.Seconds()*1000/float64(used.events), "cpu-ms/event")
			b.ReportMetric(float64(used.events)/float64(b.N), "events")
		})
	}
}

// usage is what events have used.
type usage struct {
	events int
	cpu    time.Duration
	calls  map[string]int
}

func (u usage) add(o usage) usage {
	sum := map[string]int{}
	for _, calls := range []map[string]int{u.calls, o.calls} {
		for name, n := range calls {
			sum[name] += n
		}
	}
	return usage{u.events + o.events, u.cpu + o.cpu, sum}
}

func (u usage) totalCalls() (n int) {
	for _, calls := range u.calls {
		n += calls
	}
	return n
}
