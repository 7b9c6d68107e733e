// Package source downloads an original, or the part of it that a task needs, to a worker's disk, for the services
// inspect and encode, and streams one to the service remux. It determines the container, remuxes files that can't be
// cut as they are, and says what the owner is told when an original is gone.
//
// Rights: s3:GetObject on the bucket of originals.
package source

import (
	"context"
	"io"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/ffmpeg"
)

// Originals reads the objects that clients uploaded, and their indexes.
type Originals interface {
	// DownloadObject writes an object to to. It fails with Conflict if the object has another ETag by now, and with
	// NotFound if there is none.
	DownloadObject(ctx context.Context, key, etag string, to io.Writer) error
	// DownloadRange writes length bytes from position from on. Its errors are those of DownloadObject; with an empty
	// etag, the object may have any.
	DownloadRange(ctx context.Context, key, etag string, from, length int64, to io.Writer) error
}

// Tools runs ffmpeg and ffprobe in the sandbox; see ffmpeg.Tools.
type Tools interface {
	ProbeStreams(ctx context.Context, dir, file, container string) ([]byte, error)
	ProbePackets(ctx context.Context, dir, file, container string, from float64) ([]byte, error)
	Run(ctx context.Context, r ffmpeg.Command) error
}

// FinalProblem returns what the owner of a video is told when the last attempt to process it has failed with err.
func FinalProblem(err error) errs.Problem {
	if p := errs.ProblemOf(err); p.Code != "internal" {
		return p
	}
	return errs.Problem{
		Code:    "processing_failed",
		Message: "The video could not be processed, which is our fault. Upload it again, and report it if it fails once more.",
	}
}

// SourceChangedProblem returns what the owner of a video is told if err says that the original was removed or replaced
// after it was uploaded; changed is false if err says something else.
func SourceChangedProblem(err error) (p errs.Problem, changed bool) {
	switch errs.KindOf(err) {
	case errs.NotFound:
		return video.SourceGone, true
	case errs.Conflict:
		return errs.NewProblem("source_replaced",
			"The file was replaced while it was processed; upload it again."), true
	default:
		return p, false
	}
}
