package traceview

import "time"

// CallKind is a service and what invoked it.
type CallKind struct {
	Service string
	Type    string // event type; "" for a request or the schedule
}

// TraceSample is a sample of the traces of a time range.
type TraceSample struct {
	Documents []string
	Fraction  float64 // of all traces: greater than 0, at most 1
}

// CountCalls returns the estimated number of calls of each kind: of the spans that started in the time range.
func CountCalls(samples []TraceSample, r TimeRange) map[CallKind]float64 {
	calls := map[CallKind]float64{}
	for _, s := range samples {
		for _, seg := range parseDocuments(s.Documents).listSpans() {
			at := time.UnixMicro(int64(seg.Start * 1e6))
			if !at.Before(r.From) && !at.After(r.To) {
				calls[CallKind{seg.Name, seg.metadataText("type")}] += 1 / s.Fraction
			}
		}
	}
	return calls
}
