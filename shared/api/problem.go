package api

import (
	"errors"
	"log/slog"
	"net/http"

	"sluice/shared/domain/errs"
)

// problem is a problem document (https://www.rfc-editor.org/rfc/rfc9457).
type problem struct {
	Type      string `json:"type"`  // urn:sluice:problem:<code>: a name, not an address
	Title     string `json:"title"` // the same for all problems of the type
	Status    int    `json:"status"`
	Detail    string `json:"detail"`
	Code      string `json:"code"` // stable; programs look at this one
	RequestID string `json:"request_id"`
	Errors    []flaw `json:"errors,omitempty"`
}

// flaw is one thing that is wrong with a request's body.
type flaw struct {
	Pointer string `json:"pointer"` // JSON Pointer (RFC 6901) into the body; "" is all of it
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

// fault is a refusal of the request itself, before or beside what the domain says.
type fault struct {
	status       int
	code, detail string
	flaws        []flaw
}

func (f *fault) Error() string { return f.code + ": " + f.detail }

// kinds says what each kind of error is in HTTP, and what is said of one that brings no words of its own.
var kinds = map[errs.Kind]fault{
	errs.Invalid:         {status: http.StatusUnprocessableEntity, code: "invalid", detail: "The request can't be carried out as it is."},
	errs.Unauthenticated: {status: http.StatusUnauthorized, code: "unauthenticated", detail: "Send a valid token."},
	errs.Forbidden:       {status: http.StatusForbidden, code: "forbidden", detail: "This is not allowed with these credentials."},
	errs.NotFound:        {status: http.StatusNotFound, code: "not_found", detail: "There is nothing of that id."},
	errs.Conflict:        {status: http.StatusConflict, code: "conflict", detail: "It has changed meanwhile; look again, then try again."},
	errs.TooLarge:        {status: http.StatusRequestEntityTooLarge, code: "too_large", detail: "It is larger than allowed."},
	errs.Transient:       {status: http.StatusServiceUnavailable, code: "busy", detail: "Too busy just now; try again in a moment."},
	errs.Internal:        {status: http.StatusInternalServerError, code: "internal", detail: errs.ProblemOf(nil).Message},
}

// faultOf is the only place where an error becomes a status. Nothing of a cause's text gets out.
func faultOf(err error) fault {
	var f *fault
	if errors.As(err, &f) {
		return *f
	}
	out, known := kinds[errs.KindOf(err)]
	if !known {
		out = kinds[errs.Internal]
	}
	var e *errs.Error
	if errors.As(err, &e) && e.Code != "" {
		out.code, out.detail = e.Code, e.Message
	}
	return out
}

// fail answers with a problem document; what is our own fault is logged.
func fail(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	f, c := faultOf(err), callerOf(r.Context())
	if f.status >= http.StatusInternalServerError {
		log.ErrorContext(r.Context(), "request failed", "api_request_id", c.requestID, "method", r.Method, "route", r.Pattern, "code", f.code, "error", err)
	}
	kind := errs.Problem{Code: f.code}
	b, _ := encode(problem{ // strings and numbers: can't fail
		Type: kind.Type(), Title: kind.Title(), Status: f.status,
		Detail: f.detail, Code: f.code, RequestID: c.requestID, Errors: f.flaws,
	})
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	switch f.status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer")
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
	}
	w.WriteHeader(f.status)
	_, _ = w.Write(b) // nobody is left to be told
}
