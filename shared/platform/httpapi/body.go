package httpapi

import (
	"bytes"
	"cmp"
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

// DecodeBody decodes the body of a request, which must be one JSON object that has the shape of T. Unknown members are
// rejected. It fails with an HTTPError of 400: body_malformed if the body is not a JSON object, else the code and
// pointer of each wrong field.
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
	var value any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var syntax *json.SyntaxError // Unmarshal finds what follows the object, too
	switch err := cmp.Or(json.Unmarshal(b, new(json.RawMessage)), d.Decode(&value)); {
	case errors.As(err, &syntax):
		return v, newBodyError(fmt.Sprintf("The body is not JSON from byte %d on.", syntax.Offset))
	case err != nil:
		return v, newBodyError("The body is not JSON.")
	}
	var check Validation
	check.checkShape("", "body", value, reflect.TypeFor[T]())
	if err := check.errorWithStatus(http.StatusBadRequest); err != nil {
		return v, err
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return v, errs.E("httpapi.DecodeBody", errs.Internal, err) // checkShape has missed something
	}
	return v, nil
}

// exceedsMaxNesting reports whether JSON nests deeper than maxNesting. It allocates nothing.
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

// Validation collects the field errors of a request.
type Validation struct{ errs.FieldErrors }

// AddAll adds field errors of the domain.
func (v *Validation) AddAll(invalid errs.FieldErrors) {
	for _, f := range invalid {
		v.Require(false, f.Pointer, f.Code, f.Detail)
	}
}

// Err returns nil without field errors, else an HTTPError of 422.
func (v *Validation) Err() error { return v.errorWithStatus(http.StatusUnprocessableEntity) }

// errorWithStatus returns nil without field errors, else an HTTPError that has the first one's code and lists all.
func (v *Validation) errorWithStatus(status int) error {
	if len(v.FieldErrors) == 0 {
		return nil
	}
	first := v.FieldErrors[0]
	return &HTTPError{Status: status, Code: first.Code, Detail: first.Detail, FieldErrors: v.FieldErrors}
}
