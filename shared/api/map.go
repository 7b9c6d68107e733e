package api

import (
	"context"
	"net/http"
	"sync"

	"sluice/shared/services"
	"sluice/shared/video"
)

// mapView is the map as it is now. Numbers that are not known are absent.
type mapView struct {
	At       moment        `json:"at"`
	Services []serviceView `json:"services"`
	Edges    []edgeView    `json:"edges"`
}

type serviceView struct {
	Name   string      `json:"name"`
	Doors  []string    `json:"doors"` // routes, inbox, clock
	Routes []routeView `json:"routes"`
	Queues []queueView `json:"queues"`
}

type routeView struct {
	Method string `json:"method"`
	Path   string `json:"path"`
}

type queueView struct {
	Name     string `json:"name"`
	Waiting  *int   `json:"waiting,omitempty"`
	InFlight *int   `json:"in_flight,omitempty"`
	Dead     *int   `json:"dead,omitempty"` // letters that are open
}

type edgeView struct {
	From  string   `json:"from"`
	To    string   `json:"to"`
	Types []string `json:"types"`
}

// showMap answers GET /v1/map. What can't be read of a queue is absent: the rest is worth seeing then above all.
func (o *Observer) showMap(w http.ResponseWriter, r *http.Request) error {
	now := instant(o.Now())
	out := mapView{At: moment{now}, Services: make([]serviceView, len(services.Map))}
	dead := o.dead(r.Context())
	var all sync.WaitGroup
	for i, s := range services.Map {
		all.Go(func() { out.Services[i] = o.service(r.Context(), s, dead) })
	}
	all.Wait()
	for _, e := range services.Edges() {
		out.Edges = append(out.Edges, edgeView{e.From, e.To, append([]string{}, e.Types...)})
	}
	return reply(w, http.StatusOK, out)
}

func (o *Observer) service(ctx context.Context, s services.Service, dead map[string]int) serviceView {
	v := serviceView{Name: s.Name, Doors: []string{}, Routes: []routeView{}, Queues: []queueView{}}
	for _, r := range s.Routes {
		v.Routes = append(v.Routes, routeView{r.Method, r.Path})
	}
	if len(s.Routes) > 0 {
		v.Doors = append(v.Doors, "routes")
	}
	if s.Inbox != nil {
		v.Doors = append(v.Doors, "inbox")
		v.Queues = append(v.Queues, o.queue(ctx, s.Name, dead))
	}
	if s.Every > 0 {
		v.Doors = append(v.Doors, "clock")
	}
	return v
}

func (o *Observer) queue(ctx context.Context, name string, dead map[string]int) queueView {
	v := queueView{Name: name}
	if dead != nil {
		n := dead[name]
		v.Dead = &n
	}
	waiting, inFlight, err := o.Queues.Counts(ctx, name)
	if err != nil {
		o.Log.WarnContext(ctx, "a queue can't be read", "queue", name, "error", err)
		return v
	}
	v.Waiting, v.InFlight = &waiting, &inFlight
	return v
}

// Open letters are counted up to so many, in so many pages.
const (
	lettersPage  = 1000
	lettersPages = 3
)

// dead returns how many letters of each service are open, of the latest; nil if that can't be read.
func (o *Observer) dead(ctx context.Context) map[string]int {
	n := map[string]int{}
	cursor := ""
	for range lettersPages {
		page, next, err := o.Letters.Letters(ctx, video.LetterFilter{State: video.LetterOpen}, cursor, o.Now(), lettersPage)
		if err != nil {
			o.Log.WarnContext(ctx, "dead letters can't be counted", "error", err)
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
