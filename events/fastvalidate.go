package events

import (
	"math"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The schema library takes every number for a fraction of big integers, some 2 µs each, and a result can hold thousands.
// useFastNumbers lets float64s do, which is what encoding/json makes of them, wherever a schema says no more of a number than
// its bounds. Only what passes is decided so; the library judges the rest, and words the error.
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

// numberBounds is a schema for numbers.
type numberBounds struct {
	integer  bool
	min, max float64
	schema   *jsonschema.Schema
}

// readBounds returns the bounds of a schema for numbers, or of one that refers to such. What our schemas say beside a $ref
// is no more than a description, and of numbers no more than their bounds; TestSchemasAreSimple holds them to it.
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

// Validate is called by the library.
func (b numberBounds) Validate(ctx *jsonschema.ValidatorContext, v any) {
	if !b.accepts(v) {
		ctx.AddErr(ctx.Validate(b.schema, v, nil))
	}
}

// arrayBounds is a schema for an array of numbers.
type arrayBounds struct{ item numberBounds }

// Validate is called by the library.
func (b arrayBounds) Validate(ctx *jsonschema.ValidatorContext, v any) {
	items, _ := v.([]any)
	for i, item := range items {
		if !b.item.accepts(item) {
			ctx.AddErr(ctx.Validate(b.item.schema, item, []string{strconv.Itoa(i)}))
		}
	}
}
