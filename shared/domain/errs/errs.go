package errs

import (
	"errors"
	"strings"
)

// Kind says what can be done about an error. Package api turns kinds into HTTP statuses and package inbox into
// ack, retry or dead letter; nothing else switches on them.
type Kind string

// The kinds of error. An error of no kind is Internal.
const (
	Invalid         Kind = "invalid"         // the caller's or the file's fault: the same input fails again
	Unauthenticated Kind = "unauthenticated" // nobody we know
	Forbidden       Kind = "forbidden"       // known, but may not
	NotFound        Kind = "not_found"       // not there, or another tenant's
	Conflict        Kind = "conflict"        // the row is not as the caller believed
	TooLarge        Kind = "too_large"       // over a published limit
	Transient       Kind = "transient"       // worth another try, later
	Internal        Kind = "internal"        // a bug or a broken dependency
)

// Error is the one error type that crosses packages. Code and Message are for people and programs outside and never
// carry the text of Err, which may hold signed URLs.
type Error struct {
	Op      string // the operation that failed, for logs: "store.Save"
	Kind    Kind
	Code    Code   // "container_unsupported"
	Message string // a sentence that says what to do next
	Err     error  // the cause, for logs only
}

// Problem tells people and programs why something did not work.
type Problem struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
}

// E returns an Error with a cause and no public message.
func E(op string, kind Kind, err error) *Error { return &Error{Op: op, Kind: kind, Err: err} }

// New returns an Error whose code and sentence are meant for the caller.
func New(op string, kind Kind, code Code, message string) *Error {
	return &Error{Op: op, Kind: kind, Code: code, Message: message}
}

// ToError returns an Error that tells the problem to the caller; cause may be nil.
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

// ProblemOf returns what may be told to the outside about err. Foreign errors keep their text to themselves.
func ProblemOf(err error) Problem {
	var e *Error
	if errors.As(err, &e) && e.Code != "" {
		return Problem{Code: e.Code, Message: e.Message}
	}
	return Problem{Code: "internal", Message: "Something went wrong on our side; try again, and report it with the request id if it stays."}
}

// IsRejection reports whether err is about the input itself and has a code for its owner: trying again would not help.
func IsRejection(err error) bool {
	return KindOf(err) == Invalid && ProblemOf(err).Code != "internal"
}

// problemTitles are those of codes whose words alone say too little.
var problemTitles = map[Code]string{
	"busy":         "Too busy just now",
	"etag_missing": "ETag missing",
	"internal":     "Something went wrong on our side",
	"invalid":      "Request invalid",
}

// Type returns the name of the kind of problem, which is its code as a URI (RFC 9457, section 3.1.1).
func (p Problem) Type() string { return "urn:sluice:problem:" + string(p.Code) }

// Title returns the kind of problem in a few words, the same for all problems of a code: "Upload expired".
func (p Problem) Title() string {
	if title, ok := problemTitles[p.Code]; ok || p.Code == "" {
		return title
	}
	words := strings.ReplaceAll(string(p.Code), "_", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}
