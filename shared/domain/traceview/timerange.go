package traceview

import (
	"slices"
	"time"
)

// TimeRange is a range of start times of traces, both ends included.
type TimeRange struct{ From, To time.Time }

const (
	// maxRange is the longest range of one query of X-Ray
	// (https://docs.aws.amazon.com/xray/latest/api/API_GetTraceSummaries.html).
	maxRange = 6 * time.Hour
	// rangeMargin is how long before and after a moment traces are searched: clocks differ, a trace starts before its
	// span, and the attempts of a message in between leave no other record.
	rangeMargin = 30 * time.Minute
	// traceRetention is how long X-Ray stores a trace
	// (https://docs.aws.amazon.com/xray/latest/devguide/aws-xray.html).
	traceRetention = 30 * 24 * time.Hour
)

// BuildSearchRanges returns the time ranges in which to search for the traces of a video to which something happened
// at the given moments: the time around each, without the future and without what X-Ray no longer stores.
func BuildSearchRanges(moments []time.Time, now time.Time) (all []TimeRange) {
	for _, at := range slices.SortedFunc(slices.Values(moments), time.Time.Compare) {
		r := TimeRange{maxTime(at.Add(-rangeMargin), now.Add(-traceRetention)), at.Add(rangeMargin)}
		if r.To.After(now) {
			r.To = now
		}
		last := len(all) - 1
		if last >= 0 && !r.From.After(all[last].To) && r.To.Sub(all[last].From) <= maxRange {
			all[last].To = r.To
			continue
		}
		if last >= 0 {
			r.From = maxTime(r.From, all[last].To)
		}
		if r.From.Before(r.To) {
			all = append(all, r)
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
