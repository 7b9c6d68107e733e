package services

import (
	"slices"
	"strings"
)

// Sources of requests and messages beside the services.
const (
	Gateway  = "gateway" // HTTP requests
	S3       = "s3"      // notifications about originals
	Schedule = "clock"
)

// objectCreated is the event type of S3 notifications.
const objectCreated = "s3.object-created.v1"

// Edge is a way of requests or messages between two parts of the system.
type Edge struct {
	From  string   // a service, Gateway, S3, Schedule or Topic
	To    string   // a service or Topic
	Types []string // event types; none for requests and the schedule
}

// ListEdges returns all edges of the service map, except those of messages from producers.
func ListEdges() (all []Edge) {
	for _, s := range Map {
		if len(s.Routes) > 0 {
			all = append(all, Edge{From: Gateway, To: s.Name})
		}
		if s.Interval > 0 {
			all = append(all, Edge{From: Schedule, To: s.Name})
		}
		if s.Inbox != nil && slices.Contains(s.Inbox.EventTypes, objectCreated) {
			all = append(all, Edge{S3, s.Name, []string{objectCreated}})
		}
		if s.Inbox != nil && s.Inbox.SubscribedTypes() != nil {
			all = append(all, Edge{Topic, s.Name, s.Inbox.SubscribedTypes()})
		}
		for _, to := range s.Destinations() {
			types := slices.DeleteFunc(slices.Clone(s.Emits), func(t string) bool { return FindDestination(t) != to })
			all = append(all, Edge{s.Name, to, types})
		}
	}
	return all
}

// Topic is the destination of facts, where other events have the name of a service.
const Topic = "topic"

// FindDestination returns where events of a type are sent: Topic for facts (video.*), else the name of the service
// whose inbox receives them; "" if there is none.
func FindDestination(eventType string) string {
	if isFact(eventType) {
		return Topic
	}
	for _, s := range Map {
		if s.Inbox != nil && slices.Contains(s.Inbox.EventTypes, eventType) {
			return s.Name
		}
	}
	return ""
}

func isFact(eventType string) bool { return strings.HasPrefix(eventType, "video.") }

// Destinations returns where the service sends events: names of services, and Topic, each once.
func (s Service) Destinations() (to []string) {
	for _, t := range s.Emits {
		if d := FindDestination(t); d != "" && !slices.Contains(to, d) {
			to = append(to, d)
		}
	}
	return to
}
