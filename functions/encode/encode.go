package encode

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/media"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/source"
)

// SegmentWriter takes media segments.
type SegmentWriter interface {
	PutObject(ctx context.Context, key string, body io.ReadSeeker, m blob.Metadata) error
}

// Encoder makes the segments of one task: one chunk in every rendition from one decode, or the sound of the whole
// video. It is a function of its message: it reads S3, writes S3 and returns a result, and the same message makes the
// same bytes.
type Encoder struct {
	Source  source.Originals
	Media   SegmentWriter
	Tools   source.Tools
	TempDir string // folder for the jobs' private folders
	Now     func() time.Time
}

// cacheForever is how long segments may be kept: their names are never used twice.
const cacheForever = "public, max-age=31536000, immutable"

// Handle encodes the task.
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
	return []events.Event{events.New(e.Tenant, e.Video, n.Now(), video.TaskDone{Started: began, At: n.Now(), Result: r})}, nil
}

// OnExhausted fails the video of a task that could not be done however often it was tried.
func (n Encoder) OnExhausted(e events.Event, err error) []events.Event {
	d, ok := e.Data.(video.EncodeRequested)
	if !ok {
		return nil
	}
	return n.buildFailure(e, d, source.FinalProblem(err))
}

func (n Encoder) buildFailure(e events.Event, d video.EncodeRequested, p errs.Problem) []events.Event {
	return []events.Event{events.New(e.Tenant, e.Video, n.Now(), video.TaskFailed{At: n.Now(), Task: d.Task, Problem: p})}
}

func (n Encoder) encodeTask(ctx context.Context, d video.EncodeRequested) (video.Result, error) {
	job, err := ffmpeg.NewWorkDir(n.TempDir)
	if err != nil {
		return video.Result{}, err
	}
	defer job.Close()
	src, err := source.FetchOriginal(ctx, n.Source, d.Source.Key, d.Source.ETag, job.Path)
	if err != nil {
		return video.Result{}, err
	}
	if src, err = src.RemuxIfNeeded(ctx, n.Tools); err != nil {
		return video.Result{}, err
	}
	var made []media.RenditionOutput
	for _, preroll := range listPrerolls(d) {
		made, err = n.makeSegments(ctx, d, src, preroll)
		if !media.HasWrongFrames(err) {
			break
		}
	}
	if err != nil {
		return video.Result{}, err
	}
	return n.storeSegments(ctx, d, made)
}

// listPrerolls are what to try one after the other until no frame is missing; sound is never sought in.
func listPrerolls(d video.EncodeRequested) []float64 {
	if d.Task.Kind == video.AudioTask {
		return []float64{media.FromStart}
	}
	return media.Prerolls(d.Media)
}

// makeSegments runs ffmpeg once and cuts what it wrote into segments.
func (n Encoder) makeSegments(ctx context.Context, d video.EncodeRequested, src source.File, preroll float64) ([]media.RenditionOutput, error) {
	out := func(rendition string) string { return filepath.Join(src.Dir, rendition+".mp4") }
	args, names := media.AudioArgs(d.Plan, d.Media, out), []string{media.AudioRendition}
	if d.Task.Kind == video.VideoTask {
		args, names = media.VideoArgs(d.Plan, d.Media, d.Task, preroll, out), d.Plan.RenditionNames()
	}
	run := ffmpeg.Command{Dir: src.Dir, File: src.Name, Container: src.Container, Input: args.Input, Output: args.Output}
	if err := n.Tools.Run(ctx, run); err != nil {
		return nil, err
	}
	var made []media.RenditionOutput
	for _, name := range names {
		b, err := os.ReadFile(out(name))
		if err != nil {
			return nil, errs.E("encode.make", errs.Transient, err)
		}
		piece, err := media.CutSegments(d.Plan, d.Task, name, b)
		if err != nil {
			return nil, err
		}
		made = append(made, piece)
	}
	return made, nil
}

// storeSegments writes the segments and says what they are. Only the first task of a rendition writes its init segment; that
// the others' is the same is checked when the playlist is made.
func (n Encoder) storeSegments(ctx context.Context, d video.EncodeRequested, made []media.RenditionOutput) (video.Result, error) {
	r := video.Result{Task: d.Task}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	put := func(name string, body []byte) {
		g.Go(func() error {
			return n.Media.PutObject(ctx, playback.ObjectPrefix(d.Playback)+name, bytes.NewReader(body), blob.Metadata{ContentType: "video/mp4", CacheControl: cacheForever})
		})
	}
	for _, p := range made {
		r.Frames = p.Frames
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
