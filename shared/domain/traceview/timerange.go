package traceview

import (
	"slices"
	"time"
)

// TimeRange is a span of time in which traces began; both ends are in it.
type TimeRange struct{ From, To time.Time }

const (
	// maxRange is how much X-Ray lets itself be asked for at once
	// (https://docs.aws.amazon.com/xray/latest/api/API_GetTraceSummaries.html).
	maxRange = 6 * time.Hour
	// rangeMargin is what is looked at before and after what has happened: clocks differ, a trace begins before its
	// hop, and between a message's attempts nothing happens that is remembered.
	rangeMargin = 30 * time.Minute
	// traceRetention is how long X-Ray keeps a trace (https://docs.aws.amazon.com/xray/latest/devguide/aws-xray.html).
	traceRetention = 30 * 24 * time.Hour
)

// BuildSearchRanges returns where to look for the traces of a video to which something has happened at these moments:
// all around them, but not where nothing happened for long, nor in the future or before X-Ray's memory.
func BuildSearchRanges(moments []time.Time, now time.Time) (all []TimeRange) {
	for _, at := range slices.SortedFunc(slices.Values(moments), time.Time.Compare) {
		w := TimeRange{maxTime(at.Add(-rangeMargin), now.Add(-traceRetention)), at.Add(rangeMargin)}
		if w.To.After(now) {
			w.To = now
		}
		last := len(all) - 1
		if last >= 0 && !w.From.After(all[last].To) && w.To.Sub(all[last].From) <= maxRange {
			all[last].To = w.To
			continue
		}
		if last >= 0 {
			w.From = maxTime(w.From, all[last].To)
		}
		if w.From.Before(w.To) {
			all = append(all, w)
		}
	}
	return all
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
