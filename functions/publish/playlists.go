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
		if err := o.writePlaylists(ctx, *after, before.ListedFrames, after.Plan.FrameCount()); err != nil {
			return err
		}
		after.Times.Ready = o.Now()
	case after.State == video.Playable && after.ListedFrames > before.ListedFrames:
		return o.writePlaylists(ctx, *after, before.ListedFrames, after.ListedFrames)
	}
	return nil
}

// writePlaylists writes the media playlists, with the segments of the first frames, and then the master playlist: a
// player that finds it can read all that it lists. No playlist is made shorter, and none that has ended is extended: a
// writer that is late gets a Conflict, and finds the newer row when the event is delivered again. listed is how many
// frames the playlists have that are there according to the row; 0 if there are none. While the video grows, the master
// playlist stays as it is.
func (o VideoOwner) writePlaylists(ctx context.Context, v video.Video, listed, frames int) error {
	results, err := o.Tasks.ListTaskResults(ctx, v.Tenant, v.ID)
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
		grown, old := media.BuildMediaPlaylist(*v.Plan, tracks[name], frames), ""
		if listed > 0 {
			old = media.BuildMediaPlaylist(*v.Plan, tracks[name], listed)
		}
		extend := func(old string) (string, bool) { return grown, strings.HasPrefix(grown, old) }
		if err := o.replacePlaylist(ctx, v, name+"/"+media.PlaylistName, cache, old, extend); err != nil {
			return err
		}
	}
	master, old := media.BuildMasterPlaylist(*v.Plan, tracks, complete), ""
	if listed > 0 {
		if old = media.BuildMasterPlaylist(*v.Plan, tracks, false); !complete {
			return nil
		}
	}
	return o.replacePlaylist(ctx, v, media.MasterName, cache, old, func(old string) (string, bool) {
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
	if err := o.updatePlaylist(ctx, v, media.MasterName, cacheWhenFinal, func(string) (string, bool) {
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
		if err := o.updatePlaylist(ctx, v, name+"/"+media.PlaylistName, cacheWhenFinal, ended); err != nil {
			return err
		}
	}
	return nil
}

var errStaleWriter = errors.New("another writer has written more")

// playlistEditor returns the text that replaces that of a playlist, "" if there is none. ok is false if it must not be
// replaced.
type playlistEditor func(old string) (text string, ok bool)

// replacePlaylist does the same as updatePlaylist, without a read if the playlist is as expected: S3 compares the
// ETags.
func (o VideoOwner) replacePlaylist(
	ctx context.Context, v video.Video, name, cache, expected string, next playlistEditor,
) error {
	if text, ok := next(expected); ok && text != expected {
		etag := ""
		if expected != "" {
			etag = blob.ETagOf(expected)
		}
		if err := o.putPlaylist(ctx, v, name, cache, etag, text); errs.KindOf(err) != errs.Conflict {
			return err
		}
	}
	return o.updatePlaylist(ctx, v, name, cache, next)
}

// updatePlaylist replaces a playlist by what next returns for its present text. Conflict: next returns false, or
// another writer has replaced the playlist meanwhile.
func (o VideoOwner) updatePlaylist(ctx context.Context, v video.Video, name, cache string, next playlistEditor) error {
	const op = "publish.updatePlaylist"
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
		return o.putPlaylist(ctx, v, name, cache, info.ETag, text)
	}
}

// putPlaylist writes a playlist. Conflict: the one that is there has another ETag.
func (o VideoOwner) putPlaylist(ctx context.Context, v video.Video, name, cache, etag, text string) error {
	m := blob.Metadata{ContentType: "application/vnd.apple.mpegurl", CacheControl: cache}
	return o.Playlists.ReplaceObject(ctx, playback.ObjectPrefix(v.Playback)+name, etag, strings.NewReader(text), m)
}
