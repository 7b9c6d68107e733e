package waterfall

import "time"

// Call is how a service came to have something to do.
type Call struct {
	Service string
	Type    string // of the event; "" for a request and for the clock
}

// Traffic returns how often each service was called in each way, of the hops in these documents that began in the window.
func Traffic(documents []string, w Window) map[Call]int {
	calls := map[Call]int{}
	for _, n := range gather(documents).hops() {
		at := time.UnixMicro(int64(n.Start * 1e6))
		if !at.Before(w.From) && !at.After(w.To) {
			calls[Call{n.Name, n.detail("type")}]++
		}
	}
	return calls
}
