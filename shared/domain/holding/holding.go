// Package holding says what a video holds of its tenant's limits, which package quota decides about. It is pure and
// needs no AWS rights.
package holding

import (
	"math"

	"sluice/shared/domain/quota"
	"sluice/shared/domain/video"
)

// Of returns what a video holds of its tenant's limits in its state. An upload holds the bytes that it is to have from
// its creation on, so that no completed upload is rejected; the size of a file that Sluice fetches is known when it is
// inspected. A video that failed holds its original until it is deleted, as S3 has that, and no minutes.
func Of(v video.Video) quota.Amounts {
	all := quota.Amounts{}
	stored := v.Source.Size
	switch {
	case v.State == video.Waiting && v.Fetch == nil:
		all[quota.UploadsOpen], all[quota.BytesWaiting] = 1, v.Source.Size
	case v.State == video.Waiting:
		all[quota.ImportsInFlight], stored = 1, 0
	case v.State == video.Cancelled, v.State == video.Deleting, v.State == video.Deleted, v.Times.Uploaded.IsZero():
		stored = 0
	case v.State.IsEncoding() || v.State == video.Ready:
		all[quota.MinutesStored] = countSeconds(v)
	}
	all[quota.BytesStored] = stored
	return all.Minus(nil)
}

// CountDay returns what is counted for the day on which the encoding of a video began.
func CountDay(v video.Video) quota.Amounts {
	return quota.Amounts{quota.MinutesEncoded: countSeconds(v), quota.BytesEncoded: v.Source.Size}.Minus(nil)
}

// countSeconds returns the duration of an inspected video, rounded up; 0 for one that is not inspected.
func countSeconds(v video.Video) int64 {
	if v.Media == nil {
		return 0
	}
	return int64(math.Ceil(v.Media.Duration))
}
