package services

import (
	"slices"
	"strings"
)

// Where what goes into Sluice comes from, beside its services.
const (
	Gateway  = "gateway" // requests
	S3       = "s3"      // what S3 says of originals
	Schedule = "clock"
)

// objectCreated is the type of what S3 says.
const objectCreated = "s3.object-created.v1"

// Edge is a way that requests or messages take.
type Edge struct {
	From  string   // a service, Gateway, Store, Clock or Topic
	To    string   // a service or Topic
	Types []string // of the events; none of requests and of the clock's calls
}

// ListEdges returns all ways of the map: into each service through its doors, and from each to where its events go.
// What producers outside send is not among them.
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
			all = append(all, Edge{s.Name, to, s.typesSentTo(to)})
		}
	}
	return all
}

// typesSentTo returns the types of what the service sends to a destination.
func (s Service) typesSentTo(to string) (types []string) {
	for _, t := range s.Emits {
		if FindDestination(t) == to {
			types = append(types, t)
		}
	}
	return types
}

// Topic stands for the topic where a queue's service would stand.
const Topic = "topic"

// FindDestination returns where events of a type go: Topic for facts, video.*; else the service whose inbox takes them;
// "" if nobody does.
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

// Destinations returns where a service sends to: services and Topic, each once.
func (s Service) Destinations() (to []string) {
	for _, t := range s.Emits {
		if d := FindDestination(t); d != "" && !slices.Contains(to, d) {
			to = append(to, d)
		}
	}
	return to
}
