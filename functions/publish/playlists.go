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

// PlaylistStore reads and writes playlists in the media bucket.
type PlaylistStore interface {
	// GetObject opens an object; NotFound if there is none. The caller closes it.
	GetObject(ctx context.Context, key string) (io.ReadCloser, video.StoredObject, error)
	// ReplaceObject writes an object if the one that it replaces has this ETag, or does not exist if etag is "". It
	// fails with Conflict otherwise.
	ReplaceObject(ctx context.Context, key, etag string, body io.ReadSeeker, m blob.Metadata) error
}

// Cache-Control headers of playlists: a playlist is replaced every few seconds while it grows, and once more if the
// video fails.
const (
	cacheWhileGrowing = "public, max-age=2"
	cacheWhenFinal    = "public, max-age=300"
)

// publishProgress writes the playlists if more of the video can be watched than before. The error is a rejection if the
// tasks' results don't fit together.
func (o VideoOwner) publishProgress(ctx context.Context, before video.Video, after *video.Video) error {
	switch {
	case after.State == video.Ready && before.State != video.Ready:
		if err := o.writePlaylists(ctx, *after, after.Plan.FrameCount()); err != nil {
			return err
		}
		after.Times.Ready = o.Now()
	case after.State == video.Playable && after.ListedFrames > before.ListedFrames:
		return o.writePlaylists(ctx, *after, after.ListedFrames)
	}
	return nil
}

// writePlaylists writes the media playlists, with the segments of the first frames, and then the master playlist: a
// player that finds it can read all that it lists. No playlist is made shorter, and none that has ended is extended: a
// writer that is late gets a Conflict, and finds the newer row when the event is delivered again.
func (o VideoOwner) writePlaylists(ctx context.Context, v video.Video, frames int) error {
	results, err := o.Videos.ListTaskResults(ctx, v.Tenant, v.ID)
	if err != nil {
		return err
	}
	tracks, err := media.AssembleTracks(*v.Plan, results, frames)
	if err != nil {
		return err
	}
	complete, cache := frames == v.Plan.FrameCount(), cacheWhileGrowing
	if complete {
		cache = cacheWhenFinal
	}
	for _, name := range slices.Sorted(maps.Keys(tracks)) {
		grown := media.BuildMediaPlaylist(*v.Plan, tracks[name], frames)
		extend := func(old string) (string, bool) { return grown, strings.HasPrefix(grown, old) }
		if err := o.replacePlaylist(ctx, v, name+"/"+media.PlaylistName, cache, extend); err != nil {
			return err
		}
	}
	master := media.BuildMasterPlaylist(*v.Plan, tracks, complete)
	return o.replacePlaylist(ctx, v, media.MasterName, cache, func(old string) (string, bool) {
		return master, old == "" || complete && old != media.EmptyMasterPlaylist
	})
}

// closePlaylists ends the playlists of a video that has failed while it could be watched, before the failure is
// announced. Players can't start it any more, because its master playlist lists nothing (also where none was written
// yet, as one might be written late), and those that play it stop after the last segment.
func (o VideoOwner) closePlaylists(ctx context.Context, v video.Video, out []video.Event) error {
	if v.State != video.Failed || len(out) == 0 || v.Plan == nil || !v.Plan.AllowsEarlyPlayback() {
		return nil
	}
	if err := o.replacePlaylist(ctx, v, media.MasterName, cacheWhenFinal, func(string) (string, bool) {
		return media.EmptyMasterPlaylist, true
	}); err != nil {
		return err
	}
	for _, name := range append(v.Plan.RenditionNames(), media.AudioRendition) {
		ended := func(old string) (string, bool) {
			if old == "" || strings.HasSuffix(old, media.EndTag) {
				return old, true
			}
			return old + media.EndTag, true
		}
		if err := o.replacePlaylist(ctx, v, name+"/"+media.PlaylistName, cacheWhenFinal, ended); err != nil {
			return err
		}
	}
	return nil
}

var errStaleWriter = errors.New("another writer has written more")

// replacePlaylist replaces a playlist by what next returns for its present text, which is "" if there is none.
// Conflict: next returns false, or another writer has replaced the playlist meanwhile.
func (o VideoOwner) replacePlaylist(
	ctx context.Context, v video.Video, name, cache string, next func(old string) (text string, ok bool),
) error {
	const op = "publish.replacePlaylist"
	key := playback.ObjectPrefix(v.Playback) + name
	var old []byte
	body, info, err := o.Playlists.GetObject(ctx, key)
	if err == nil {
		defer body.Close()
		if old, err = io.ReadAll(body); err != nil {
			return errs.E(op, errs.Transient, err)
		}
	} else if errs.KindOf(err) != errs.NotFound {
		return err
	}
	switch text, ok := next(string(old)); {
	case text == string(old):
		return nil
	case !ok:
		return errs.E(op, errs.Conflict, errStaleWriter)
	default:
		m := blob.Metadata{ContentType: "application/vnd.apple.mpegurl", CacheControl: cache}
		return o.Playlists.ReplaceObject(ctx, key, info.ETag, strings.NewReader(text), m)
	}
}
