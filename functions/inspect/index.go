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
// its index. It returns the properties of the object and the numbers of its key frames. It fails with Invalid if that is
// not possible or the object may have to be rejected: a rejection is decided on the whole object.
func (i Inspector) inspectSparse(
	ctx context.Context, o video.StoredObject, dir string,
) (m video.Media, keys []int, err error) {
	src, err := source.DownloadSparse(ctx, i.Source, o.Key, o.ETag, o.Size, dir)
	if err != nil {
		return m, nil, err
	}
	defer src.Close()
	m, x, err := i.probeSparse(ctx, src)
	if err != nil {
		return m, nil, err
	}
	index, err := src.BuildIndex(x.video, x.audioID, x.start, media.IsIntraOnly(m.VideoCodec))
	if err != nil {
		return m, nil, errs.E("inspect.inspectSparse", errs.Invalid, err)
	}
	m.Index = sampletable.Version
	key := services.IndexKey(o.Key, o.ETag, m.Index)
	return m, media.ListKeyFrames(m, x.video, x.start), i.Indexes.PutObject(
		ctx, key, bytes.NewReader(index), blob.Metadata{},
	)
}

// indexed is what an index is made of: the video track, the id of the audio track, 0 for none, and the presentation time
// of the first frame that is shown.
type indexed struct {
	video   sampletable.Track
	audioID uint32
	start   int64
}

// probeSparse finds the properties of an original. It fails with Invalid if ffprobe does not read the samples that the
// tables have.
func (i Inspector) probeSparse(ctx context.Context, src *source.Sparse) (m video.Media, x indexed, err error) {
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
	if err := src.AddTail(ctx, track, from); err != nil {
		return m, x, err
	}
	packets, err := i.Tools.ProbePackets(ctx, src.Dir, src.Name, src.Container, from)
	if err != nil {
		return m, x, err
	}
	if m, err = media.Inspect(p, packets, src.Container); err != nil {
		return m, x, err
	}
	if want := (video.Rate{Num: 1, Den: int(track.Timescale)}); m.TimeBase != want {
		return m, x, errs.E(op, errs.Invalid, fmt.Errorf("time base %v, in the tables %v", m.TimeBase, want))
	}
	start, err := track.FindStart(m.Start, packets)
	if err != nil {
		return m, x, errs.E(op, errs.Invalid, err)
	}
	return m, indexed{track, audioID, start}, nil
}
