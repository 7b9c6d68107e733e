package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/media"
	"sluice/shared/domain/sampletable"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/source"
)

// inspectSparse inspects an object of which only the boxes that describe it and some samples are downloaded, and stores
// its index. It fails with Invalid if that is not possible or the object may have to be rejected: a rejection is
// decided on the whole object.
func (i Inspector) inspectSparse(ctx context.Context, o video.StoredObject, dir string) (m video.Media, err error) {
	const op = "inspect.inspectSparse"
	src, err := source.DownloadSparse(ctx, i.Source, o.Key, o.ETag, o.Size, dir)
	if err != nil {
		return m, err
	}
	defer src.Close()
	p, err := src.Probe(ctx, i.Tools)
	if err != nil {
		return m, err
	}
	videoID, audioID := p.TrackIDs()
	track, ok := src.Movie.FindTrack(videoID)
	if !ok || p.NeedsFirstFrame() {
		return m, errs.E(op, errs.Invalid, errors.New("no part of the video track can be read alone"))
	}
	from := media.FindTailStart(p)
	if err := src.AddTail(ctx, track, from); err != nil {
		return m, err
	}
	packets, err := i.Tools.ProbePackets(ctx, src.Dir, src.Name, src.Container, from)
	if err != nil {
		return m, err
	}
	if m, err = media.Inspect(p, packets, src.Container); err != nil {
		return m, err
	}
	index, err := buildIndex(src, track, audioID, m, packets)
	if err != nil {
		return m, errs.E(op, errs.Invalid, err)
	}
	m.Index = sampletable.Version
	key := services.IndexKey(o.Key, o.ETag, m.Index)
	return m, i.Indexes.PutObject(ctx, key, bytes.NewReader(index), blob.Metadata{})
}

// buildIndex returns the index of an inspected object.
func buildIndex(
	src *source.Sparse, track sampletable.Track, audioID uint32, m video.Media, packets []byte,
) ([]byte, error) {
	if want := (video.Rate{Num: 1, Den: int(track.Timescale)}); m.TimeBase != want {
		return nil, fmt.Errorf("time base %v, in the tables %v", m.TimeBase, want)
	}
	start, err := track.FindStart(m.Start, packets)
	if err != nil {
		return nil, err
	}
	return src.BuildIndex(track, audioID, start, media.IsIntraOnly(m.VideoCodec))
}
