package publish

import (
	"time"

	"sluice/shared/domain/video"
	"sluice/shared/platform/telemetry/metrics"
)

// counts returns what there is to count of a change: how long the stages took that it ends, and a failure with its code.
func counts(before, after video.Video) (all []metrics.Value) {
	was, is := before.Times, after.Times
	ended := func(m metrics.Metric, already, from, to time.Time) {
		if already.IsZero() && !from.IsZero() && !to.IsZero() {
			all = append(all, m.Is(metrics.Took(to.Sub(from))))
		}
	}
	ended(metrics.InspectTime, was.Inspected, is.Uploaded, is.Inspected)
	ended(metrics.EncodeTime, was.Encoded, is.Inspected, is.Encoded)
	ended(metrics.PublishTime, was.Ready, is.Encoded, is.Ready)
	ended(metrics.PlayTime, was.Playable, is.Uploaded, is.Playable)
	ended(metrics.ReadyTime, was.Ready, is.Uploaded, is.Ready)
	if after.State == video.Failed && before.State != video.Failed {
		all = append(all, metrics.Failed.In(after.Problem.Code, 1))
	}
	return all
}
