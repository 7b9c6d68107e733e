// Package errs holds the one error type that crosses packages, its kinds, and the registry of codes for clients. It is
// pure and needs no AWS rights.
package errs

import (
	"errors"
	"strings"
)

// Kind says what can be done about an error. Package httpapi turns a kind into an HTTP status, and package queue
// decides by it whether a message is deleted, retried or sent to the dead-letter queue.
type Kind string

// The kinds of error. An error of no kind is Internal.
const (
	Invalid         Kind = "invalid"         // the input is wrong: the same input fails again
	Unauthenticated Kind = "unauthenticated" // the caller is not known
	Forbidden       Kind = "forbidden"       // the caller is known and may not do this
	NotFound        Kind = "not_found"       // it does not exist, or is another tenant's
	Conflict        Kind = "conflict"        // the state is not the one that the caller assumed
	TooLarge        Kind = "too_large"       // over a documented limit
	Exhausted       Kind = "exhausted"       // the tenant has used up one of its limits
	Transient       Kind = "transient"       // a later attempt may succeed
	Internal        Kind = "internal"        // a bug, or a dependency that is broken
)

// Error is an error with a kind. Code and Message may be shown to clients; they never contain the text of Err, which
// may hold signed URLs.
type Error struct {
	Op      string // the operation that failed, for logs: "store.SaveVideo"
	Kind    Kind
	Code    Code   // for programs: one of Codes
	Message string // for people: a sentence that says what to do next
	Err     error  // the cause, for logs only
}

// Problem is what a client is told about an error. It is part of events and of video rows.
type Problem struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
}

// NewProblem returns a problem: a code for programs and a sentence for people.
func NewProblem(code Code, message string) Problem { return Problem{Code: code, Message: message} }

// E returns an Error with a cause and without a code: clients are told no details.
func E(op string, kind Kind, err error) *Error { return &Error{Op: op, Kind: kind, Err: err} }

// New returns an Error whose code and message are meant for clients.
func New(op string, kind Kind, code Code, message string) *Error {
	return &Error{Op: op, Kind: kind, Code: code, Message: message}
}

// ToError returns an Error with the problem's code and message; cause may be nil.
func (p Problem) ToError(op string, kind Kind, cause error) *Error {
	return &Error{Op: op, Kind: kind, Code: p.Code, Message: p.Message, Err: cause}
}

func (e *Error) Error() string {
	parts := []string{e.Op, string(e.Kind)}
	if e.Code != "" {
		parts = append(parts, string(e.Code))
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	} else if e.Message != "" {
		parts = append(parts, e.Message)
	}
	return strings.Join(parts, ": ")
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the outermost Error in err, Internal for any other error, and "" for nil.
func KindOf(err error) Kind {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Kind
	}
	return Internal
}

// ProblemOf returns the code and message of the outermost Error in err that has them. For any other error it returns
// the code "internal" and a general message, without the error's text.
func ProblemOf(err error) Problem {
	if e, ok := errors.AsType[*Error](err); ok && e.Code != "" {
		return Problem{Code: e.Code, Message: e.Message}
	}
	return Problem{
		Code:    "internal",
		Message: "Something went wrong on our side; try again, and report it with the request id if it stays.",
	}
}

// IsRejection reports whether err is Invalid and has a code: the input was rejected, and another attempt would not
// help.
func IsRejection(err error) bool {
	return KindOf(err) == Invalid && ProblemOf(err).Code != "internal"
}

// problemTitles has the titles that are not simply the words of their code.
var problemTitles = map[Code]string{
	"busy":         "Too busy just now",
	"etag_missing": "ETag missing",
	"internal":     "Something went wrong on our side",
	"invalid":      "Request invalid",
}

// Type returns the problem's type URI (RFC 9457, section 3.1.1): its code with a prefix.
func (p Problem) Type() string { return "urn:sluice:problem:" + string(p.Code) }

// Title returns the problem's title (RFC 9457, section 3.1.3), the same for all problems of a code: "Upload expired".
func (p Problem) Title() string {
	if title, ok := problemTitles[p.Code]; ok || p.Code == "" {
		return title
	}
	words := strings.ReplaceAll(string(p.Code), "_", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}
