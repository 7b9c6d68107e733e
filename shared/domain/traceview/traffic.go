package traceview

import "time"

// Call is how a service came to have something to do.
type Call struct {
	Service string
	Type    string // of the event; "" for a request and for the clock
}

// Sample is some traces that stand for more.
type Sample struct {
	Documents []string
	Part      float64 // of all of them: more than 0, 1 at most
}

// Traffic returns how often each service was called in each way, about: of the hops that began in the window.
func Traffic(samples []Sample, w Window) map[Call]float64 {
	calls := map[Call]float64{}
	for _, s := range samples {
		for _, n := range gather(s.Documents).hops() {
			at := time.UnixMicro(int64(n.Start * 1e6))
			if !at.Before(w.From) && !at.After(w.To) {
				calls[Call{n.Name, n.detail("type")}] += 1 / s.Part
			}
		}
	}
	return calls
}
