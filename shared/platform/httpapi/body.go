package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"

	"sluice/shared/domain/errs"
)

// maxNesting bounds how deep a body may nest.
const maxNesting = 64

func newBodyError(detail string) *HTTPError {
	return &HTTPError{Status: http.StatusBadRequest, Code: "body_malformed", Detail: detail}
}

// DecodeBody reads a body that must be one JSON object of T's form: requests are ours to define, and a member that we don't
// know is a mistake that its sender must learn of. It fails with body_malformed for what is no JSON object, else with a
// field's code and place.
func DecodeBody[T any](r *http.Request) (T, error) {
	var v T
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return v, newBodyError("The body can't be read.")
	}
	if exceedsMaxNesting(b) {
		return v, newBodyError(fmt.Sprintf("The body nests deeper than %d.", maxNesting))
	}
	if b = bytes.TrimSpace(b); len(b) == 0 || b[0] != '{' {
		return v, newBodyError("The body must be a JSON object.")
	}
	if err := checkBodyShape(b, reflect.TypeFor[T]()); err != nil {
		return v, err
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return v, errs.E("api.decode", errs.Internal, err) // formed has let through what it must not
	}
	return v, nil
}

// checkBodyShape refuses what is no JSON, and JSON that is not of the form of a type.
func checkBodyShape(b []byte, t reflect.Type) error {
	if err := json.Unmarshal(b, new(json.RawMessage)); err != nil {
		return newSyntaxError(err)
	}
	var value any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return newSyntaxError(err)
	}
	var c Validation
	c.checkShape("", "body", value, t)
	return c.errorWithStatus(http.StatusBadRequest)
}

// newSyntaxError says where the JSON is wrong, in our words.
func newSyntaxError(err error) *HTTPError {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return newBodyError(fmt.Sprintf("The body is not JSON from byte %d on.", syntax.Offset))
	}
	return newBodyError("The body is not JSON.")
}

// exceedsMaxNesting reports whether JSON nests deeper than maxDepth, without building anything.
func exceedsMaxNesting(b []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			if depth++; depth > maxNesting {
				return true
			}
		case c == '}', c == ']':
			depth--
		}
	}
	return false
}

// maxFieldErrors bounds how many an answer names.
const maxFieldErrors = 100

// Validation collects what is wrong with a request.
type Validation struct{ fieldErrors []FieldError }

// Require notes a flaw unless ok.
func (c *Validation) Require(ok bool, pointer string, code errs.Code, detail string) {
	if !ok && len(c.fieldErrors) < maxFieldErrors {
		c.fieldErrors = append(c.fieldErrors, FieldError{pointer, code, detail})
	}
}

// Err returns nil if nothing is wrong, else a refusal with 422.
func (c *Validation) Err() error { return c.errorWithStatus(http.StatusUnprocessableEntity) }

// errorWithStatus returns nil if nothing is wrong, else a refusal with the first flaw's code that names those noted.
func (c *Validation) errorWithStatus(status int) error {
	if len(c.fieldErrors) == 0 {
		return nil
	}
	first := c.fieldErrors[0]
	return &HTTPError{Status: status, Code: first.Code, Detail: first.Detail, FieldErrors: c.fieldErrors}
}
