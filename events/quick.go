package events

import (
	"math"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The schema library takes every number for a fraction of big integers, some 2 µs each, and a result can hold thousands.
// quick lets float64s do, which is what encoding/json makes of them, wherever a schema says no more of a number than
// its bounds. Only what passes is decided so; the library judges the rest, and words the error.
func quick(s *jsonschema.Schema, done map[*jsonschema.Schema]bool) {
	if s == nil || done[s] {
		return
	}
	done[s] = true
	for name, p := range s.Properties {
		if b, ok := bounded(p); ok {
			s.Properties[name] = &jsonschema.Schema{DraftVersion: s.DraftVersion, Extensions: []jsonschema.SchemaExt{b}}
		}
		quick(p, done)
	}
	if b, ok := bounded(s.Items2020); ok {
		s.Items2020, s.Extensions = nil, append(s.Extensions, bounds{b})
	}
	for _, next := range []*jsonschema.Schema{s.Ref, s.Items2020} {
		quick(next, done)
	}
}

// bound is a schema for numbers.
type bound struct {
	whole    bool
	min, max float64
	schema   *jsonschema.Schema
}

// bounded returns the bounds of a schema for numbers, or of one that refers to such. What our schemas say beside a $ref
// is no more than a description, and of numbers no more than their bounds; TestSchemasAreSimple holds them to it.
func bounded(s *jsonschema.Schema) (b bound, ok bool) {
	for s != nil && s.Ref != nil {
		s = s.Ref
	}
	if s == nil || s.Types == nil || s.Minimum == nil || s.Maximum == nil {
		return bound{}, false
	}
	b = bound{whole: s.Types.String() == "[integer]", schema: s}
	b.min, _ = s.Minimum.Float64()
	b.max, _ = s.Maximum.Float64()
	return b, true
}

func (b bound) holds(v any) bool {
	f, ok := v.(float64)
	return ok && f >= b.min && f <= b.max && (!b.whole || f == math.Trunc(f))
}

// Validate is called by the library.
func (b bound) Validate(ctx *jsonschema.ValidatorContext, v any) {
	if !b.holds(v) {
		ctx.AddErr(ctx.Validate(b.schema, v, nil))
	}
}

// bounds is a schema for an array of numbers.
type bounds struct{ item bound }

// Validate is called by the library.
func (b bounds) Validate(ctx *jsonschema.ValidatorContext, v any) {
	items, _ := v.([]any)
	for i, item := range items {
		if !b.item.holds(item) {
			ctx.AddErr(ctx.Validate(b.item.schema, item, []string{strconv.Itoa(i)}))
		}
	}
}
