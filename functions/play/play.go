// Package play serves videos where there is no CDN: it checks the token in the path, returns playlists, redirects to S3
// for segments, and serves the page with the player.
// Rights on AWS: s3:GetObject below v/ in the media bucket, also for the URLs that it signs, s3:ListBucket there so
// that a missing object is 404 and not 403, secretsmanager:GetSecretValue of the playback key, and dynamodb:GetItem of
// the deny list.
// It rejects file names that Sluice never writes, so that no path reaches another object, and tokens of other videos.
// It never serves what a tenant uploaded.
package play

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
)

// ObjectReader reads the media bucket.
type ObjectReader interface {
	// GetObject opens an object. NotFound: there is none.
	GetObject(ctx context.Context, key string) (io.ReadCloser, video.StoredObject, error)
	// PresignGet returns a URL that reads an object until ttl has passed. It does not check that the object exists.
	PresignGet(ctx context.Context, key string, ttl time.Duration) (string, error)
}

// DenyList has the playback ids that may not be played.
type DenyList interface {
	// LoadDenyEntry returns the entry of an id; one that is allowed if there is none.
	LoadDenyEntry(ctx context.Context, id string) (playback.DenyEntry, error)
}

// Server answers the routes of the service play.
type Server struct {
	Media         ObjectReader
	DenyList      DenyList
	SigningSecret func(ctx context.Context) (string, error) // the key of signed tokens; called when it is first needed
	Now           func() time.Time
	Log           *slog.Logger

	MediaURL string // base of the page's links to media: the CDN's; "": this API

	mu   sync.Mutex
	keys playback.SigningKeys // nil until fetched
}

const (
	signingKeyID   = "1" // of the only key
	minSecretBytes = 16  // bytes

	// A player may follow a redirect for as long as it is cached, and then needs time to read.
	redirectLifetime     = 5 * time.Minute
	redirectCacheControl = "private, max-age=240"

	playlistCacheControl = "public, max-age=2"
	playlistContentType  = "application/vnd.apple.mpegurl" // https://www.rfc-editor.org/rfc/rfc8216#section-4
)

// fileNamePattern is every name below a playback id that Sluice writes.
var fileNamePattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(master\.m3u8|[a-z0-9]{1,16}/(index\.m3u8|init\.mp4|[0-9]{5}\.m4s))$`)
})

// Handler returns the handler of all routes, for httpapi.NewGatewayFunc. Internal: the routes are not exactly those of
// the service map.
func (s *Server) Handler() (http.Handler, error) {
	service, _ := services.Lookup("play")
	w, err := newWatchPage(s.MediaURL)
	if err != nil {
		return nil, err
	}
	return httpapi.NewMux(service, s.Log, nil, httpapi.Routes{Handlers: map[string]httpapi.Handler{
		"GET /watch/{playback}":             w.servePage,
		"GET /watch/assets/{file}":          w.serveAsset,
		"GET /p/{token}/{playback}/{file+}": s.serveFile,
	}})
}

// serveFile answers GET /p/{token}/{playback}/{file+}. Playlists are returned, because the URIs in them are relative to
// this path. All else is a redirect to S3, which also answers for missing objects.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Access-Control-Allow-Origin", "*") // players on any page may read it, errors too
	id, name := r.PathValue("playback"), r.PathValue("file")
	token := r.PathValue("token")
	var keys playback.SigningKeys
	if token != playback.PublicToken {
		var err error
		if keys, err = s.loadKeys(r.Context()); err != nil {
			return err
		}
	}
	if err := playback.VerifyToken(token, id, s.Now(), keys); err != nil {
		return err
	}
	if err := s.checkDenyList(r.Context(), id); err != nil {
		return err
	}
	if !fileNamePattern().MatchString(name) {
		return errs.New("play.serveFile", errs.NotFound, "file_not_found", "A video has no such file.")
	}
	key := playback.ObjectPrefix(id) + name
	if strings.HasSuffix(name, ".m3u8") {
		return s.servePlaylist(w, r, key)
	}
	url, err := s.Media.PresignGet(r.Context(), key, redirectLifetime)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", redirectCacheControl)
	w.Header().Set("Location", url)
	w.WriteHeader(http.StatusFound)
	return nil
}

// checkDenyList returns nil if an id may be played. Forbidden, code video_denied: it may not, from the moment that the
// deny list says so.
func (s *Server) checkDenyList(ctx context.Context, id string) error {
	e, err := s.DenyList.LoadDenyEntry(ctx, id)
	if err != nil {
		return err
	}
	if e.Status != playback.Allowed {
		return errs.New("play.checkDenyList", errs.Forbidden, "video_denied",
			"This video may not be watched any more.")
	}
	return nil
}

// loadKeys returns the keys and caches them. Internal: the secret is too short to be a key.
func (s *Server) loadKeys(ctx context.Context) (playback.SigningKeys, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys != nil {
		return s.keys, nil
	}
	secret, err := s.SigningSecret(ctx)
	if err != nil {
		return nil, errs.E("play.loadKeys", errs.Transient, err)
	}
	if len(secret) < minSecretBytes {
		return nil, errs.New("play.loadKeys", errs.Internal, "playback_key_short",
			"The key of signed links is not set up; tell the operator.")
	}
	s.keys = playback.SigningKeys{signingKeyID: []byte(secret)}
	return s.keys, nil
}

func (s *Server) servePlaylist(w http.ResponseWriter, r *http.Request, key string) error {
	body, _, err := s.Media.GetObject(r.Context(), key)
	if errs.KindOf(err) == errs.NotFound {
		return errs.New("play.servePlaylist", errs.NotFound, "video_not_ready",
			"There is no such video, or it can't be watched yet.")
	}
	if err != nil {
		return err
	}
	defer body.Close()
	text, err := io.ReadAll(body) // all of it: half a playlist would be another playlist
	if err != nil {
		return errs.E("play.servePlaylist", errs.Transient, err)
	}
	w.Header().Set("Content-Type", playlistContentType)
	w.Header().Set("Cache-Control", playlistCacheControl)
	_, err = w.Write(text)
	return err
}
