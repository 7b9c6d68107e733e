package publish

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/media"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
)

// Playlists keeps the playlists.
type Playlists interface {
	// Get opens an object; NotFound if there is none.
	Get(ctx context.Context, key string) (io.ReadCloser, blob.Info, error)
	// Replace writes an object in the place of the one with that ETag, "" being none; Conflict if another is there.
	Replace(ctx context.Context, key, etag string, body io.ReadSeeker, m blob.Meta) error
}

// How long a playlist may be kept: its name is used again while it grows, and a last time when it fails.
const (
	briefly = "public, max-age=2"
	longer  = "public, max-age=300"
)

// show writes the playlists of a video that is to be seen farther than before. A result that doesn't fit is a refusal.
func (p Publisher) show(ctx context.Context, before video.Video, after *video.Video) error {
	switch {
	case after.State == video.Ready && before.State != video.Ready:
		if err := p.playlists(ctx, *after, after.Plan.Frames()); err != nil {
			return err
		}
		after.Times.Ready = p.Now()
	case after.State == video.Playable && after.Shown > before.Shown:
		return p.playlists(ctx, *after, after.Shown)
	}
	return nil
}

// playlists writes what a player starts from, as far as so many frames, the master last: whoever can read it can read
// all it names. None is made shorter, and none that has ended goes on: a writer that comes too late finds that somebody
// has been there, and that one's row.
func (p Publisher) playlists(ctx context.Context, v video.Video, frames int) error {
	results, err := p.Rows.Results(ctx, v.Tenant, v.ID)
	if err != nil {
		return err
	}
	tracks, err := media.Assemble(*v.Plan, results, frames)
	if err != nil {
		return err
	}
	whole, cache := frames == v.Plan.Frames(), briefly
	if whole {
		cache = longer
	}
	for _, name := range slices.Sorted(maps.Keys(tracks)) {
		grown := media.MediaPlaylist(*v.Plan, tracks[name], frames)
		err := p.write(ctx, v, name+"/"+media.PlaylistName, cache, func(old string) (string, bool) { return grown, strings.HasPrefix(grown, old) })
		if err != nil {
			return err
		}
	}
	master := media.Master(*v.Plan, tracks, whole)
	return p.write(ctx, v, media.MasterName, cache, func(old string) (string, bool) {
		return master, old == "" || whole && old != media.Closed
	})
}

// close keeps players from beginning a video that has failed, and lets those that are at it come to an end where it
// ends, before anybody is told. A master that lists nothing takes the place of one that might be written late.
func (p Publisher) close(ctx context.Context, v video.Video, said []video.Event) error {
	if v.State != video.Failed || len(said) == 0 || v.Plan == nil || !v.Plan.Grows() {
		return nil
	}
	if err := p.write(ctx, v, media.MasterName, longer, func(string) (string, bool) { return media.Closed, true }); err != nil {
		return err
	}
	for _, name := range append(v.Plan.RenditionNames(), media.Audio) {
		ended := func(old string) (string, bool) {
			if old == "" || strings.HasSuffix(old, media.End) {
				return old, true
			}
			return old + media.End, true
		}
		if err := p.write(ctx, v, name+"/"+media.PlaylistName, longer, ended); err != nil {
			return err
		}
	}
	return nil
}

var errOvertaken = errors.New("somebody else has written more")

// write puts a playlist in the place of the one that is there, "" being none, if next agrees. Conflict: it does not, or
// somebody else has written meanwhile.
func (p Publisher) write(ctx context.Context, v video.Video, name, cache string, next func(old string) (text string, ok bool)) error {
	const op = "publish.write"
	key := playback.Prefix(v.Playback) + name
	old, etag, err := p.read(ctx, key)
	if err != nil {
		return err
	}
	switch text, ok := next(old); {
	case text == old:
		return nil
	case !ok:
		return errs.E(op, errs.Conflict, errOvertaken)
	default:
		m := blob.Meta{ContentType: "application/vnd.apple.mpegurl", CacheControl: cache}
		return p.Media.Replace(ctx, key, etag, strings.NewReader(text), m)
	}
}

func (p Publisher) read(ctx context.Context, key string) (text, etag string, err error) {
	body, info, err := p.Media.Get(ctx, key)
	switch {
	case errs.KindOf(err) == errs.NotFound:
		return "", "", nil
	case err != nil:
		return "", "", err
	}
	defer body.Close()
	b, err := io.ReadAll(body)
	if err != nil {
		return "", "", errs.E("publish.read", errs.Transient, err)
	}
	return string(b), info.ETag, nil
}
