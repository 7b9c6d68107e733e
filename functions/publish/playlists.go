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

// PlaylistStore keeps the playlists.
type PlaylistStore interface {
	// GetObject opens an object; NotFound if there is none.
	GetObject(ctx context.Context, key string) (io.ReadCloser, blob.Info, error)
	// ReplaceObject writes an object in the place of the one with that ETag, "" being none; Conflict if another is there.
	ReplaceObject(ctx context.Context, key, etag string, body io.ReadSeeker, m blob.Metadata) error
}

// How long a playlist may be kept: its name is used again while it grows, and a last time when it fails.
const (
	cacheWhileGrowing = "public, max-age=2"
	cacheWhenFinal    = "public, max-age=300"
)

// publishProgress writes the playlists of a video that is to be seen farther than before. A result that doesn't fit is a refusal.
func (p VideoOwner) publishProgress(ctx context.Context, before video.Video, after *video.Video) error {
	switch {
	case after.State == video.Ready && before.State != video.Ready:
		if err := p.writePlaylists(ctx, *after, after.Plan.FrameCount()); err != nil {
			return err
		}
		after.Times.Ready = p.Now()
	case after.State == video.Playable && after.ListedFrames > before.ListedFrames:
		return p.writePlaylists(ctx, *after, after.ListedFrames)
	}
	return nil
}

// writePlaylists writes what a player starts from, as far as so many frames, the master last: whoever can read it can read
// all it names. None is made shorter, and none that has ended goes on: a writer that comes too late finds that somebody
// has been there, and that one's row.
func (p VideoOwner) writePlaylists(ctx context.Context, v video.Video, frames int) error {
	results, err := p.Videos.ListTaskResults(ctx, v.Tenant, v.ID)
	if err != nil {
		return err
	}
	tracks, err := media.AssembleTracks(*v.Plan, results, frames)
	if err != nil {
		return err
	}
	whole, cache := frames == v.Plan.FrameCount(), cacheWhileGrowing
	if whole {
		cache = cacheWhenFinal
	}
	for _, name := range slices.Sorted(maps.Keys(tracks)) {
		grown := media.BuildMediaPlaylist(*v.Plan, tracks[name], frames)
		err := p.replacePlaylist(ctx, v, name+"/"+media.PlaylistName, cache, func(old string) (string, bool) { return grown, strings.HasPrefix(grown, old) })
		if err != nil {
			return err
		}
	}
	master := media.BuildMasterPlaylist(*v.Plan, tracks, whole)
	return p.replacePlaylist(ctx, v, media.MasterName, cache, func(old string) (string, bool) {
		return master, old == "" || whole && old != media.EmptyMasterPlaylist
	})
}

// closePlaylists keeps players from beginning a video that has failed, and lets those that are at it come to an end where it
// ends, before anybody is told. A master that lists nothing takes the place of one that might be written late.
func (p VideoOwner) closePlaylists(ctx context.Context, v video.Video, said []video.Event) error {
	if v.State != video.Failed || len(said) == 0 || v.Plan == nil || !v.Plan.AllowsEarlyPlayback() {
		return nil
	}
	if err := p.replacePlaylist(ctx, v, media.MasterName, cacheWhenFinal, func(string) (string, bool) { return media.EmptyMasterPlaylist, true }); err != nil {
		return err
	}
	for _, name := range append(v.Plan.RenditionNames(), media.AudioRendition) {
		ended := func(old string) (string, bool) {
			if old == "" || strings.HasSuffix(old, media.EndTag) {
				return old, true
			}
			return old + media.EndTag, true
		}
		if err := p.replacePlaylist(ctx, v, name+"/"+media.PlaylistName, cacheWhenFinal, ended); err != nil {
			return err
		}
	}
	return nil
}

var errStaleWriter = errors.New("somebody else has written more")

// replacePlaylist puts a playlist in the place of the one that is there, "" being none, if next agrees. Conflict: it does not, or
// somebody else has written meanwhile.
func (p VideoOwner) replacePlaylist(ctx context.Context, v video.Video, name, cache string, next func(old string) (text string, ok bool)) error {
	const op = "publish.write"
	key := playback.ObjectPrefix(v.Playback) + name
	old, etag, err := p.readPlaylist(ctx, key)
	if err != nil {
		return err
	}
	switch text, ok := next(old); {
	case text == old:
		return nil
	case !ok:
		return errs.E(op, errs.Conflict, errStaleWriter)
	default:
		m := blob.Metadata{ContentType: "application/vnd.apple.mpegurl", CacheControl: cache}
		return p.Playlists.ReplaceObject(ctx, key, etag, strings.NewReader(text), m)
	}
}

func (p VideoOwner) readPlaylist(ctx context.Context, key string) (text, etag string, err error) {
	body, info, err := p.Playlists.GetObject(ctx, key)
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
