// Package apidocs renders an OpenAPI 3.0 document as a page for people. The page has no scripts and needs nothing but
// itself. The package has no rights on AWS.
package apidocs

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// document is the part of an OpenAPI document that the page shows (https://spec.openapis.org/oas/v3.0.3).
type document struct {
	Info struct{ Title, Version, Description string }
	Tags []struct{ Name, Description string }
	// Paths are the operations by path and method. Beside the methods there may be the list "parameters".
	Paths      map[string]map[string]json.RawMessage
	Components struct {
		Schemas    map[string]*schema
		Parameters map[string]parameter
		Responses  map[string]response
		Headers    map[string]header
	}
}

type operation struct {
	OperationID, Summary, Description string
	Tags                              []string
	Security                          []map[string][]string
	Scope                             string `json:"x-scope"`
	Parameters                        []parameter
	RequestBody                       body
	Responses                         map[string]response
}

type parameter struct {
	Ref                   string `json:"$ref"`
	Name, In, Description string
	Required              bool
	Schema                *schema
	Example               any
}

type header struct {
	Ref         string `json:"$ref"`
	Description string
	Schema      *schema
}

type body struct{ Content map[string]mediaType }

type mediaType struct{ Schema *schema }

type response struct {
	Ref         string `json:"$ref"`
	Description string
	Headers     map[string]header
	Content     map[string]mediaType
}

type schema struct {
	Ref                                string `json:"$ref"`
	Type, Format, Pattern, Description string
	Enum                               []any
	Default, Example                   any
	Minimum, Maximum                   *json.Number
	MinLength, MaxLength               *int
	MinItems, MaxItems, MaxProperties  *int
	Nullable                           bool
	Required                           []string
	Properties                         map[string]*schema
	Items                              *schema
	Values                             json.RawMessage `json:"additionalProperties"` // false, or a schema
	AllOf, AnyOf                       []*schema
}

// refName returns the last part of a reference such as #/components/schemas/Video.
func refName(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// resolve returns the schema that s refers to, or s. A schema that only adds a description to another one gets the rest
// from that one.
func (d *document) resolve(s *schema) *schema {
	if s.Ref != "" {
		return d.Components.Schemas[refName(s.Ref)]
	}
	if len(s.AllOf) == 1 && s.Type == "" {
		merged := *d.resolve(s.AllOf[0])
		merged.Description = s.Description
		return &merged
	}
	return s
}

// values returns the schema of the values of an object whose names are free, nil if there are none.
func (s *schema) values() *schema {
	var v *schema
	if json.Unmarshal(s.Values, &v) != nil {
		return nil // absent, true or false
	}
	return v
}

// propertyNames returns the names of an object's members: the required ones first, in the order of the document, then
// the others, sorted.
func (s *schema) propertyNames() []string {
	names := slices.Clone(s.Required)
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// buildExample returns a value that matches the schema, made of the examples in it; nil if they are not enough. parents
// are the schemas around it, which end a recursion.
func (d *document) buildExample(s *schema, parents []*schema) any {
	s = d.resolve(s)
	switch {
	case s.Example != nil:
		return s.Example
	case len(s.Enum) > 0:
		return s.Enum[0]
	case slices.Contains(parents, s):
		return nil
	}
	parents = append(slices.Clip(parents), s)
	switch s.Type {
	case "object":
		object := map[string]any{}
		for name, p := range s.Properties {
			if v := d.buildExample(p, parents); v != nil {
				object[name] = v
			}
		}
		return object
	case "array":
		if v := d.buildExample(s.Items, parents); v != nil {
			return []any{v}
		}
		return []any{}
	}
	return nil
}
