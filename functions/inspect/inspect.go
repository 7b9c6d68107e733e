// Package inspect finds out what an uploaded object is before anything is decoded: it downloads what ffprobe reads of
// the object, lets ffprobe read it in the sandbox, and answers with the media's properties and an encoding plan, or
// with a rejection that has a code and a sentence for the video's owner. If the samples of the object can be read by
// ranges, it stores an index of them. If they can't, because of the container, it asks for a copy in another one, and
// inspects that.
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
	"sluice/shared/domain/services"
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
	asked, _ := e.Data.(video.InspectRequested)
	found, err := i.inspectObject(ctx, o, asked)
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
	return i.buildEvents(e, found), nil
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
	return i.buildEvents(e, video.MediaRefused{UploadedAt: o.At, At: i.Now(), Size: o.Size, Problem: p})
}

func (i Inspector) buildEvents(e events.Event, d video.Event) []events.Event {
	return []events.Event{events.New(e.Tenant, e.Video, i.Now(), d)}
}

// inspectObject returns MediaInspected, or MediaUnindexed if the object, of which no copy was made, needs one.
func (i Inspector) inspectObject(
	ctx context.Context, o video.StoredObject, asked video.InspectRequested,
) (video.Event, error) {
	if o.Size > video.MaxSourceBytes {
		return nil, errs.New("inspect.inspectObject", errs.Invalid, "source_too_large",
			"The file is larger than 8 GiB; upload a smaller one.")
	}
	job, err := ffmpeg.NewWorkDir(i.TempDir)
	if err != nil {
		return nil, err
	}
	defer job.Close()
	read := target{original: o, object: o}
	if asked.Copy != nil {
		read.object.Key, read.object.ETag = services.CopyKey(o.Key, o.ETag), asked.Copy.ETag
		read.object.Size, read.rate = asked.Copy.Size, asked.Copy.Rate
	}
	m, indexed, err := i.inspectSparse(ctx, read, job.Path)
	if errs.KindOf(err) == errs.Invalid && asked.Copy == nil && !asked.Whole {
		if found, ok, err := i.findStreams(ctx, o, job.Path); ok || err != nil {
			return found, err
		}
	}
	if errs.KindOf(err) == errs.Invalid {
		m, indexed, err = i.inspectWhole(ctx, read, job.Path)
	}
	if err != nil {
		return nil, err
	}
	return video.MediaInspected{
		UploadedAt: o.At, At: i.Now(), ETag: o.ETag, Size: o.Size, Media: m, Plan: media.NewIndexedPlan(m, indexed),
		Copy: asked.Copy,
	}, nil
}

// target is what is inspected: the original, or a copy of it.
type target struct {
	original, object video.StoredObject
	rate             video.Rate // of the grid; zero: that which the object states
}

// findStreams returns MediaUnindexed if the streams of an original can be copied into a container with an index. If it
// can't find that out, ok is false: a rejection is decided on the whole object.
func (i Inspector) findStreams(
	ctx context.Context, o video.StoredObject, dir string,
) (found video.Event, ok bool, err error) {
	head, err := source.ProbeHead(ctx, i.Source, i.Tools, o.Key, o.ETag, o.Size, dir)
	if err == nil {
		var s video.Streams
		if s, err = media.DescribeUnindexed(head.Probe, head.Packets, head.Container); err == nil {
			return video.MediaUnindexed{
				UploadedAt: o.At, At: i.Now(), ETag: o.ETag, Size: o.Size, Streams: s,
			}, true, nil
		}
	}
	if errs.KindOf(err) == errs.Invalid {
		return nil, false, nil
	}
	return nil, false, err
}

// inspectWhole inspects an object of which all bytes are needed, and stores its index if it is a fragmented MP4.
func (i Inspector) inspectWhole(
	ctx context.Context, o target, dir string,
) (m video.Media, x media.Indexed, err error) {
	src, err := source.DownloadOriginal(ctx, i.Source, o.object.Key, o.object.ETag, dir)
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
	if m, err = media.Inspect(p.WithRate(o.rate), packets, src.Container); err != nil {
		return m, x, err
	}
	return i.indexFragments(ctx, o, src, p, packets, m)
}
