package services

import (
	"cmp"
	"strings"
	"time"

	"sluice/shared/domain/video"
)

// LaneSettings is one of the queues of an inbox, with its settings for the scaling law (package scaling).
type LaneSettings struct {
	Name       video.Lane    // how urgent the messages are
	TargetWait time.Duration // how long a message should wait at most; 0: MaxWait
	MaxWait    time.Duration // how long a message may wait; an alarm reports longer waits; 0: the inbox's
	Weight     float64       // its share of spare workers, relative to other queues of the lane; 0: 1
}

// MinWorkers and MaxWorkers bound how many workers a queue may have: the range of an event source mapping's
// MaximumConcurrency (https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html).
const (
	MinWorkers = 2
	MaxWorkers = 1000
)

// MinConcurrency returns how many workers all queues together have at least.
func MinConcurrency() int { return MinWorkers * len(ListQueues()) }

// Queue is a queue of a service: of its whole inbox, or of one lane.
type Queue struct {
	Name    string // that of the service; further lanes add the name of the lane: encode-bulk
	Service string
	Lane    LaneSettings // with defaults applied
	Inbox   Inbox
}

// ListQueues returns the queues of all services, in the order of the map.
func ListQueues() (all []Queue) {
	for _, s := range Map {
		all = append(all, s.Queues()...)
	}
	return all
}

// Queues returns the queues of the service, one for each lane; none if it has no inbox. The first one has the name of
// the service.
func (s Service) Queues() (all []Queue) {
	if s.Inbox == nil {
		return nil
	}
	in := *s.Inbox
	in.ServiceTime = cmp.Or(in.ServiceTime, time.Second)
	lanes := in.Lanes
	if lanes == nil {
		lanes = []LaneSettings{{Name: video.Interactive}}
	}
	for i, lane := range lanes {
		lane.MaxWait = cmp.Or(lane.MaxWait, in.MaxWait)
		lane.TargetWait, lane.Weight = cmp.Or(lane.TargetWait, lane.MaxWait), cmp.Or(lane.Weight, 1)
		q := Queue{Name: s.Name, Service: s.Name, Lane: lane, Inbox: in}
		if i > 0 {
			q.Name += "-" + string(lane.Name)
		}
		all = append(all, q)
	}
	return all
}

// WorkerLimit returns how many workers the service may have at most if all queues together have a concurrency:
// everything beyond the minimum of the others.
func (s Service) WorkerLimit(concurrency int) int {
	own := s.Queues()
	return min(concurrency-MinWorkers*(len(ListQueues())-len(own)), MaxWorkers*len(own))
}

// QueueForLane returns the queue of a lane. If the inbox has no such lane it returns the first queue, so that no
// message is lost because of its lane.
func (s Service) QueueForLane(lane video.Lane) Queue {
	all := s.Queues()
	for _, q := range all {
		if q.Lane.Name == lane {
			return q
		}
	}
	return all[0]
}

// QueueForEvent returns the queue for events of a type that name a lane, or none. ok is false if they go to the topic,
// or nowhere.
func QueueForEvent(eventType string, lane video.Lane) (q Queue, ok bool) {
	s, ok := Lookup(FindDestination(eventType))
	if !ok {
		return Queue{}, false
	}
	return s.QueueForLane(lane), true
}

// PascalCase turns the name of a service or queue into an identifier: encode-bulk into EncodeBulk.
func PascalCase(name string) (id string) {
	for word := range strings.SplitSeq(name, "-") {
		id += strings.ToUpper(word[:1]) + word[1:]
	}
	return id
}
