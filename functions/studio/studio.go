// Package studio serves the studio: a page on which people upload videos, see their progress, watch them, and, as
// operators, see the load of each service. The page calls the API as any client does, with a token that its user
// enters. It keeps the token in memory only.
// The service has no rights on AWS and no data: all that it serves is in its binary. The page's Content-Security-Policy
// allows the assets of this package, and requests to the API, to S3 for the parts of uploads, and to the CDN for media.
package studio

import (
	"embed"
	"io"
	"log/slog"
	"net/http"
	"path"
	"strings"

	"sluice/docs"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/platform/httpapi"
)

//go:embed web
var webFiles embed.FS

//go:embed web/studio.html
var pageTemplate string

// Page answers the routes of the service studio.
type Page struct {
	UploadURL string // a URL at the host that parts are uploaded to; "": this host
	MediaURL  string // a URL at the host that segments are read from; "": this host
	Log       *slog.Logger
}

// contentTypes are the content types of assets by file extension.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".md":  "text/markdown; charset=utf-8",
	".svg": "image/svg+xml",
}

// site is the page with its assets. The assets' folder is named after their contents, so that they can be cached for
// ever and those of two versions are never mixed.
type site struct {
	html    string
	assets  map[string]string
	version string
	policy  string
}

// Handler returns the handler of all routes, for httpapi.NewGatewayFunc. Internal: the routes are not exactly those of
// the service map.
func (p Page) Handler() (http.Handler, error) {
	service, _ := services.Lookup(services.Studio)
	s, err := loadSite()
	if err != nil {
		return nil, err
	}
	s.policy = buildPolicy(p.UploadURL, p.MediaURL)
	return httpapi.NewMux(service, p.Log, nil, httpapi.Routes{Handlers: map[string]httpapi.Handler{
		"GET /studio":                  s.servePage,
		"GET /studio/{version}/{file}": s.serveAsset,
	}})
}

func loadSite() (*site, error) {
	s := &site{assets: map[string]string{"errors.md": docs.ErrorsMarkdown}}
	files, err := webFiles.ReadDir("web")
	if err != nil {
		return nil, errs.E("studio.loadSite", errs.Internal, err)
	}
	for _, f := range files {
		text, err := webFiles.ReadFile("web/" + f.Name())
		if err != nil {
			return nil, errs.E("studio.loadSite", errs.Internal, err)
		}
		if contentTypes[path.Ext(f.Name())] != "" {
			s.assets[f.Name()] = string(text)
		}
	}
	s.version = hashAssets(s.assets)
	s.html = strings.NewReplacer("{base}", "studio/"+s.version, "{player}",
		"watch/assets/hls.min.js?v="+playerVersion).Replace(pageTemplate)
	return s, nil
}

// servePage answers GET /studio. Its links are relative, since its base URL is unknown.
func (s *site) servePage(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", s.policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", httpapi.PageCacheControl)
	_, err := io.WriteString(w, s.html)
	return err
}

// serveAsset answers GET /studio/{version}/{file}. For another version it returns the current file, cached for a short
// time.
func (s *site) serveAsset(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("file")
	text, ok := s.assets[name]
	if !ok {
		return errs.New("studio.serveAsset", errs.NotFound, "file_not_found", "The page has no such file.")
	}
	return httpapi.WriteAsset(w, contentTypes[path.Ext(name)], []byte(text), r.PathValue("version") == s.version)
}
