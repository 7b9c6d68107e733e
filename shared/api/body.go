package api

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

// maxDepth bounds how deep a body may nest.
const maxDepth = 64

func malformed(detail string) *fault {
	return &fault{status: http.StatusBadRequest, code: "body_malformed", detail: detail}
}

// decode reads a body that must be one JSON object of T's form: requests are ours to define, and a member that we don't
// know is a mistake that its sender must learn of. It fails with body_malformed for what is no JSON object, else with a
// field's code and place.
func decode[T any](r *http.Request) (T, error) {
	var v T
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return v, malformed("The body can't be read.")
	}
	if deep(b) {
		return v, malformed(fmt.Sprintf("The body nests deeper than %d.", maxDepth))
	}
	if b = bytes.TrimSpace(b); len(b) == 0 || b[0] != '{' {
		return v, malformed("The body must be a JSON object.")
	}
	if err := formed(b, reflect.TypeFor[T]()); err != nil {
		return v, err
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return v, errs.E("api.decode", errs.Internal, err) // formed has let through what it must not
	}
	return v, nil
}

// formed refuses what is no JSON, and JSON that is not of the form of a type.
func formed(b []byte, t reflect.Type) error {
	if err := json.Unmarshal(b, new(json.RawMessage)); err != nil {
		return misread(err)
	}
	var value any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return misread(err)
	}
	var c check
	c.shape("", "body", value, t)
	return c.fault(http.StatusBadRequest)
}

// misread says where the JSON is wrong, in our words.
func misread(err error) *fault {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return malformed(fmt.Sprintf("The body is not JSON from byte %d on.", syntax.Offset))
	}
	return malformed("The body is not JSON.")
}

// deep reports whether JSON nests deeper than maxDepth, without building anything.
func deep(b []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}', c == ']':
			depth--
		}
	}
	return false
}

// maxFlaws bounds how many an answer names.
const maxFlaws = 100

// check collects what is wrong with a request.
type check struct{ flaws []flaw }

// that notes a flaw unless ok.
func (c *check) that(ok bool, pointer, code, detail string) {
	if !ok && len(c.flaws) < maxFlaws {
		c.flaws = append(c.flaws, flaw{pointer, code, detail})
	}
}

// err returns nil if nothing is wrong, else a refusal with 422.
func (c *check) err() error { return c.fault(http.StatusUnprocessableEntity) }

// fault returns nil if nothing is wrong, else a refusal with the first flaw's code that names those noted.
func (c *check) fault(status int) error {
	if len(c.flaws) == 0 {
		return nil
	}
	first := c.flaws[0]
	return &fault{status: status, code: first.Code, detail: first.Detail, flaws: c.flaws}
}
