package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
)

// Handler answers one route. It writes a whole answer or returns an error, which becomes a problem document.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Mux answers the routes of one service and lets in whom the map lets in.
type Mux struct {
	mux *http.ServeMux
	log *slog.Logger
}

// wrapper makes a handler of a POST one that can be repeated. It is what Mux needs of Once, which services without a POST
// have none of, nor its rights.
type wrapper interface {
	wrap(h Handler, timeout time.Duration) Handler
}

// NewMux returns a Mux with a handler for each of the service's routes, named "METHOD path" as in the map. once may be
// nil for a service to which nothing can be posted. It fails with Internal if a route has no handler, a handler no route,
// or a POST nobody to remember it.
func NewMux(s services.Service, log *slog.Logger, once wrapper, handlers map[string]Handler) (*Mux, error) {
	m := &Mux{mux: http.NewServeMux(), log: log}
	for _, route := range s.Routes {
		name := route.Method + " " + route.Path
		h, ok := handlers[name]
		if !ok {
			return nil, errs.E("api.NewMux", errs.Internal, fmt.Errorf("%s: no handler for %s", s.Name, name))
		}
		if route.Method == http.MethodPost {
			if once == nil {
				return nil, errs.E("api.NewMux", errs.Internal, fmt.Errorf("%s: no Once for %s", s.Name, name))
			}
			h = once.wrap(h, s.Timeout)
		}
		m.mux.HandleFunc(strings.ReplaceAll(name, "+}", "...}"), m.guard(route, h))
	}
	if len(handlers) != len(s.Routes) {
		return nil, errs.E("api.NewMux", errs.Internal, fmt.Errorf("%s: %d handlers for %d routes", s.Name, len(handlers), len(s.Routes)))
	}
	return m, nil
}

// ServeHTTP answers a request. A path that is not clean is unknown: redirecting to the clean one would lose the stage.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h, pattern := m.mux.Handler(r)
	switch {
	case path.Clean(r.URL.Path) != r.URL.Path:
		m.fail(w, r, errRoute)
	case pattern == "":
		m.fail(w, r, refusal(h, w, r))
	default:
		m.mux.ServeHTTP(w, r)
	}
}

var (
	errRoute  = &fault{status: http.StatusNotFound, code: "route_unknown", detail: "There is nothing at this path."}
	errMethod = &fault{status: http.StatusMethodNotAllowed, code: "method_unknown", detail: "This path does not take this method."}
)

// refusal finds out what ServeMux itself would answer, which is the only way to learn that only the method is wrong.
func refusal(h http.Handler, w http.ResponseWriter, r *http.Request) error {
	said := newAnswer()
	h.ServeHTTP(said, r)
	if said.status != http.StatusMethodNotAllowed {
		return errRoute
	}
	w.Header()["Allow"] = said.header["Allow"]
	return errMethod
}

func (m *Mux) guard(route services.Route, h Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := admit(route, callerOf(r.Context()))
		if err == nil {
			err = h(w, r)
		}
		if err != nil {
			m.fail(w, r, err)
		}
	}
}

func (m *Mux) fail(w http.ResponseWriter, r *http.Request, err error) { fail(w, r, m.log, err) }

// admit decides whether the caller may use the route.
func admit(route services.Route, c caller) error {
	const op = "api.admit"
	switch route.Auth {
	case services.Open:
		return nil
	case services.ByToken:
		if c.tenant == "" {
			return errs.Refuse(op, errs.Unauthenticated, "token_invalid", "Send a token: Authorization: Bearer slc_….")
		}
		if route.Scope != "" && !slices.Contains(c.scopes, route.Scope) {
			return errs.Refuse(op, errs.Forbidden, "scope_missing", "The token needs the scope "+route.Scope+".")
		}
		return nil
	case services.ByCaller:
		if c.arn == "" {
			return errs.Refuse(op, errs.Forbidden, "caller_unknown", "Sign the request with AWS credentials of this account.")
		}
		return nil
	}
	return errs.E(op, errs.Internal, fmt.Errorf("%s %s: auth %q", route.Method, route.Path, route.Auth))
}

// reply writes v as JSON.
func reply(w http.ResponseWriter, status int, v any) error {
	b, err := encode(v)
	if err != nil {
		return errs.E("api.reply", errs.Internal, err)
	}
	return send(w, status, b)
}

// send writes a body that is JSON.
func send(w http.ResponseWriter, status int, b []byte) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, err := w.Write(b)
	return err
}

// encode returns a line of JSON for programs and people: signed URLs keep their &.
func encode(v any) ([]byte, error) {
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return line.Bytes(), err
}
