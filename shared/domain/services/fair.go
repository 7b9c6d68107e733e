package services

import "slices"

// LeastWindow is the fewest tasks of a tenant that may be in flight on an inbox that tenants share.
const LeastWindow = 4

// Window returns how many tasks of a tenant may be in flight on an inbox that may have so many workers: for each worker
// the one that it does and the one that it does next, so that a tenant that is alone has them all busy.
func Window(workers int) int { return max(LeastWindow, 2*workers) }

// Laps reports whether the service is called again and again on behalf of one request: it sends to an inbox that tenants
// share, and is sent to from there. Each lap begins when a task of a window is finished.
func (s Service) Laps() bool {
	return slices.ContainsFunc(s.neighbours(), func(o Service) bool {
		return (s.fair() || o.fair()) && slices.Contains(o.Sends(), s.Name)
	})
}

// neighbours returns the services that the service sends to.
func (s Service) neighbours() (all []Service) {
	for _, to := range s.Sends() {
		if o, ok := Lookup(to); ok {
			all = append(all, o)
		}
	}
	return all
}

func (s Service) fair() bool { return s.Inbox != nil && s.Inbox.Fair }
