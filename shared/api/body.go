package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxDepth bounds how deep a body may nest.
const maxDepth = 64

func malformed(pointer, detail string) *fault {
	const code = "body_malformed"
	return &fault{status: http.StatusBadRequest, code: code, detail: detail, flaws: []flaw{{pointer, code, detail}}}
}

// decode reads a body that must be one JSON object. Fields that T lacks are ignored, so that newer clients work with
// older servers. It fails with body_malformed, with a pointer where the place is known.
func decode[T any](r *http.Request) (T, error) {
	var v T
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return v, malformed("", "The body can't be read.")
	}
	if deep(b) {
		return v, malformed("", fmt.Sprintf("The body nests deeper than %d.", maxDepth))
	}
	if b = bytes.TrimSpace(b); len(b) == 0 || b[0] != '{' {
		return v, malformed("", "The body must be a JSON object.")
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return v, misread(err)
	}
	return v, nil
}

// misread says where the JSON is wrong, in our words.
func misread(err error) *fault {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		pointer := ""
		if wrong.Field != "" {
			top, _, _ := strings.Cut(wrong.Field, ".") // below it an index may be missing
			pointer = "/" + top
		}
		return malformed(pointer, fmt.Sprintf("A %s can't stand here.", strings.Fields(wrong.Value)[0]))
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return malformed("", fmt.Sprintf("The body is not JSON from byte %d on.", syntax.Offset))
	}
	return malformed("", "The body is not JSON.")
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

// err returns nil if nothing is wrong, else a refusal with the first flaw's code that names those noted.
func (c *check) err() error {
	if len(c.flaws) == 0 {
		return nil
	}
	first := c.flaws[0]
	return &fault{status: http.StatusUnprocessableEntity, code: first.Code, detail: first.Detail, flaws: c.flaws}
}
