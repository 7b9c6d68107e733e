package events

import (
	"math"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// useFastNumbers replaces the validation of numbers in a compiled schema, wherever the schema has only bounds for them.
// The library converts each number to a fraction of big integers, which takes 2 µs, and a task result has thousands of
// numbers. The replacement compares float64s, which is what encoding/json produces. It only accepts; a number that it
// does not accept is validated by the library, which also words the error. done has the schemas that were visited.
func useFastNumbers(s *jsonschema.Schema, done map[*jsonschema.Schema]bool) {
	if s == nil || done[s] {
		return
	}
	done[s] = true
	for name, p := range s.Properties {
		if b, ok := readBounds(p); ok {
			s.Properties[name] = &jsonschema.Schema{DraftVersion: s.DraftVersion, Extensions: []jsonschema.SchemaExt{b}}
		}
		useFastNumbers(p, done)
	}
	if b, ok := readBounds(s.Items2020); ok {
		s.Items2020, s.Extensions = nil, append(s.Extensions, arrayBounds{b})
	}
	for _, next := range []*jsonschema.Schema{s.Ref, s.Items2020} {
		useFastNumbers(next, done)
	}
}

// numberBounds is a schema for numbers between two bounds.
type numberBounds struct {
	integer  bool
	min, max float64
	schema   *jsonschema.Schema
}

// readBounds returns the bounds of a schema for numbers, or of one that refers to such a schema. It relies on our
// schemas having nothing but a description beside a $ref, and nothing but bounds for numbers, which
// TestSchemasAreBoundedAndOpen checks.
func readBounds(s *jsonschema.Schema) (b numberBounds, ok bool) {
	for s != nil && s.Ref != nil {
		s = s.Ref
	}
	if s == nil || s.Types == nil || s.Minimum == nil || s.Maximum == nil {
		return numberBounds{}, false
	}
	b = numberBounds{integer: s.Types.String() == "[integer]", schema: s}
	b.min, _ = s.Minimum.Float64()
	b.max, _ = s.Maximum.Float64()
	return b, true
}

func (b numberBounds) accepts(v any) bool {
	f, ok := v.(float64)
	return ok && f >= b.min && f <= b.max && (!b.integer || f == math.Trunc(f))
}

// Validate implements jsonschema.SchemaExt.
func (b numberBounds) Validate(ctx *jsonschema.ValidatorContext, v any) {
	if !b.accepts(v) {
		ctx.AddErr(ctx.Validate(b.schema, v, nil))
	}
}

// arrayBounds is a schema for an array of such numbers.
type arrayBounds struct{ item numberBounds }

// Validate implements jsonschema.SchemaExt.
func (b arrayBounds) Validate(ctx *jsonschema.ValidatorContext, v any) {
	items, _ := v.([]any)
	for i, item := range items {
		if !b.item.accepts(item) {
			ctx.AddErr(ctx.Validate(b.item.schema, item, []string{strconv.Itoa(i)}))
		}
	}
}
