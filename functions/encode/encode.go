// Package encode makes the media segments of one task of an encoding plan: one chunk in every rendition, from one
// decode, with its audio, or the audio of the whole video. The result depends on the message only: the same message
// makes the same bytes, so that a task may be done twice. It reads the bytes of the original that the task needs, by
// the index that inspect has stored, or the whole original.
//
// Rights: s3:GetObject on the bucket of originals, s3:PutObject below the video's prefix in the media bucket. It has no
// rights on the table. The tools it runs have no credentials and, in the full sandbox, no network (docs/security.md).
package encode

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/media"
	"sluice/shared/domain/metric"
	"sluice/shared/domain/sampletable"
	"sluice/shared/domain/sampletable/audioindex"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/source"
	"sluice/shared/platform/telemetry/metrics"
)

// SegmentWriter writes objects of the media bucket.
type SegmentWriter interface {
	PutObject(ctx context.Context, key string, body io.ReadSeeker, m blob.Metadata) error
}

// Encoder handles EncodeRequested.
type Encoder struct {
	Source  source.Originals
	Media   SegmentWriter
	Tools   source.Tools
	TempDir string // where each job makes a folder of its own
	Now     func() time.Time
	Log     *slog.Logger
}

// cacheForever is the Cache-Control header of segments: a segment's name is never used for other content.
const cacheForever = "public, max-age=31536000, immutable"

// Handle encodes the task and returns EncodeDone, or EncodeFailed if the original is at fault.
func (n Encoder) Handle(ctx context.Context, e events.Event) ([]events.Event, error) {
	d, err := events.DataAs[video.EncodeRequested]("encode.Handle", e)
	if err != nil {
		return nil, err
	}
	began := n.Now()
	r, err := n.encodeTask(ctx, d)
	p, lost := source.SourceChangedProblem(err)
	switch {
	case lost:
		return n.buildFailure(e, d, p), nil
	case errs.IsRejection(err):
		return n.buildFailure(e, d, errs.ProblemOf(err)), nil
	case err != nil:
		return nil, err
	}
	return []events.Event{events.New(e.Tenant, e.Video, n.Now(),
		video.EncodeDone{Started: began, At: n.Now(), Result: r})}, nil
}

// OnExhausted returns the event that fails a task after the last attempt to handle e has failed with err.
func (n Encoder) OnExhausted(e events.Event, err error) []events.Event {
	d, ok := e.Data.(video.EncodeRequested)
	if !ok {
		return nil
	}
	return n.buildFailure(e, d, source.FinalProblem(err))
}

func (n Encoder) buildFailure(e events.Event, d video.EncodeRequested, p errs.Problem) []events.Event {
	return []events.Event{events.New(e.Tenant, e.Video, n.Now(),
		video.EncodeFailed{At: n.Now(), Task: d.Task, Problem: p})}
}

func (n Encoder) encodeTask(ctx context.Context, d video.EncodeRequested) (video.Result, error) {
	job, err := ffmpeg.NewWorkDir(n.TempDir)
	if err != nil {
		return video.Result{}, err
	}
	defer job.Close()
	made, err := n.encodeFromPart(ctx, d, job.Path)
	if errs.KindOf(err) == errs.Invalid {
		n.countWholeRead(ctx, d, err)
		made, err = n.encodeFromWhole(ctx, d, job.Path)
	}
	if err != nil {
		return video.Result{}, err
	}
	return n.storeSegments(ctx, d, made)
}

// encodeFromPart encodes the task from the bytes of the original that it needs. It fails with Invalid if that is not
// possible: a failure of the task is decided on the whole original.
func (n Encoder) encodeFromPart(
	ctx context.Context, d video.EncodeRequested, dir string,
) ([]media.RenditionOutput, error) {
	began := n.Now()
	src, err := source.DownloadPart(ctx, n.Source, d.Source, d.Media.Index, dir, findNeed(d))
	if err != nil {
		return nil, err
	}
	n.Log.InfoContext(ctx, "part of original read", "bytes", src.Size(), "seconds", n.Now().Sub(began).Seconds())
	defer src.Remove() // the disk may not have room for the whole original beside it
	if d.Task.Kind == video.VideoTask {
		d.Media.Start = src.Start
	}
	made, err := n.makeSegments(ctx, d, src.File, media.FromStart)
	if err != nil {
		return nil, err
	}
	return n.addAudio(ctx, d, src.File, media.AudioInput{Part: src.Audio}, made)
}

// countWholeRead logs why a task reads the whole original.
func (n Encoder) countWholeRead(ctx context.Context, d video.EncodeRequested, why error) {
	if errors.Is(why, source.ErrNoAudioIndex) {
		return
	}
	n.Log.WarnContext(ctx, "the whole original is read", "task", d.Task.Number, "error", why,
		"container", d.Media.Container, "video_codec", d.Media.VideoCodec, "audio_codec", d.Media.AudioCodec,
		metrics.LogAttr(n.Now(), metric.WholeReads.NewValue(1)))
}

// findNeed returns what a task needs of the original.
func findNeed(d video.EncodeRequested) (need source.Need) {
	if d.Task.Kind == video.VideoTask {
		need.Video = func(start int64) sampletable.Window { return media.FindWindow(d.Plan, d.Media, d.Task, start) }
	}
	if d.Plan.AudioInChunks {
		need.Audio = func(rate int) audioindex.Window {
			return media.FindAudioWindow(d.Plan, d.Media, d.Task, rate)
		}
	}
	return need
}

// encodeFromWhole encodes the task from the whole original.
func (n Encoder) encodeFromWhole(
	ctx context.Context, d video.EncodeRequested, dir string,
) ([]media.RenditionOutput, error) {
	key, etag := services.LocateSource(d.Source)
	src, err := source.DownloadOriginal(ctx, n.Source, key, etag, dir)
	if err != nil {
		return nil, err
	}
	if src, err = src.RemuxIfNeeded(ctx, n.Tools); err != nil {
		return nil, err
	}
	prerolls := []float64{media.FromStart} // audio is always decoded from its start
	if d.Task.Kind == video.VideoTask {
		prerolls = media.Prerolls(d.Media)
	}
	var made []media.RenditionOutput
	for _, preroll := range prerolls { // until no frame is missing
		made, err = n.makeSegments(ctx, d, src, preroll)
		if !media.HasWrongFrames(err) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return n.addAudio(ctx, d, src, media.AudioInput{Whole: true}, made)
}
