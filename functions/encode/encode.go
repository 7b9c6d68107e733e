// Package encode makes the media segments of one task of an encoding plan: one chunk in every rendition, from one
// decode, with its audio, or the audio of the whole video. The result depends on the message only: the same message
// makes the same bytes, so that a task may be done twice. It reads the bytes of the original that the task needs, by
// the index that inspect has stored, or the whole original.
//
// Rights: s3:GetObject on the bucket of originals, s3:PutObject below the video's prefix in the media bucket. It has no
// rights on the table. The tools it runs have no credentials and, in the full sandbox, no network (docs/security.md).
package encode

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/media"
	"sluice/shared/domain/metric"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/sampletable"
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

// countWholeRead logs why a task reads the whole original although there is an index for it.
func (n Encoder) countWholeRead(ctx context.Context, d video.EncodeRequested, why error) {
	if d.Media.Index == 0 || errors.Is(why, source.ErrNoAudioIndex) {
		return
	}
	n.Log.WarnContext(ctx, "the whole original is read", "task", d.Task.Number, "error", why,
		metrics.LogAttr(n.Now(), metric.WholeReads.NewValue(1)))
}

// findNeed returns what a task needs of the original.
func findNeed(d video.EncodeRequested) (need source.Need) {
	if d.Task.Kind == video.VideoTask {
		need.Video = func(start int64) sampletable.Window { return media.FindWindow(d.Plan, d.Media, d.Task, start) }
	}
	if d.Plan.AudioInChunks {
		need.Audio = func(rate int) sampletable.AudioWindow {
			return media.FindAudioWindow(d.Plan, d.Media, d.Task, rate)
		}
	}
	return need
}

// encodeFromWhole encodes the task from the whole original.
func (n Encoder) encodeFromWhole(
	ctx context.Context, d video.EncodeRequested, dir string,
) ([]media.RenditionOutput, error) {
	src, err := source.DownloadOriginal(ctx, n.Source, d.Source.Key, d.Source.ETag, dir)
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

// makeSegments runs ffmpeg once and cuts its output files into segments. preroll is how many seconds before the chunk
// decoding begins.
func (n Encoder) makeSegments(
	ctx context.Context, d video.EncodeRequested, src source.File, preroll float64,
) ([]media.RenditionOutput, error) {
	out := func(rendition string) string { return filepath.Join(src.Dir, rendition+".mp4") }
	args, names := media.AudioArgs(d.Plan, d.Media, out), []string{media.AudioRendition}
	if d.Task.Kind == video.VideoTask {
		args, names = media.VideoArgs(d.Plan, d.Media, d.Task, preroll, out), d.Plan.RenditionNames()
	}
	if err := n.runTool(ctx, d, src, args); err != nil {
		return nil, err
	}
	var made []media.RenditionOutput
	for _, name := range names {
		b, err := os.ReadFile(out(name))
		if err != nil {
			return nil, errs.E("encode.makeSegments", errs.Transient, err)
		}
		piece, err := media.CutSegments(d.Plan, d.Task, name, b)
		if err != nil {
			return nil, err
		}
		made = append(made, piece)
	}
	return made, nil
}

// addAudio adds the audio of a video task to the renditions that it has made, if the plan has it there.
func (n Encoder) addAudio(
	ctx context.Context, d video.EncodeRequested, src source.File, in media.AudioInput, made []media.RenditionOutput,
) ([]media.RenditionOutput, error) {
	if !d.Plan.AudioInChunks {
		return made, nil
	}
	out := filepath.Join(src.Dir, media.AudioRendition+".mp4")
	args := media.AudioChunkArgs(d.Plan, d.Media, d.Task, in, func(string) string { return out })
	if err := n.runTool(ctx, d, src, args); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(out)
	if err != nil {
		return nil, errs.E("encode.addAudio", errs.Transient, err)
	}
	piece, err := media.CutAudioSegments(d.Plan, d.Task, b)
	return append(made, piece), err
}

// runTool runs ffmpeg. It decodes the codecs that inspection has found: what else there is in the file is ignored.
func (n Encoder) runTool(ctx context.Context, d video.EncodeRequested, src source.File, args media.Args) error {
	codecs := []string{d.Media.VideoCodec}
	if d.Media.AudioCodec != "" {
		codecs = append(codecs, d.Media.AudioCodec)
	}
	return n.Tools.Run(ctx, ffmpeg.Command{
		Dir: src.Dir, File: src.Name, Container: src.Container, Codecs: codecs, Input: args.Input, Output: args.Output,
	})
}

// storeSegments writes the segments and returns their properties. Only the task with a rendition's first segment writes
// its init segment; that all tasks have the same one is checked by the hash in the result when the playlist is built.
func (n Encoder) storeSegments(
	ctx context.Context, d video.EncodeRequested, made []media.RenditionOutput,
) (video.Result, error) {
	r := video.Result{Task: d.Task}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	put := func(name string, body []byte) {
		g.Go(func() error {
			return n.Media.PutObject(ctx, playback.ObjectPrefix(d.Playback)+name, bytes.NewReader(body),
				blob.Metadata{ContentType: "video/mp4", CacheControl: cacheForever})
		})
	}
	for _, p := range made {
		r.Frames = max(r.Frames, p.Frames)
		r.Tracks = append(r.Tracks, p.Track)
		if d.Task.Segment == 1 {
			put(p.Track.Name+"/init.mp4", p.Init)
		}
		for i, body := range p.Segments {
			put(p.Track.Name+"/"+media.SegmentName(d.Task.Segment+i), body)
		}
	}
	return r, g.Wait()
}
