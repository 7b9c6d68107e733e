package services

import "slices"

// MinInFlightLimit is the fewest tasks of a tenant that may be in flight on an inbox that tenants share.
const MinInFlightLimit = 4

// ComputeInFlightLimit returns how many tasks of a tenant may be in flight on an inbox that may have so many workers:
// for each worker the one that it does and the one that it does next, so that a tenant that is alone has them all busy.
func ComputeInFlightLimit(workers int) int { return max(MinInFlightLimit, 2*workers) }

// AllowsRecursion reports whether the service is called again and again on behalf of one request: it sends to an inbox
// that tenants share, and is sent to from there. Each lap begins when a task of a window is finished.
func (s Service) AllowsRecursion() bool {
	return slices.ContainsFunc(s.listReceivers(), func(o Service) bool {
		return (s.isFairShare() || o.isFairShare()) && slices.Contains(o.Destinations(), s.Name)
	})
}

// listReceivers returns the services that the service sends to.
func (s Service) listReceivers() (all []Service) {
	for _, to := range s.Destinations() {
		if o, ok := Lookup(to); ok {
			all = append(all, o)
		}
	}
	return all
}

func (s Service) isFairShare() bool { return s.Inbox != nil && s.Inbox.FairShare }
