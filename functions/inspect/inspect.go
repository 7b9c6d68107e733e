// Package inspect finds out what an uploaded object is before anything is decoded: it downloads what ffprobe reads of
// the object, lets ffprobe read it in the sandbox, and answers with the media's properties and an encoding plan, or
// with a rejection that has a code and a sentence for the video's owner. If the samples of the object can be read by
// ranges, it stores an index of them.
//
// Rights: s3:GetObject on the bucket of originals, s3:PutObject on the indexes in it. It has no rights on the table.
// The tools it runs have no credentials and, in the full sandbox, no network (docs/security.md). It rejects files
// larger than 8 GiB, and what packages media and ffmpeg reject.
package inspect

import (
	"context"
	"fmt"
	"io"
	"time"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/media"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/source"
)

// IndexWriter stores the indexes of originals beside them.
type IndexWriter interface {
	PutObject(ctx context.Context, key string, body io.ReadSeeker, m blob.Metadata) error
}

// Inspector handles the events that announce an uploaded object.
type Inspector struct {
	Source  source.Originals
	Indexes IndexWriter
	Tools   source.Tools
	TempDir string // where each job makes a folder of its own
	Now     func() time.Time
}

// Handle returns MediaInspected with the encoding plan, or MediaRefused. It returns no event if the object was replaced
// since: the new object has an event of its own. The same event may be handled several times.
func (i Inspector) Handle(ctx context.Context, e events.Event) ([]events.Event, error) {
	o, ok := uploadedObject(e)
	if !ok {
		return nil, errs.E("inspect.Handle", errs.Invalid, fmt.Errorf("%s carries %T", e.Type, e.Data))
	}
	m, indexed, err := i.inspectObject(ctx, o)
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
	return i.buildEvents(e, video.MediaInspected{
		UploadedAt: o.At, At: i.Now(), ETag: o.ETag, Size: o.Size, Media: m, Plan: media.NewIndexedPlan(m, indexed),
	}), nil
}

// OnExhausted returns the event that fails a video after the last attempt to handle e has failed with err.
func (i Inspector) OnExhausted(e events.Event, err error) []events.Event {
	o, ok := uploadedObject(e)
	if !ok {
		return nil
	}
	return i.buildRejection(e, o, source.FinalProblem(err))
}

// uploadedObject returns the object that an event is about: S3's own event, or the request of the reconciler, which has
// found an object whose event was lost.
func uploadedObject(e events.Event) (video.StoredObject, bool) {
	if asked, ok := e.Data.(video.InspectRequested); ok {
		asked.Stored.Key = asked.Key
		return asked.Stored, true
	}
	o, ok := e.Data.(video.StoredObject)
	return o, ok
}

func (i Inspector) buildRejection(e events.Event, o video.StoredObject, p errs.Problem) []events.Event {
	return i.buildEvents(e, video.MediaRefused{UploadedAt: o.At, At: i.Now(), Problem: p})
}

func (i Inspector) buildEvents(e events.Event, d video.Event) []events.Event {
	return []events.Event{events.New(e.Tenant, e.Video, i.Now(), d)}
}

// inspectObject returns the properties of an object, and what its index tells the plan, if it has one.
func (i Inspector) inspectObject(
	ctx context.Context, o video.StoredObject,
) (m video.Media, x media.Indexed, err error) {
	if o.Size > video.MaxSourceBytes {
		return m, x, errs.New("inspect.inspectObject", errs.Invalid, "source_too_large",
			"The file is larger than 8 GiB; upload a smaller one.")
	}
	job, err := ffmpeg.NewWorkDir(i.TempDir)
	if err != nil {
		return m, x, err
	}
	defer job.Close()
	if m, x, err = i.inspectSparse(ctx, o, job.Path); errs.KindOf(err) != errs.Invalid {
		return m, x, err
	}
	return i.inspectWhole(ctx, o, job.Path)
}

// inspectWhole inspects an object of which all bytes are needed, and stores its index if it is a fragmented MP4.
func (i Inspector) inspectWhole(
	ctx context.Context, o video.StoredObject, dir string,
) (m video.Media, x media.Indexed, err error) {
	src, err := source.DownloadOriginal(ctx, i.Source, o.Key, o.ETag, dir)
	if err != nil {
		return m, x, err
	}
	if _, needed := media.ChooseRemuxContainer(src.Container); needed {
		// The remux would take time, and might fail without a reason for the owner: first see that the streams are
		// accepted.
		p, err := src.Probe(ctx, i.Tools)
		if err != nil {
			return m, x, err
		}
		if err := media.CheckStreams(p); err != nil {
			return m, x, err
		}
	}
	if src, err = src.RemuxIfNeeded(ctx, i.Tools); err != nil {
		return m, x, err
	}
	p, err := src.Probe(ctx, i.Tools)
	if err != nil {
		return m, x, err
	}
	packets, err := i.Tools.ProbePackets(ctx, src.Dir, src.Name, src.Container, media.FindTailStart(p))
	if err != nil {
		return m, x, err
	}
	if m, err = media.Inspect(p, packets, src.Container); err != nil {
		return m, x, err
	}
	return i.indexFragments(ctx, o, src, p, packets, m)
}
