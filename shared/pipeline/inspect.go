package pipeline

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"sluice/events"
	"sluice/shared/ffmpeg"
	"sluice/shared/media"
	"sluice/shared/video"
)

// Inspector looks at what was uploaded before anything is decoded.
type Inspector struct {
	Source Originals
	Tools  Tools
	Work   string // folder for the jobs' private folders
	Now    func() time.Time
}

// Handle says what the object is and how it is to be cut, or why it is refused. An object that is gone or was
// replaced says nothing: its own event follows.
func (i Inspector) Handle(ctx context.Context, e events.Event) ([]events.Event, error) {
	o, err := data[events.Object]("inspect.Handle", e)
	if err != nil {
		return nil, err
	}
	say := func(d video.Event) []events.Event { return []events.Event{events.Of(e.Tenant, e.Video, i.Now(), d)} }
	m, err := i.look(ctx, o)
	switch {
	case video.KindOf(err) == video.NotFound, video.KindOf(err) == video.Conflict:
		return nil, nil
	case refusal(err):
		return say(video.MediaRefused{UploadedAt: o.At, At: i.Now(), Problem: video.ProblemOf(err)}), nil
	case err != nil:
		return nil, err
	}
	return say(video.MediaInspected{UploadedAt: o.At, At: i.Now(), ETag: o.ETag, Media: m, Plan: media.NewPlan(m)}), nil
}

// GiveUp fails a video that could not be looked at however often it was tried.
func (i Inspector) GiveUp(e events.Event, err error) []events.Event {
	o, ok := e.Data.(events.Object)
	if !ok {
		return nil
	}
	d := video.MediaRefused{UploadedAt: o.At, At: i.Now(), Problem: video.ProblemOf(err)}
	return []events.Event{events.Of(e.Tenant, e.Video, i.Now(), d)}
}

func (i Inspector) look(ctx context.Context, o events.Object) (video.Media, error) {
	if o.Size > video.MaxSourceBytes {
		return video.Media{}, video.Refuse("inspect.look", video.Invalid, "source_too_large", "The file is larger than 8 GiB; upload a smaller one.")
	}
	job, err := ffmpeg.NewJob(i.Work)
	if err != nil {
		return video.Media{}, err
	}
	defer job.Close()
	container, err := fetch(ctx, i.Source, o.Key, o.ETag, job.Dir)
	if err != nil {
		return video.Media{}, err
	}
	doc, err := i.Tools.Probe(ctx, job.Dir, original, container)
	if err != nil {
		return video.Media{}, err
	}
	p, err := media.ParseProbe(doc)
	if err != nil {
		return video.Media{}, err
	}
	return media.Inspect(p, container)
}

// original is the name of an original in a job's folder.
const original = "in"

// fetch downloads an original into dir and tells its container by its bytes, not by its name.
func fetch(ctx context.Context, from Originals, key, etag, dir string) (container string, err error) {
	f, err := os.Create(filepath.Join(dir, original))
	if err != nil {
		return "", video.E("pipeline.fetch", video.Transient, err)
	}
	defer f.Close()
	if err := from.Download(ctx, key, etag, f); err != nil {
		return "", err
	}
	head := make([]byte, media.HeadBytes)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", video.E("pipeline.fetch", video.Transient, err)
	}
	container, err = media.Sniff(head[:n])
	if err != nil || container != media.Mov {
		return container, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return "", video.E("pipeline.fetch", video.Transient, err)
	}
	return container, media.CheckBoxes(f, size)
}
