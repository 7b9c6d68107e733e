package httpapi

import (
	"net/http"
	"slices"
)

// CORS lets pages of other origins call an API (https://fetch.spec.whatwg.org/#http-cors-protocol). The API takes no
// cookies, so CORS decides only which pages can read the responses.
type CORS struct {
	Origins []string // "https://example.com"; "*" is all
	Next    http.Handler
}

const (
	corsMethods = "GET, POST, PUT, PATCH, DELETE"
	corsHeaders = "Authorization, Content-Type, Idempotency-Key, Prefer"
	// headers that scripts may read
	corsExposedHeaders = "Allow, Idempotent-Replayed, Preference-Applied, Retry-After, WWW-Authenticate, X-Amzn-Requestid"
	corsMaxAge         = "3600" // seconds for which a browser caches the preflight
)

// setHeaders writes the headers that every response has, also an error.
func (c CORS) setHeaders(h http.Header, r *http.Request) {
	origin := r.Header.Get("Origin")
	switch {
	case slices.Contains(c.Origins, "*"):
		h.Set("Access-Control-Allow-Origin", "*")
	case origin != "" && slices.Contains(c.Origins, origin):
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Vary", "Origin")
	default:
		h.Set("Vary", "Origin")
		return
	}
	h.Set("Access-Control-Expose-Headers", corsExposedHeaders)
}

// ServeHTTP answers preflight requests and passes all others to Next.
func (c CORS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		c.Next.ServeHTTP(w, r)
		return
	}
	if h.Get("Access-Control-Allow-Origin") != "" {
		h.Set("Access-Control-Allow-Methods", corsMethods)
		h.Set("Access-Control-Allow-Headers", corsHeaders)
		h.Set("Access-Control-Max-Age", corsMaxAge)
	}
	w.WriteHeader(http.StatusNoContent)
}
