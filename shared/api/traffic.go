package api

import (
	"context"
	"sync"
	"time"

	"sluice/shared/services"
	"sluice/shared/waterfall"
)

const (
	trafficFor = time.Minute      // in which calls are counted
	longTrace  = 15 * time.Minute // before that no trace is looked for: locally one goes on as long as its video is made
	trafficOld = 15 * time.Second // so long one look is enough for all who ask
	trafficEnd = 5 * time.Second  // so long X-Ray may take: the rest of the map does not wait for it
)

// traffic is the last look at what was called.
type traffic struct {
	mu    sync.Mutex
	at    time.Time
	calls map[waterfall.Call]float64 // a minute
}

// calls returns how often each service was called in the last minute, as far as it was traced; nil if that can't be read.
func (o *Observer) calls(ctx context.Context) map[waterfall.Call]float64 {
	o.traffic.mu.Lock()
	defer o.traffic.mu.Unlock()
	now := o.Now()
	if age := now.Sub(o.traffic.at); age >= 0 && age < trafficOld {
		return o.traffic.calls
	}
	var names []string
	for _, s := range services.Map {
		names = append(names, s.Name)
	}
	ctx, done := context.WithTimeout(ctx, trafficEnd)
	defer done()
	documents, part, err := o.Traces.Recent(ctx, names, waterfall.Window{From: now.Add(-longTrace), To: now})
	o.traffic.at, o.traffic.calls = now, nil
	if err != nil {
		o.Log.WarnContext(ctx, "the traffic can't be read", "error", err)
		return nil
	}
	o.traffic.calls = map[waterfall.Call]float64{}
	for call, n := range waterfall.Traffic(documents, waterfall.Window{From: now.Add(-trafficFor), To: now}) {
		o.traffic.calls[call] = float64(n) / part / trafficFor.Minutes()
	}
	return o.traffic.calls
}

// perMinute returns what goes over an edge; nil if that is not known. Calls don't say who sent a message: a type that
// several services send counts on the first edge alone, as seen remembers. What goes to the topic nobody of ours handles.
func perMinute(e services.Edge, calls map[waterfall.Call]float64, seen map[waterfall.Call]bool) *float64 {
	if calls == nil || e.To == services.Topic {
		return nil
	}
	n, types := 0.0, e.Types
	if len(types) == 0 {
		types = []string{""}
	}
	for _, t := range types {
		call := waterfall.Call{Service: e.To, Type: t}
		if !seen[call] {
			seen[call], n = true, n+calls[call]
		}
	}
	return &n
}
