package main

import (
	"context"
	"math"
	"sync"
	"time"

	"sluice/tests/client"
)

// QueueSeries has the samples of one queue.
type QueueSeries struct {
	Name    string   `json:"queue"`
	Lane    string   `json:"lane,omitempty"`
	Samples []Sample `json:"samples"`
}

// Sample is the state of a queue at one time.
type Sample struct {
	At       float64 `json:"at_s"`
	Waiting  int     `json:"waiting"`
	InFlight int     `json:"in_flight"`         // messages that are being handled or wait for another attempt
	Ceiling  *int    `json:"ceiling,omitempty"` // maximum number of workers; absent if unknown
}

// queueRecorder samples all queues at intervals.
type queueRecorder struct {
	getMap func(context.Context) (client.ServiceMap, error)
	now    func() time.Time
	began  time.Time

	mu            sync.Mutex
	queues        []QueueSeries // in the order of the service map
	missedSamples int           // samples for which the map was not available
}

// recordUntilDone takes a sample per interval until ctx ends. A slow sample delays the next one.
func (r *queueRecorder) recordUntilDone(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for ctx.Err() == nil {
		r.takeSample(ctx)
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

func (r *queueRecorder) takeSample(ctx context.Context) {
	m, err := r.getMap(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		if ctx.Err() == nil {
			r.missedSamples++
		}
		return
	}
	at := roundHundredths(r.now().Sub(r.began).Seconds())
	for _, s := range m.Services {
		for _, q := range s.Queues {
			r.addSample(q, at)
		}
	}
}

// addSample keeps the sample of a queue unless its numbers are unknown.
func (r *queueRecorder) addSample(q client.Queue, at float64) {
	if q.Waiting == nil || q.InFlight == nil {
		return
	}
	s := Sample{At: at, Waiting: *q.Waiting, InFlight: *q.InFlight, Ceiling: q.Ceiling}
	for i := range r.queues {
		if r.queues[i].Name == q.Name {
			r.queues[i].Samples = append(r.queues[i].Samples, s)
			return
		}
	}
	r.queues = append(r.queues, QueueSeries{Name: q.Name, Lane: q.Lane, Samples: []Sample{s}})
}

// activeQueues returns the samples of the queues that had any message.
func (r *queueRecorder) activeQueues() (busy []QueueSeries) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range r.queues {
		if q.maxMessages() > 0 {
			q.Samples = q.Samples[:len(q.Samples):len(q.Samples)]
			busy = append(busy, q)
		}
	}
	return busy
}

// isIdle reports whether the last n samples of every queue were taken later than after, in seconds since the start, and
// found it empty.
func (r *queueRecorder) isIdle(n int, after float64) bool {
	for _, q := range r.activeQueues() {
		late := q.Samples[max(0, len(q.Samples)-n):]
		for _, s := range late {
			if s.At <= after || s.Waiting+s.InFlight > 0 {
				return false
			}
		}
	}
	return true
}

// maxMessages returns the greatest number of waiting and handled messages of all samples.
func (q QueueSeries) maxMessages() (n int) {
	for _, s := range q.Samples {
		n = max(n, s.Waiting+s.InFlight)
	}
	return n
}

// lastSample returns the latest sample.
func (q QueueSeries) lastSample() Sample { return q.Samples[len(q.Samples)-1] }

func roundHundredths(x float64) float64 { return math.Round(x*100) / 100 }
