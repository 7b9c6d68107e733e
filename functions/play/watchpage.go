package play

import (
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html"
	"io"
	"net/http"
	"strings"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
	"sluice/shared/platform/httpapi"
)

//go:embed web
var webFiles embed.FS

//go:embed web/watch.html
var pageTemplate string // with {name} for the URL of each asset, and {source} for that of the video

// contentSecurityPolicy allows scripts and styles from this host, and media from this host and, on AWS, from S3 and the
// CDN. hls.js gives media to the player as a blob. Any page may embed the page.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self' https:; " +
	"media-src 'self' blob: https:; base-uri 'none'; form-action 'none'"

// assetTypes are the assets that are served, with their content types.
var assetTypes = map[string]string{
	"hls.LICENSE": "text/plain; charset=utf-8",
	"hls.min.js":  "text/javascript; charset=utf-8",
	"watch.css":   "text/css; charset=utf-8",
	"watch.js":    "text/javascript; charset=utf-8",
}

// watchPage serves the page and its assets. The page links each asset with its version, so that it can be cached for
// ever.
type watchPage struct {
	html     string // with {source} for the video's URL
	assets   map[string][]byte
	mediaURL string // base of the links to media
}

func newWatchPage(media string) (*watchPage, error) {
	w := &watchPage{assets: map[string][]byte{}, mediaURL: strings.TrimRight(cmp.Or(media, ".."), "/")}
	var links []string
	for name := range assetTypes {
		b, err := webFiles.ReadFile("web/" + name)
		if err != nil {
			return nil, errs.E("play.newWatchPage", errs.Internal, err)
		}
		w.assets[name] = b
		links = append(links, "{"+name+"}", "assets/"+name+"?v="+hashVersion(b)) // relative to the page
	}
	w.html = strings.NewReplacer(links...).Replace(pageTemplate)
	return w, nil
}

func hashVersion(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:4])
}

// servePage answers GET /watch/{playback}. It does not check that the video exists: the page requests the playlist
// until it does.
func (w *watchPage) servePage(rw http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("playback")
	if !playback.ValidID(id) {
		return errs.New("play.servePage", errs.NotFound, "video_not_found", "There is no such video; check the link.")
	}
	h := rw.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", contentSecurityPolicy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", httpapi.PageCacheControl)
	source := w.mediaURL + "/p/" + playback.PublicToken + "/" + id + "/master.m3u8"
	_, err := io.WriteString(rw, strings.Replace(w.html, "{source}", html.EscapeString(source), 1))
	return err
}

// serveAsset answers GET /watch/assets/{file}.
func (w *watchPage) serveAsset(rw http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("file")
	b, ok := w.assets[name]
	if !ok {
		return errs.New("play.serveAsset", errs.NotFound, "file_not_found", "The page has no such file.")
	}
	return httpapi.WriteAsset(rw, assetTypes[name], b, r.URL.Query().Get("v") == hashVersion(b))
}
