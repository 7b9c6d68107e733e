package traceview

import "time"

// CallKind is how a service came to have something to do.
type CallKind struct {
	Service string
	Type    string // of the event; "" for a request and for the clock
}

// TraceSample is some traces that stand for more.
type TraceSample struct {
	Documents []string
	Fraction  float64 // of all of them: more than 0, 1 at most
}

// CountCalls returns how often each service was called in each way, about: of the hops that began in the window.
func CountCalls(samples []TraceSample, w TimeRange) map[CallKind]float64 {
	calls := map[CallKind]float64{}
	for _, s := range samples {
		for _, n := range parseDocuments(s.Documents).listSpans() {
			at := time.UnixMicro(int64(n.Start * 1e6))
			if !at.Before(w.From) && !at.After(w.To) {
				calls[CallKind{n.Name, n.metadataText("type")}] += 1 / s.Fraction
			}
		}
	}
	return calls
}
