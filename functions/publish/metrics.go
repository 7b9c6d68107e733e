package publish

import (
	"time"

	"sluice/shared/domain/metric"
	"sluice/shared/domain/video"
)

// collectMetrics returns the metrics of a change of a video: the duration of each stage that has ended with it, in
// milliseconds, and a failure with its code.
func collectMetrics(before, after video.Video) (all []metric.Value) {
	was, is := before.Times, after.Times
	ended := func(m metric.Metric, already, from, to time.Time) {
		if already.IsZero() && !from.IsZero() && !to.IsZero() {
			all = append(all, m.NewValue(metric.ToMilliseconds(to.Sub(from))))
		}
	}
	ended(metric.InspectTime, was.Inspected, is.Uploaded, is.Inspected)
	ended(metric.EncodeTime, was.Encoded, is.Inspected, is.Encoded)
	ended(metric.PublishTime, was.Ready, is.Encoded, is.Ready)
	ended(metric.PlayableTime, was.Playable, is.Uploaded, is.Playable)
	ended(metric.ReadyTime, was.Ready, is.Uploaded, is.Ready)
	if after.State == video.Failed && before.State != video.Failed {
		all = append(all, metric.Failed.NewValueFor(string(after.Problem.Code), 1))
	}
	return all
}
