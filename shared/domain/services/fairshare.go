package services

import "slices"

// MinInFlightLimit is the smallest in-flight limit of a tenant.
const MinInFlightLimit = 4

// ComputeInFlightLimit returns how many tasks of a tenant may be in flight in a lane whose queue may have a number of
// workers: for each worker the current task and the next one, so that a tenant that is alone keeps all workers busy.
func ComputeInFlightLimit(workers int) int { return max(MinInFlightLimit, 2*workers) }

// AllowsRecursion reports whether the service and another one send messages to each other repeatedly for one request,
// because one of them has a fair-share inbox: each finished task requests the next one. Lambda's recursion detection
// must be off for it.
func (s Service) AllowsRecursion() bool {
	return slices.ContainsFunc(s.Destinations(), func(to string) bool {
		o, _ := Lookup(to)
		return (s.isFairShare() || o.isFairShare()) && slices.Contains(o.Destinations(), s.Name)
	})
}

func (s Service) isFairShare() bool { return s.Inbox != nil && s.Inbox.FairShare }
