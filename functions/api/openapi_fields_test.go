package api_test

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"sluice/tests/apitest"
)

// TestOpenAPIFieldsHaveExamplesAndLimits checks that each field of a JSON body has an example or a list of values, and
// each number a least one.
func TestOpenAPIFieldsHaveExamplesAndLimits(t *testing.T) {
	t.Parallel()
	doc := apitest.LoadDescription(t)
	check := fieldChecker{t, map[*openapi3.Schema]bool{}}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			at := method + " " + path
			if op.Summary == "" || len(op.Tags) != 1 {
				t.Errorf("%s: want a summary and one tag", at)
			}
			if op.RequestBody != nil {
				check.checkContent(at, op.RequestBody.Value.Content)
			}
			for _, r := range op.Responses.Map() {
				check.checkContent(at, r.Value.Content)
			}
			for _, p := range append(op.Parameters, item.Parameters...) {
				if p.Value.Example == nil && p.Value.Schema.Value.Example == nil {
					t.Errorf("%s: parameter %s has no example", at, p.Value.Name)
				}
			}
		}
	}
	if len(check.seen) < 100 {
		t.Errorf("only %d schemas were checked", len(check.seen))
	}
}

type fieldChecker struct {
	*testing.T
	seen map[*openapi3.Schema]bool
}

func (c fieldChecker) checkContent(at string, content openapi3.Content) {
	for kind, media := range content {
		if kind == "application/json" || kind == "application/problem+json" {
			c.checkSchema(at, media.Schema)
		}
	}
}

// checkSchema checks a schema and those in it, each once.
func (c fieldChecker) checkSchema(at string, ref *openapi3.SchemaRef) {
	s := ref.Value
	if c.seen[s] {
		return
	}
	c.seen[s] = true
	number := s.Type.Is("integer") || s.Type.Is("number")
	if (number || s.Type.Is("string") || s.Type.Is("boolean")) && s.Example == nil && len(s.Enum) == 0 {
		c.Errorf("%s has no example", at)
	}
	if number && s.Min == nil && len(s.AnyOf) == 0 {
		c.Errorf("%s has no minimum", at)
	}
	for name, p := range s.Properties {
		c.checkSchema(at+"/"+name, p)
	}
	if s.Items != nil {
		c.checkSchema(at+"[]", s.Items)
	}
}
