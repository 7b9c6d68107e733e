package services

import (
	"cmp"
	"slices"
	"time"

	"sluice/shared/domain/video"
)

// Lane is one of the queues of an inbox, and what the scaling law (package scaling) is to do for it.
type Lane struct {
	Name       video.Lane    // who waits in the queue
	TargetWait time.Duration // how long a message should wait at most; 0: the promise
	MaxWait    time.Duration // how long it may wait: an alarm says when it waits longer; 0: the inbox's
	Weight     float64       // its part of the workers that nobody needs, against others of its name; 0: 1
}

// MinWorkers and MostWorkers bound what a queue may have running at once: the range of an event source mapping's
// MaximumConcurrency (https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html).
const (
	MinWorkers = 2
	MaxWorkers = 1000
)

// MinConcurrency returns the fewest workers that all queues together can be given.
func MinConcurrency() int { return MinWorkers * len(ListQueues()) }

// Queue is a queue that a service consumes: all of its inbox, or one lane of it.
type Queue struct {
	Name    string // the service's; that of a further lane has the lane's behind it: encode-bulk
	Service string
	Lane    Lane // with nothing of it 0
	Inbox   Inbox
}

// ListQueues returns the queues of all inboxes, in the map's order.
func ListQueues() (all []Queue) {
	for _, s := range Map {
		all = append(all, s.Queues()...)
	}
	return all
}

// Queues returns the queues of the service's inbox, one for each lane, the first of them named as the service; none
// without an inbox.
func (s Service) Queues() (all []Queue) {
	if s.Inbox == nil {
		return nil
	}
	in := *s.Inbox
	in.ServiceTime = cmp.Or(in.ServiceTime, time.Second)
	for i, lane := range in.lanesWithDefaults() {
		q := Queue{Name: s.Name, Service: s.Name, Lane: lane, Inbox: in}
		if i > 0 {
			q.Name += "-" + string(lane.Name)
		}
		all = append(all, q)
	}
	return all
}

// MaxWorkers returns how many workers the service may have at most where all queues together may have so many: all that
// the others can do without.
func (s Service) MaxWorkers(concurrency int) int {
	own := s.Queues()
	return min(concurrency-MinWorkers*(len(ListQueues())-len(own)), MaxWorkers*len(own))
}

// QueueForLane returns the queue of a lane. Where the inbox has no such lane it is the first: a message finds its
// service whatever it says of its lane.
func (s Service) QueueForLane(lane video.Lane) Queue {
	all := s.Queues()
	for _, q := range all {
		if q.Lane.Name == lane {
			return q
		}
	}
	return all[0]
}

// QueueForEvent returns the queue that events of a type go to that name a lane, or none; false if they go to the topic,
// or to nobody.
func QueueForEvent(eventType string, lane video.Lane) (Queue, bool) {
	s, ok := Lookup(FindDestination(eventType))
	if !ok {
		return Queue{}, false
	}
	return s.QueueForLane(lane), true
}

// lanesWithDefaults returns the lanes of an inbox, all said; one that names none has one.
func (i Inbox) lanesWithDefaults() []Lane {
	all := slices.Clone(i.Lanes)
	if all == nil {
		all = []Lane{{Name: video.Interactive}}
	}
	for n := range all {
		lane := &all[n]
		lane.MaxWait = cmp.Or(lane.MaxWait, i.MaxWait)
		lane.TargetWait, lane.Weight = cmp.Or(lane.TargetWait, lane.MaxWait), cmp.Or(lane.Weight, 1)
	}
	return all
}
