package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/fileformat"
	"sluice/shared/domain/media"
	"sluice/shared/domain/sampletable"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/source"
)

// inspectSparse inspects an object of which only the boxes that describe it and some samples are downloaded, and stores
// its index. It returns the properties of the object and what its index tells the plan. It fails with Invalid if that
// is not possible or the object may have to be rejected: a rejection is decided on the whole object.
func (i Inspector) inspectSparse(
	ctx context.Context, o target, dir string,
) (m video.Media, x media.Indexed, err error) {
	src, err := source.DownloadSparse(ctx, i.Source, o.object.Key, o.object.ETag, o.object.Size, dir)
	if err != nil {
		return m, x, err
	}
	defer src.Close()
	m, in, err := i.probeSparse(ctx, src, o.rate)
	if err != nil {
		return m, x, err
	}
	return i.storeIndex(ctx, o, m, in)
}

// storeIndex stores the index of an object. It returns the properties with the version of the index, and what the index
// tells the plan. It fails with Invalid if there can be no index.
func (i Inspector) storeIndex(
	ctx context.Context, o target, m video.Media, in sampletable.Source,
) (_ video.Media, x media.Indexed, err error) {
	const op = "inspect.storeIndex"
	if want := (video.Rate{Num: 1, Den: int(in.Video.Timescale)}); m.TimeBase != want {
		return m, x, errs.E(op, errs.Invalid, fmt.Errorf("time base %v, in the tables %v", m.TimeBase, want))
	}
	index, err := sampletable.BuildIndex(in, media.IsIntraOnly(m.VideoCodec))
	if err != nil {
		return m, x, errs.E(op, errs.Invalid, err)
	}
	head, err := sampletable.ParseHead(index)
	if err != nil {
		return m, x, errs.E(op, errs.Internal, err)
	}
	m.Index = sampletable.Version
	x = media.Indexed{Keys: media.ListKeyFrames(m, in.Video, in.Start), Audio: head.AudioRate() > 0}
	return m, x, i.Indexes.PutObject(ctx,
		services.IndexKey(o.original.Key, o.object.ETag, m.Index), bytes.NewReader(index), blob.Metadata{})
}

// indexFragments stores the index of an inspected object, if that is a fragmented MP4. It returns the properties, with
// the version of the index if there is one, and what the index tells the plan.
func (i Inspector) indexFragments(
	ctx context.Context, o target, src source.File, p media.Probe, packets []byte, m video.Media,
) (_ video.Media, x media.Indexed, err error) {
	videoID, _ := p.TrackIDs()
	if src.Container != fileformat.Mov || videoID == 0 || p.NeedsFirstFrame() {
		return m, x, nil
	}
	in, err := src.ReadFragments(videoID)
	if err == nil {
		in.Start, err = in.Video.FindStart(m.Start, packets)
	}
	if err != nil {
		return m, x, nil // it is processed as a whole
	}
	indexed, x, err := i.storeIndex(ctx, o, m, in)
	if errs.KindOf(err) == errs.Invalid {
		return m, media.Indexed{}, nil
	}
	return indexed, x, err
}

// probeSparse finds the properties of an original, or of a copy with the rate of the original, if that is not zero. It
// fails with Invalid if ffprobe does not read the samples that the tables have.
func (i Inspector) probeSparse(
	ctx context.Context, src *source.Sparse, rate video.Rate,
) (m video.Media, x sampletable.Source, err error) {
	const op = "inspect.probeSparse"
	p, err := src.Probe(ctx, i.Tools)
	if err != nil {
		return m, x, err
	}
	videoID, audioID := p.TrackIDs()
	track, ok := src.Movie.FindTrack(videoID)
	if !ok || p.NeedsFirstFrame() {
		return m, x, errs.E(op, errs.Invalid, errors.New("no part of the video track can be read alone"))
	}
	from := media.FindTailStart(p)
	if p.NeedsPacketData() {
		if err := src.AddTail(ctx, track, from); err != nil {
			return m, x, err
		}
	}
	packets, err := i.Tools.ProbePackets(ctx, src.Dir, src.Name, src.Container, from)
	if err != nil {
		return m, x, err
	}
	if m, err = media.Inspect(p.WithRate(rate), packets, src.Container); err != nil {
		return m, x, err
	}
	start, err := track.FindStart(m.Start, packets)
	if err != nil {
		return m, x, errs.E(op, errs.Invalid, err)
	}
	x, err = src.DescribeTracks(track, audioID, start)
	x.ShownAt, x.AudioFormat = media.StartSeconds(m), p.AudioFormat()
	return m, x, err
}
