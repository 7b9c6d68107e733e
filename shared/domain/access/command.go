package access

import (
	"slices"

	"sluice/shared/domain/errs"
)

// Names of the commands that clients and producers send.
const (
	CommandCreate    = "create"
	CommandDescribe  = "describe"
	CommandUnpublish = "unpublish"
	CommandPublish   = "publish"
	CommandDelete    = "delete"
	CommandRedrive   = "redrive"
)

// DefaultCommands are the commands of a producer whose registration names none.
var DefaultCommands = []string{CommandCreate}

var (
	problemSenderUnknown = errs.NewProblem("sender_unknown",
		"Nobody has registered the principal that sent this message; an operator does, with POST /v1/sources.")
	problemCommandForbidden = errs.NewProblem("command_forbidden",
		"The principal that sent this message may not send this command; an operator grants it, with POST /v1/sources.")
)

// SelectGranted returns those registrations of a message's sender that allow a command. Forbidden: there is none, with
// the code sender_unknown or command_forbidden.
func SelectGranted(op string, registered []Producer, command string) (granted []Producer, err error) {
	if len(registered) == 0 {
		return nil, problemSenderUnknown.ToError(op, errs.Forbidden, nil)
	}
	for _, p := range registered {
		if slices.Contains(p.AllowedCommands(), command) {
			granted = append(granted, p)
		}
	}
	if len(granted) == 0 {
		return nil, problemCommandForbidden.ToError(op, errs.Forbidden, nil)
	}
	return granted, nil
}

// FindOnlyTenant returns the tenant of registrations that are all of one tenant, "" otherwise.
func FindOnlyTenant(registered []Producer) string {
	if tenants := ListTenants(registered); len(tenants) == 1 {
		return tenants[0]
	}
	return ""
}

// ListTenants returns the tenants of registrations, each once, in their order.
func ListTenants(registered []Producer) (tenants []string) {
	for _, p := range registered {
		if !slices.Contains(tenants, p.Tenant) {
			tenants = append(tenants, p.Tenant)
		}
	}
	return tenants
}
