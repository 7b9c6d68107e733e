package video

import (
	"time"

	"sluice/shared/domain/errs"
)

// A container without an index is remuxed once, after its first inspection: the streams of the original are copied into
// an MP4 file, which is inspected in turn, and which all tasks read. Until then the video is uploaded, and its source
// has the ETag of the original that needs a copy.

// bytesPerSecond is how fast a function reads from S3, in bytes: about 625 Mbit/s, as users of AWS Lambda have measured
// (https://github.com/sjakthol/aws-network-benchmark).
const bytesPerSecond = 78_000_000

const (
	maxRemuxSeconds = 14 * 60   // of reading in one attempt, of the 15 minutes that a function has
	remuxTimeout    = time.Hour // that a video waits for its copy: three attempts of a quarter of an hour
)

// remuxTooLong is the problem of an original that can't be remuxed within one attempt.
var remuxTooLong = errs.NewProblem("remux_too_long",
	"A file of this kind can't be as large as this one; export it as MP4, and upload that.")

// AwaitsRemux reports whether the original was found to need a copy, and there is none yet.
func (v Video) AwaitsRemux() bool {
	return v.State == Uploaded && v.Source.ETag != "" && v.Source.Copy == nil
}

// applyUnindexed requests the copy of the original. The object may have replaced another one that was being remuxed.
func applyUnindexed(v Video, e MediaUnindexed) (Video, []Event) {
	if e.Size > maxRemuxSeconds*bytesPerSecond && !v.State.IsEncoding() {
		return applyEvent(v, MediaRefused{At: e.At, Size: e.Size, Problem: remuxTooLong})
	}
	if v.State != Uploaded {
		return v, nil
	}
	if v.Source.ETag != e.ETag {
		v.Source.ETag, v.Source.Size, v.Source.Copy, v.Deadline = e.ETag, e.Size, nil, Deadline{}
		v = v.WithDeadline(e.At)
	}
	s := v.Source
	s.Copy = nil
	return v, []Event{RemuxRequested{UploadedAt: v.Times.Uploaded, Source: s, Streams: e.Streams}}
}

// applyRemuxDone requests the inspection of the copy, or that of the whole original.
func applyRemuxDone(v Video, e RemuxDone) (Video, []Event) {
	if v.State != Uploaded || v.Source.ETag != e.ETag {
		return v, nil
	}
	if v.Source.Copy == nil && e.Copy != nil {
		v.Source.Copy, v.Deadline = e.Copy, Deadline{}
		v = v.WithDeadline(e.At)
	}
	return v, []Event{InspectRequested{
		Key: v.Source.Key, Stored: StoredObject{Size: v.Source.Size, ETag: e.ETag, At: v.Times.Uploaded},
		Copy: v.Source.Copy, Whole: v.Source.Copy == nil,
	}}
}
