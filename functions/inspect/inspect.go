package inspect

import (
	"context"
	"fmt"
	"time"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/media"
	"sluice/shared/domain/video"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/source"
)

// Inspector looks at what was uploaded before anything is decoded.
type Inspector struct {
	Source  source.Originals
	Tools   source.Tools
	TempDir string // folder for the jobs' private folders
	Now     func() time.Time
}

// Handle says what the object is and how it is to be cut, or why it is refused. Of an object that was replaced it says
// nothing: that has an event of its own.
func (i Inspector) Handle(ctx context.Context, e events.Event) ([]events.Event, error) {
	o, ok := uploadedObject(e)
	if !ok {
		return nil, errs.E("inspect.Handle", errs.Invalid, fmt.Errorf("%s carries %T", e.Type, e.Data))
	}
	m, err := i.inspectObject(ctx, o)
	p, lost := source.SourceChangedProblem(err)
	switch {
	case errs.KindOf(err) == errs.Conflict:
		return nil, nil
	case lost:
		return i.buildRejection(e, o, p), nil
	case errs.IsRejection(err):
		return i.buildRejection(e, o, errs.ProblemOf(err)), nil
	case err != nil:
		return nil, err
	}
	return i.buildEvents(e, video.MediaInspected{UploadedAt: o.At, At: i.Now(), ETag: o.ETag, Size: o.Size, Media: m, Plan: media.NewPlan(m)}), nil
}

// OnExhausted fails a video that could not be looked at however often it was tried.
func (i Inspector) OnExhausted(e events.Event, err error) []events.Event {
	o, ok := uploadedObject(e)
	if !ok {
		return nil
	}
	return i.buildRejection(e, o, source.FinalProblem(err))
}

// uploadedObject returns the object that an event is about, whether S3 tells of it or somebody who has looked for it.
func uploadedObject(e events.Event) (events.S3Object, bool) {
	if asked, ok := e.Data.(video.InspectRequested); ok {
		return events.S3Object{Key: asked.Key, Size: asked.Stored.Size, ETag: asked.Stored.ETag, At: asked.Stored.At}, true
	}
	o, ok := e.Data.(events.S3Object)
	return o, ok
}

func (i Inspector) buildRejection(e events.Event, o events.S3Object, p errs.Problem) []events.Event {
	return i.buildEvents(e, video.MediaRefused{UploadedAt: o.At, At: i.Now(), Problem: p})
}

func (i Inspector) buildEvents(e events.Event, d video.Event) []events.Event {
	return []events.Event{events.New(e.Tenant, e.Video, i.Now(), d)}
}

func (i Inspector) inspectObject(ctx context.Context, o events.S3Object) (video.Media, error) {
	if o.Size > video.MaxSourceBytes {
		return video.Media{}, errs.New("inspect.look", errs.Invalid, "source_too_large", "The file is larger than 8 GiB; upload a smaller one.")
	}
	job, err := ffmpeg.NewWorkDir(i.TempDir)
	if err != nil {
		return video.Media{}, err
	}
	defer job.Close()
	src, err := source.FetchOriginal(ctx, i.Source, o.Key, o.ETag, job.Path)
	if err != nil {
		return video.Media{}, err
	}
	if err := i.checkBeforeRemux(ctx, src); err != nil {
		return video.Media{}, err
	}
	if src, err = src.RemuxIfNeeded(ctx, i.Tools); err != nil {
		return video.Media{}, err
	}
	p, err := src.Probe(ctx, i.Tools)
	if err != nil {
		return video.Media{}, err
	}
	packets, err := i.Tools.ProbePackets(ctx, src.Dir, src.Name, src.Container, media.FindTailStart(p))
	if err != nil {
		return video.Media{}, err
	}
	return media.Inspect(p, packets, src.Container)
}

// checkBeforeRemux refuses what is not worth a remux, or would fail in it for a reason that nobody could be told.
func (i Inspector) checkBeforeRemux(ctx context.Context, src source.File) error {
	if _, needed := media.ChooseRemuxContainer(src.Container); !needed {
		return nil
	}
	p, err := src.Probe(ctx, i.Tools)
	if err != nil {
		return err
	}
	return media.CheckStreams(p)
}
