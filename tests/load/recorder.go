package main

import (
	"context"
	"math"
	"sync"
	"time"

	"sluice/tests/client"
)

// Queue is what was seen of one queue over time.
type Queue struct {
	Queue   string   `json:"queue"`
	Lane    string   `json:"lane,omitempty"`
	Samples []Sample `json:"samples"`
}

// Sample is a look at a queue.
type Sample struct {
	At       float64 `json:"at_s"`
	Waiting  int     `json:"waiting"`
	InFlight int     `json:"in_flight"`         // messages that are being handled, or wait for another attempt
	Ceiling  *int    `json:"ceiling,omitempty"` // workers at most; absent if not known
}

// recorder looks at all queues again and again.
type recorder struct {
	get   func(context.Context) (client.Map, error)
	now   func() time.Time
	began time.Time

	mu     sync.Mutex
	queues []Queue // in the order of the map
	missed int     // looks at which the map did not answer
}

// run looks once every interval until ctx ends. A look that takes longer delays the next.
func (r *recorder) run(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for ctx.Err() == nil {
		r.look(ctx)
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

func (r *recorder) look(ctx context.Context) {
	m, err := r.get(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		if ctx.Err() == nil {
			r.missed++
		}
		return
	}
	at := hundredths(r.now().Sub(r.began).Seconds())
	for _, s := range m.Services {
		for _, q := range s.Queues {
			r.add(q, at)
		}
	}
}

// add notes a queue that could be read.
func (r *recorder) add(q client.Queue, at float64) {
	if q.Waiting == nil || q.InFlight == nil {
		return
	}
	s := Sample{At: at, Waiting: *q.Waiting, InFlight: *q.InFlight, Ceiling: q.Ceiling}
	for i := range r.queues {
		if r.queues[i].Queue == q.Name {
			r.queues[i].Samples = append(r.queues[i].Samples, s)
			return
		}
	}
	r.queues = append(r.queues, Queue{Queue: q.Name, Lane: q.Lane, Samples: []Sample{s}})
}

// series returns what was seen so far of queues that had any message.
func (r *recorder) series() (busy []Queue) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range r.queues {
		if q.most() > 0 {
			q.Samples = q.Samples[:len(q.Samples):len(q.Samples)]
			busy = append(busy, q)
		}
	}
	return busy
}

// calm reports whether the last n looks at every queue, at moments after a given one, found it empty.
func (r *recorder) calm(n int, after float64) bool {
	for _, q := range r.series() {
		late := q.Samples[max(0, len(q.Samples)-n):]
		for _, s := range late {
			if s.At <= after || s.Waiting+s.InFlight > 0 {
				return false
			}
		}
	}
	return true
}

// most is the greatest number of messages that the queue had.
func (q Queue) most() (n int) {
	for _, s := range q.Samples {
		n = max(n, s.Waiting+s.InFlight)
	}
	return n
}

// last is the last look.
func (q Queue) last() Sample { return q.Samples[len(q.Samples)-1] }

func hundredths(x float64) float64 { return math.Round(x*100) / 100 }
