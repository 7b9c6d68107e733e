package observe

import (
	"context"
	"net/http"
	"sync"

	"sluice/shared/domain/scaling"
	"sluice/shared/domain/services"
	"sluice/shared/domain/traceview"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
)

// mapView is the service map with its current numbers. Unknown numbers are absent.
type mapView struct {
	At       httpapi.Timestamp `json:"at"`
	Services []serviceView     `json:"services"`
	Edges    []edgeView        `json:"edges"`
}

type serviceView struct {
	Name     string      `json:"name"`
	Triggers []string    `json:"doors"` // routes, inbox, clock
	Routes   []routeView `json:"routes"`
	Queues   []queueView `json:"queues"`
}

type routeView struct {
	Method string `json:"method"`
	Path   string `json:"path"`
}

type queueView struct {
	Name     string `json:"name"`
	Lane     string `json:"lane"`
	Waiting  *int   `json:"waiting,omitempty"`
	InFlight *int   `json:"in_flight,omitempty"`
	Ceiling  *int   `json:"ceiling,omitempty"` // most workers that it may have
	Wanted   *int   `json:"wanted,omitempty"`  // workers that would meet its target
	Reason   string `json:"reason,omitempty"`  // for the ceiling
	Dead     *int   `json:"dead,omitempty"`    // open dead letters

	Oldest float64 `json:"oldest_s,omitempty"` // age of the oldest message at the time of the decision
}

type edgeView struct {
	From  string   `json:"from"`
	To    string   `json:"to"`
	Types []string `json:"types"`

	PerMinute *float64 `json:"per_minute,omitempty"` // messages in the last minute, as far as they were traced
}

// showMap answers GET /v1/map. Numbers that can't be read are absent, so that the page works during an incident.
func (o *Observer) showMap(w http.ResponseWriter, r *http.Request) error {
	now := httpapi.TruncateToMillis(o.Now())
	out := mapView{At: httpapi.Timestamp{Time: now}, Services: make([]serviceView, len(services.Map))}
	dead := o.countDeadLetters(r.Context())
	scaling, err := o.Store.LoadScalingState(r.Context())
	if err != nil {
		o.Log.WarnContext(r.Context(), "can't read the last scaling decision", "error", err)
	}
	var calls map[traceview.CallKind]float64
	var all sync.WaitGroup
	all.Go(func() { calls = o.readTraffic(r.Context()) })
	for i, s := range services.Map {
		all.Go(func() { out.Services[i] = o.buildServiceView(r.Context(), s, dead, scaling) })
	}
	all.Wait()
	seen := map[traceview.CallKind]bool{}
	for _, e := range services.ListEdges() {
		out.Edges = append(out.Edges,
			edgeView{e.From, e.To, append([]string{}, e.Types...), callsPerMinute(e, calls, seen)})
	}
	return httpapi.WriteJSON(w, http.StatusOK, out)
}

func (o *Observer) buildServiceView(
	ctx context.Context, s services.Service, dead map[string]int, scaling scaling.State,
) serviceView {
	v := serviceView{Name: s.Name, Triggers: []string{}, Routes: []routeView{}, Queues: []queueView{}}
	for _, r := range s.Routes {
		v.Routes = append(v.Routes, routeView{r.Method, r.Path})
	}
	if len(s.Routes) > 0 {
		v.Triggers = append(v.Triggers, "routes")
	}
	if s.Inbox != nil {
		v.Triggers = append(v.Triggers, "inbox")
	}
	for _, q := range s.Queues() {
		v.Queues = append(v.Queues, o.buildQueueView(ctx, q, dead, scaling))
	}
	if s.Interval > 0 {
		v.Triggers = append(v.Triggers, "clock")
	}
	return v
}

// buildQueueView returns a queue. The dead letters of all lanes are counted at the first one. A queue that was idle at
// the last decision has no reading: see scaling.State.
func (o *Observer) buildQueueView(
	ctx context.Context, q services.Queue, dead map[string]int, scaling scaling.State,
) queueView {
	v := queueView{Name: q.Name, Lane: string(q.Lane.Name)}
	if dead != nil && q.Name == q.Service {
		n := dead[q.Service]
		v.Dead = &n
	}
	waiting, inFlight, err := o.Queues.ReadQueueCounts(ctx, q.Name)
	if err != nil {
		o.Log.WarnContext(ctx, "can't read queue depth", "queue", q.Name, "error", err)
	} else {
		v.Waiting, v.InFlight = &waiting, &inFlight
	}
	if decided, ok := scaling.FindQueue(q.Name); ok {
		v.Ceiling, v.Wanted, v.Reason = &decided.Workers, &decided.Wanted, string(decided.Reason)
		if err == nil && waiting > 0 {
			v.Oldest = decided.Reading.OldestAge
		}
	}
	return v
}

// At most so many open dead letters are counted, the last sent ones.
const (
	deadLetterPageSize = 1000
	maxDeadLetterPages = 3
)

// countDeadLetters returns how many dead letters of each service are open; nil if they can't be read.
func (o *Observer) countDeadLetters(ctx context.Context) map[string]int {
	n := map[string]int{}
	cursor := ""
	for range maxDeadLetterPages {
		page, next, err := o.Store.ListDeadLetters(ctx, video.DeadLetterFilter{State: video.DeadLetterOpen}, cursor,
			o.Now(), deadLetterPageSize)
		if err != nil {
			o.Log.WarnContext(ctx, "can't count dead letters", "error", err)
			return nil
		}
		for _, l := range page {
			n[l.Service]++
		}
		if cursor = next; next == "" {
			break
		}
	}
	return n
}
