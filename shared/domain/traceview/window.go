package traceview

import (
	"slices"
	"time"
)

// Window is a span of time in which traces began; both ends are in it.
type Window struct{ From, To time.Time }

const (
	// widest is how much X-Ray lets itself be asked for at once
	// (https://docs.aws.amazon.com/xray/latest/api/API_GetTraceSummaries.html).
	widest = 6 * time.Hour
	// around is what is looked at before and after what has happened: clocks differ, a trace begins before its hop, and
	// between a message's attempts nothing happens that is remembered.
	around = 30 * time.Minute
	// kept is how long X-Ray keeps a trace (https://docs.aws.amazon.com/xray/latest/devguide/aws-xray.html).
	kept = 30 * 24 * time.Hour
)

// Windows returns where to look for the traces of a video to which something has happened at these moments: all around
// them, but not where nothing happened for long, nor in the future or before X-Ray's memory.
func Windows(moments []time.Time, now time.Time) (all []Window) {
	for _, at := range slices.SortedFunc(slices.Values(moments), time.Time.Compare) {
		w := Window{later(at.Add(-around), now.Add(-kept)), at.Add(around)}
		if w.To.After(now) {
			w.To = now
		}
		last := len(all) - 1
		if last >= 0 && !w.From.After(all[last].To) && w.To.Sub(all[last].From) <= widest {
			all[last].To = w.To
			continue
		}
		if last >= 0 {
			w.From = later(w.From, all[last].To)
		}
		if w.From.Before(w.To) {
			all = append(all, w)
		}
	}
	return all
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
