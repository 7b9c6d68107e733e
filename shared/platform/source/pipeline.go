// Package pipeline is what happens to a video between its upload and its being ready: inspect looks at the object,
// publish decides and writes the row and the playlists, encode makes the segments. Each step takes one event and
// returns the events that follow; it may see an event twice, late or out of order.
//
// Rights: inspect reads originals; encode reads originals and writes segments; publish reads and writes video rows, what
// tenants have in flight, and playlists. Only publish changes a row. Inspect and encode have no rights on
// the table, and the tools they run have no network and see no credentials.
package source

import (
	"context"
	"io"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/ffmpeg"
)

// Originals are the objects that clients uploaded.
type Originals interface {
	// DownloadObject writes the object to a file. It fails with Conflict if the object is not the one with that ETag any
	// more and with NotFound if it is gone.
	DownloadObject(ctx context.Context, key, etag string, to io.Writer) error
}

// Tools are ffprobe and ffmpeg in their cage.
type Tools interface {
	ProbeStreams(ctx context.Context, dir, file, container string) ([]byte, error)
	ProbePackets(ctx context.Context, dir, file, container string, from float64) ([]byte, error)
	Run(ctx context.Context, r ffmpeg.Command) error
}

// FinalProblem returns what to tell the owner of a video that could not be processed however often it was tried.
func FinalProblem(err error) errs.Problem {
	if p := errs.ProblemOf(err); p.Code != "internal" {
		return p
	}
	return errs.Problem{Code: "processing_failed", Message: "The video could not be processed, which is our fault. Upload it again, and report it if it fails once more."}
}

// SourceChangedProblem returns what to tell the owner of a video whose original is not there, or not the one that was inspected.
func SourceChangedProblem(err error) (p errs.Problem, is bool) {
	switch errs.KindOf(err) {
	case errs.NotFound:
		return errs.Problem{Code: "source_gone", Message: "The file was removed before it was processed; upload it again."}, true
	case errs.Conflict:
		return errs.Problem{Code: "source_replaced", Message: "The file was replaced while it was processed; upload it again."}, true
	default:
		return p, false
	}
}
