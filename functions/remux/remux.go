// Package remux copies the streams of an original, whose container has no index, into an MP4 file, once for all tasks:
// ranges of the original go through a pipe to ffmpeg in the sandbox, and what it writes goes to S3 as parts of an
// upload. Neither is ever on a disk or in memory as a whole.
//
// The copy depends on the original only. A message that arrives twice finds the copy, or makes the same one again.
//
// Rights: s3:GetObject on the bucket of originals, s3:PutObject and s3:AbortMultipartUpload on the copies in it. It has
// no rights on the table. The tools it runs have no credentials and, in the full sandbox, no network
// (docs/security.md).
package remux

import (
	"context"
	"log/slog"
	"time"

	"sluice/events"
	"sluice/shared/domain/defragment"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/media"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/source"
)

// CopyStore keeps the copies.
type CopyStore interface {
	// HeadObject returns an object's properties; NotFound if there is none.
	HeadObject(ctx context.Context, key string) (video.StoredObject, error)
	// CreateUpload, UploadPart, CompleteUpload and AbortUpload make an object of parts; see blob.Bucket.
	CreateUpload(ctx context.Context, key, contentType string) (id string, err error)
	UploadPart(ctx context.Context, key, id string, n int, body []byte) (blob.Part, error)
	CompleteUpload(ctx context.Context, key, id string, parts []blob.Part) (etag string, err error)
	AbortUpload(ctx context.Context, key, id string) error
}

// Runner runs ffmpeg in the sandbox; see ffmpeg.Tools.
type Runner interface {
	Run(ctx context.Context, r ffmpeg.Command) error
}

// Remuxer handles RemuxRequested.
type Remuxer struct {
	Source  source.Originals
	Copies  CopyStore
	Tools   Runner
	TempDir string // where each job makes a folder of its own
	Now     func() time.Time
	Log     *slog.Logger
}

// Handle makes the copy and returns RemuxDone, without a copy if the streams can't be copied. It returns no event if
// the original was replaced since, as the new one has an event of its own, and MediaRefused if it is gone.
func (r Remuxer) Handle(ctx context.Context, e events.Event) ([]events.Event, error) {
	d, err := events.DataAs[video.RemuxRequested]("remux.Handle", e)
	if err != nil {
		return nil, err
	}
	made, err := r.findOrMakeCopy(ctx, d)
	p, lost := source.SourceChangedProblem(err)
	switch {
	case errs.KindOf(err) == errs.Conflict:
		return nil, nil
	case lost:
		return r.buildRejection(e, d, p), nil
	case errs.KindOf(err) == errs.Invalid: // whether it is rejected is decided on the whole original
		made = nil
	case err != nil:
		return nil, err
	}
	return []events.Event{events.New(e.Tenant, e.Video, r.Now(),
		video.RemuxDone{At: r.Now(), ETag: d.Source.ETag, Copy: made})}, nil
}

// OnExhausted returns the event that fails a video after the last attempt to handle e has failed with err.
func (r Remuxer) OnExhausted(e events.Event, err error) []events.Event {
	d, ok := e.Data.(video.RemuxRequested)
	if !ok {
		return nil
	}
	return r.buildRejection(e, d, source.FinalProblem(err))
}

func (r Remuxer) buildRejection(e events.Event, d video.RemuxRequested, p errs.Problem) []events.Event {
	return []events.Event{events.New(e.Tenant, e.Video, r.Now(),
		video.MediaRefused{UploadedAt: d.UploadedAt, At: r.Now(), ETag: d.Source.ETag, Problem: p})}
}

// findOrMakeCopy returns the copy of an original. It fails with Invalid if the streams can't be copied.
func (r Remuxer) findOrMakeCopy(ctx context.Context, d video.RemuxRequested) (*video.Copy, error) {
	key := services.CopyKey(d.Source.Key, d.Source.ETag)
	switch o, err := r.Copies.HeadObject(ctx, key); errs.KindOf(err) {
	case "":
		return &video.Copy{ETag: o.ETag, Size: o.Size, Rate: d.Streams.Rate}, nil
	case errs.NotFound:
	default:
		return nil, err
	}
	id, err := r.Copies.CreateUpload(ctx, key, "video/mp4")
	if err != nil {
		return nil, err
	}
	up := newUpload(ctx, r.Copies, key, id)
	made, err := r.makeCopy(ctx, d, up)
	if err != nil {
		up.abort(ctx)
		return nil, err
	}
	made.Rate = d.Streams.Rate
	return made, nil
}

// makeCopy copies the streams of an original into an upload, and completes it.
func (r Remuxer) makeCopy(ctx context.Context, d video.RemuxRequested, up *upload) (*video.Copy, error) {
	const op = "remux.makeCopy"
	job, err := ffmpeg.NewWorkDir(r.TempDir)
	if err != nil {
		return nil, err
	}
	defer job.Close()
	began := r.Now()
	in := source.NewStream(ctx, r.Source, d.Source.Key, d.Source.ETag, d.Source.Size)
	defer in.Close()
	out, args := defragment.NewWriter(up), media.StreamRemuxArgs(d.Streams.Container, d.Streams.AudioCodec)
	err = r.Tools.Run(ctx, ffmpeg.Command{
		Dir: job.Path, Stdin: in, Stdout: out, Container: d.Streams.Container, Input: args.Input, Output: args.Output,
	})
	switch { // ffmpeg may have failed because of these, or not noticed them
	case in.Err() != nil:
		return nil, in.Err()
	case up.err != nil:
		return nil, up.err
	case out.Err() != nil:
		return nil, errs.E(op, errs.Invalid, out.Err())
	case err != nil:
		return nil, err
	}
	begin, err := out.Close()
	switch {
	case up.err != nil:
		return nil, up.err
	case err != nil:
		return nil, errs.E(op, errs.Invalid, err)
	}
	r.Log.InfoContext(ctx, "original read", "bytes", d.Source.Size, "seconds", r.Now().Sub(began).Seconds())
	return up.complete(ctx, begin)
}
