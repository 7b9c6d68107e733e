package httpapi

import (
	"errors"
	"log/slog"
	"net/http"

	"sluice/shared/domain/errs"
)

// problemDocument is the body of an error response (https://www.rfc-editor.org/rfc/rfc9457).
type problemDocument struct {
	Type      string           `json:"type"`  // urn:sluice:problem:<code>
	Title     string           `json:"title"` // the same for all problems of the type
	Status    int              `json:"status"`
	Detail    string           `json:"detail"`
	Code      errs.Code        `json:"code"` // stable: for programs
	RequestID string           `json:"request_id"`
	Errors    errs.FieldErrors `json:"errors,omitempty"`
	Quota     *quotaView       `json:"quota,omitempty"` // the limit of the tenant that is reached
}

// HTTPError is an error of the HTTP request itself, with its status.
type HTTPError struct {
	Status      int
	Code        errs.Code
	Detail      string
	FieldErrors errs.FieldErrors
}

func (e *HTTPError) Error() string { return string(e.Code) + ": " + e.Detail }

// errorsByKind maps each kind of error to its status, with a code and a detail for errors that have none of their own.
var errorsByKind = map[errs.Kind]HTTPError{
	errs.Invalid: {
		Status: http.StatusUnprocessableEntity, Code: "invalid", Detail: "The request can't be carried out as it is.",
	},
	errs.Unauthenticated: {Status: http.StatusUnauthorized, Code: "unauthenticated", Detail: "Send a valid token."},
	errs.Forbidden: {
		Status: http.StatusForbidden, Code: "forbidden", Detail: "This is not allowed with these credentials.",
	},
	errs.NotFound: {Status: http.StatusNotFound, Code: "not_found", Detail: "There is nothing of that id."},
	errs.Conflict: {
		Status: http.StatusConflict, Code: "conflict", Detail: "It has changed meanwhile; look again, then try again.",
	},
	errs.TooLarge: {Status: http.StatusRequestEntityTooLarge, Code: "too_large", Detail: "It is larger than allowed."},
	errs.Exhausted: {
		Status: http.StatusTooManyRequests, Code: "quota_exceeded", Detail: "A limit of the tenant is reached.",
	},
	errs.Transient: {
		Status: http.StatusServiceUnavailable, Code: "busy", Detail: "Too busy just now; try again in a moment.",
	},
	errs.Internal: {Status: http.StatusInternalServerError, Code: "internal", Detail: errs.ProblemOf(nil).Message},
}

// toHTTPError returns the HTTP form of an error, without the text of its cause. Nothing else maps errors to statuses.
func toHTTPError(err error) HTTPError {
	if httpErr, ok := errors.AsType[*HTTPError](err); ok {
		return *httpErr
	}
	out, known := errorsByKind[errs.KindOf(err)]
	if !known {
		out = errorsByKind[errs.Internal]
	}
	if e, ok := errors.AsType[*errs.Error](err); ok && e.Code != "" {
		out.Code, out.Detail = e.Code, e.Message
	}
	return out
}

// WriteProblem writes err as a problem document and logs it if its status is 500 or above.
func WriteProblem(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	e, c := toHTTPError(err), CallerFromContext(r.Context())
	if e.Status >= http.StatusInternalServerError {
		log.ErrorContext(r.Context(), "request failed", "api_request_id", c.RequestID, "method", r.Method, "route",
			r.Pattern, "code", e.Code, "error", err)
	}
	kind := errs.Problem{Code: e.Code}
	b, _ := encodeJSON(problemDocument{ // strings and numbers: can't fail
		Type: kind.Type(), Title: kind.Title(), Status: e.Status,
		Detail: e.Detail, Code: e.Code, RequestID: c.RequestID, Errors: e.FieldErrors, Quota: newQuotaView(err),
	})
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	switch e.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer")
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
	}
	w.WriteHeader(e.Status)
	_, _ = w.Write(b) // the client is gone
}
