package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
)

// Handler answers one route. It writes a whole response, or returns an error, which becomes a problem document.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Mux answers the routes of one service and enforces who may call each, as the service map says.
type Mux struct {
	mux     *http.ServeMux
	methods []string // of all routes, sorted
	log     *slog.Logger
}

// Routes are the handlers of a service, named "METHOD path" as in the service map.
type Routes struct {
	Handlers   map[string]Handler
	Idempotent map[string]IdempotentHandler // POST routes; those in Handlers have their responses stored
}

// idempotencyWrapper is what NewMux needs of IdempotencyMiddleware. Services without a POST route pass nil and need no
// rights on idempotency records.
type idempotencyWrapper interface {
	wrapHandler(h IdempotentHandler, timeout time.Duration) Handler
}

// NewMux returns a Mux with a handler for each of the service's routes. idempotency may be nil for a service without
// POST routes. Internal: a route has no handler, or a handler no route.
func NewMux(s services.Service, log *slog.Logger, idempotency idempotencyWrapper, routes Routes) (*Mux, error) {
	const op = "httpapi.NewMux"
	m := &Mux{mux: http.NewServeMux(), log: log}
	for _, route := range s.Routes {
		name := route.Method + " " + route.Path
		h, ok := routes.Handlers[name]
		run, idempotent := routes.Idempotent[name]
		if ok == idempotent || idempotent && route.Method != http.MethodPost {
			return nil, errs.E(op, errs.Internal, fmt.Errorf("%s: want one handler for %s", s.Name, name))
		}
		if route.Method == http.MethodPost {
			if idempotency == nil {
				return nil, errs.E(op, errs.Internal, fmt.Errorf("%s: no idempotency for %s", s.Name, name))
			}
			if plain := h; !idempotent { // its response is stored
				run = func(w http.ResponseWriter, r *http.Request, _ *Attempt) error { return plain(w, r) }
			}
			h = idempotency.wrapHandler(run, s.Timeout)
		}
		m.mux.HandleFunc(strings.ReplaceAll(name, "+}", "...}"), m.authorizeRoute(route, h))
		m.methods = append(m.methods, route.Method)
	}
	slices.Sort(m.methods)
	m.methods = slices.Compact(m.methods)
	if n := len(routes.Handlers) + len(routes.Idempotent); n != len(s.Routes) {
		return nil, errs.E(op, errs.Internal, fmt.Errorf("%s: %d handlers for %d routes", s.Name, n, len(s.Routes)))
	}
	return m, nil
}

// ServeHTTP answers a request. A path that is not clean is unknown: a redirect to the clean one would lose the stage.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path.Clean(r.URL.Path) != r.URL.Path {
		WriteProblem(w, r, m.log, errUnknownRoute)
		return
	}
	if _, pattern := m.mux.Handler(r); pattern != "" {
		m.mux.ServeHTTP(w, r)
		return
	}
	methods := m.findMethods(r.URL)
	if len(methods) == 0 {
		WriteProblem(w, r, m.log, errUnknownRoute)
		return
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	WriteProblem(w, r, m.log, errUnknownMethod)
}

// findMethods returns the methods of the routes at a path, sorted; none if there is no route. Of the paths that match,
// it takes the one with the fewest parameters, as API Gateway does before it looks at the method.
func (m *Mux) findMethods(at *url.URL) (methods []string) {
	fewest := 0
	for _, method := range m.methods {
		_, pattern := m.mux.Handler(&http.Request{Method: method, URL: at})
		parameters := strings.Count(pattern, "{")
		switch {
		case pattern == "" || len(methods) > 0 && parameters > fewest:
			continue
		case parameters < fewest:
			methods = nil
		}
		methods, fewest = append(methods, method), parameters
	}
	return methods
}

var (
	errUnknownRoute = &HTTPError{
		Status: http.StatusNotFound, Code: "route_unknown", Detail: "There is nothing at this path.",
	}
	errUnknownMethod = &HTTPError{
		Status: http.StatusMethodNotAllowed, Code: "method_unknown", Detail: "This path does not take this method.",
	}
)

func (m *Mux) authorizeRoute(route services.Route, h Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := authorizeCaller(route, CallerFromContext(r.Context()))
		if err == nil {
			err = h(w, r)
		}
		if err != nil {
			WriteProblem(w, r, m.log, err)
		}
	}
}

// authorizeCaller returns an error if the caller may not use the route: Unauthenticated or Forbidden.
func authorizeCaller(route services.Route, c Caller) error {
	const op = "httpapi.authorizeCaller"
	switch route.Auth {
	case services.AuthOpen:
		return nil
	case services.AuthToken:
		if c.Tenant == "" {
			return errs.New(op, errs.Unauthenticated, "token_invalid", "Send a token: Authorization: Bearer slc_….")
		}
		if route.Scope != "" && !slices.Contains(c.Scopes, route.Scope) {
			return errs.New(op, errs.Forbidden, "scope_missing", "The token needs the scope "+route.Scope+".")
		}
		return nil
	case services.AuthIAM:
		if c.ARN == "" {
			return errs.New(op, errs.Forbidden, "caller_unknown",
				"Sign the request with AWS credentials of this account.")
		}
		return nil
	}
	return errs.E(op, errs.Internal, fmt.Errorf("%s %s: auth %q", route.Method, route.Path, route.Auth))
}

// WriteJSON writes a response whose body is v as JSON.
func WriteJSON(w http.ResponseWriter, status int, v any) error {
	b, err := encodeJSON(v)
	if err != nil {
		return errs.E("httpapi.WriteJSON", errs.Internal, err)
	}
	return WriteRawJSON(w, status, b)
}

// WriteRawJSON writes a response whose body is JSON already.
func WriteRawJSON(w http.ResponseWriter, status int, b []byte) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, err := w.Write(b)
	return err
}

// PageCacheControl is the Cache-Control of pages, which may be a minute old.
const PageCacheControl = "public, max-age=60"

// WriteAsset writes a file of a page. versioned reports that the URL has the version of the file, so that it can be
// cached for ever.
func WriteAsset(w http.ResponseWriter, contentType string, b []byte, versioned bool) error {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", PageCacheControl)
	if versioned {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	_, err := w.Write(b)
	return err
}

// encodeJSON returns a line of JSON without HTML escapes, so that signed URLs keep their &.
func encodeJSON(v any) ([]byte, error) {
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return line.Bytes(), err
}
