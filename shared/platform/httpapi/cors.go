package httpapi

import (
	"net/http"
	"slices"
)

// CORS lets pages of other origins call an API (https://fetch.spec.whatwg.org/#http-cors-protocol). Nothing that a browser
// adds by itself gives a right here, so that all this decides is which pages can read the answers.
type CORS struct {
	Origins []string // "https://example.com"; "*" is all
	Next    http.Handler
}

const (
	corsMethods        = "GET, POST, PATCH, DELETE"
	corsHeaders        = "Authorization, Content-Type, Idempotency-Key"
	corsExposedHeaders = "Allow, Idempotent-Replayed, Retry-After, WWW-Authenticate, X-Amzn-Requestid" // beside the body
	corsMaxAge         = "3600"                                                                        // for which a browser asks no more
)

// SetHeaders writes the headers of any answer, a refusal included.
func (c CORS) SetHeaders(h http.Header, r *http.Request) {
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

// ServeHTTP answers a browser that asks what it may send; all else is the Handler's.
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
