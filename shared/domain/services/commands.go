package services

import (
	"slices"

	"sluice/shared/domain/access"
)

// Command is what clients and producers may ask of a service. It has two doors: a route, and an event type that the
// service's inbox receives. Behind both are one type, one validator and one handler.
type Command struct {
	Name  string // one of those of package access
	Route Route  // by which clients send it
	Type  string // event type of the message by which producers send it; "": they may not
}

var videoCommands = []Command{
	{access.CommandCreate, Route{"POST", "/v1/videos", AuthToken, "videos:write"}, "upload.requested.v1"},
	{access.CommandDescribe, Route{"PATCH", "/v1/videos/{id}", AuthToken, "videos:write"}, "command.describe.v1"},
	{
		access.CommandUnpublish, Route{"POST", "/v1/videos/{id}/unpublish", AuthToken, "videos:write"},
		"command.unpublish.v1",
	},
	{
		access.CommandPublish, Route{"POST", "/v1/videos/{id}/publish", AuthToken, "videos:write"},
		"command.publish.v1",
	},
	{access.CommandDelete, Route{"DELETE", "/v1/videos/{id}", AuthToken, "videos:write"}, "command.delete.v1"},
}

// deadLetterCommands have no message. A producer acts for one tenant, and dead letters are those of all; the service
// that takes producers' messages would need rights on all dead letters and all queues.
var deadLetterCommands = []Command{
	{access.CommandRedrive, Route{"POST", "/v1/dead-letters/{id}/redrive", AuthToken, "operator"}, ""},
}

// addDoors returns the services with the routes and the event types of their commands.
func addDoors(all []Service) []Service {
	for i := range all {
		s := &all[i]
		for _, c := range s.Commands {
			s.Routes = append(s.Routes, c.Route)
			if c.Type != "" {
				s.Inbox.EventTypes = append(s.Inbox.EventTypes, c.Type)
			}
		}
	}
	return all
}

// ListCommands returns the commands of all services.
func ListCommands() (all []Command) {
	for _, s := range Map {
		all = append(all, s.Commands...)
	}
	return all
}

// ListProducerCommands returns the names of the commands that producers may send.
func ListProducerCommands() (names []string) {
	for _, c := range ListCommands() {
		if c.Type != "" {
			names = append(names, c.Name)
		}
	}
	return names
}

// FindCommand returns the command whose message has an event type. ok is false if there is none.
func FindCommand(eventType string) (c Command, ok bool) {
	all := ListCommands()
	i := slices.IndexFunc(all, func(c Command) bool { return eventType != "" && c.Type == eventType })
	if i < 0 {
		return Command{}, false
	}
	return all[i], true
}
