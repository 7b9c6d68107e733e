package observe

import (
	"context"
	"sync"
	"time"

	"sluice/shared/domain/services"
	"sluice/shared/domain/traceview"
)

const (
	trafficWindow  = time.Minute      // calls of this time are counted
	trafficMaxAge  = 15 * time.Second // how long a result is reused
	trafficTimeout = 5 * time.Second  // how long a response waits for X-Ray
)

// trafficCache is the last result of readTraffic.
type trafficCache struct {
	mu    sync.Mutex
	at    time.Time
	calls map[traceview.CallKind]float64 // a minute
}

// readTraffic returns how often each service was called in the last minute, as far as it was traced; nil if X-Ray can't
// be read.
func (o *Observer) readTraffic(ctx context.Context) map[traceview.CallKind]float64 {
	o.traffic.mu.Lock()
	defer o.traffic.mu.Unlock()
	now := o.Now()
	if age := now.Sub(o.traffic.at); age >= 0 && age < trafficMaxAge {
		return o.traffic.calls
	}
	ctx, done := context.WithTimeout(ctx, trafficTimeout)
	defer done()
	lately := traceview.TimeRange{From: now.Add(-trafficWindow), To: now}
	samples, err := o.Traces.SampleRecent(ctx, groupServices(), lately)
	o.traffic.at, o.traffic.calls = now, nil
	if err != nil {
		o.Log.WarnContext(ctx, "can't read traffic from traces", "error", err)
		return nil
	}
	o.traffic.calls = traceview.CountCalls(samples, lately) // of one minute
	return o.traffic.calls
}

// groupServices returns the names of the services without routes and of the others. They are sampled apart, because
// clients that poll a video would otherwise fill the sample.
func groupServices() [][]string {
	groups := make([][]string, 2)
	for _, s := range services.Map {
		g := 1
		if len(s.Routes) == 0 && (s.Inbox != nil || s.Interval > 0) {
			g = 0
		}
		groups[g] = append(groups[g], s.Name)
	}
	return groups
}

// callsPerMinute returns the calls over an edge of the service map; nil if unknown, as for the topic, whose messages no
// service of ours handles. Spans don't name the sender of a message: a type that several services send counts on the
// first edge only, which seen records.
func callsPerMinute(e services.Edge, calls map[traceview.CallKind]float64, seen map[traceview.CallKind]bool) *float64 {
	if calls == nil || e.To == services.Topic {
		return nil
	}
	n, types := 0.0, e.Types
	if len(types) == 0 {
		types = []string{""}
	}
	for _, t := range types {
		call := traceview.CallKind{Service: e.To, Type: t}
		if !seen[call] {
			seen[call], n = true, n+calls[call]
		}
	}
	return &n
}
