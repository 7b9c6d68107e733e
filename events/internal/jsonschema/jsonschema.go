// Package jsonschema validates JSON against the part of JSON Schema 2020-12 that the schemas of events use
// (https://json-schema.org/draft/2020-12/json-schema-validation). A schema with any other keyword is not loaded. A
// function loads only the schemas that it uses, with nothing to prepare at its start, which is why this is no library.
// It needs no AWS rights.
package jsonschema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
)

// Schema is a loaded schema. It may be used by several goroutines.
type Schema struct {
	// Annotations, which change nothing.
	Dialect     string `json:"$schema"`
	Title       string `json:"title"`
	Description string `json:"description"`

	Definitions map[string]*Schema `json:"$defs"`
	Ref         string             `json:"$ref"` // see findTarget
	AnyOf       []*Schema          `json:"anyOf"`
	If          *Schema            `json:"if"`
	Then        *Schema            `json:"then"`
	Type        string             `json:"type"` // object, array, string, boolean, integer or number
	Const       *string            `json:"const"`
	Enum        []string           `json:"enum"`
	Format      string             `json:"format"` // date-time, as RFC 3339 and package time have it

	Pattern              pattern            `json:"pattern"`
	MinLength            *int               `json:"minLength"` // in Unicode code points
	MaxLength            *int               `json:"maxLength"`
	Minimum              *float64           `json:"minimum"`
	Maximum              *float64           `json:"maximum"`
	Items                *Schema            `json:"items"`
	MinItems             *int               `json:"minItems"`
	MaxItems             *int               `json:"maxItems"`
	Properties           map[string]*Schema `json:"properties"`
	Required             []string           `json:"required"`
	AdditionalProperties *Schema            `json:"additionalProperties"`
	PropertyNames        *Schema            `json:"propertyNames"`
	MaxProperties        *int               `json:"maxProperties"`

	target *Schema // of Ref
}

// pattern is a regular expression, which is compiled when it is first used. It is not anchored.
type pattern struct {
	text    string
	compile func() *regexp.Regexp
}

// UnmarshalJSON reads a pattern. It fails if it is no regular expression of Go; those of the schemas mean the same in
// ECMA-262.
func (p *pattern) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, &p.text); err != nil {
		return err
	}
	if _, err := syntax.Parse(p.text, syntax.Perl); err != nil {
		return err
	}
	p.compile = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(p.text) })
	return nil
}

// Set is the schemas in the files of a file system. Each file is read when it is first used.
type Set struct {
	fs fs.FS

	mu    sync.Mutex
	files map[string]*Schema
}

// NewSet returns the schemas in the files of a file system.
func NewSet(files fs.FS) *Set { return &Set{fs: files, files: map[string]*Schema{}} }

// Load returns the schema in a file. It fails if the file, or one that it refers to, is missing or has a keyword that
// Schema has not.
func (s *Set) Load(file string) (*Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loadFile(file)
}

func (s *Set) loadFile(file string) (*Schema, error) {
	if loaded := s.files[file]; loaded != nil {
		return loaded, nil
	}
	text, err := fs.ReadFile(s.fs, file)
	if err != nil {
		return nil, err
	}
	root := &Schema{}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(root); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	s.files[file] = root // before its references are resolved, which may be to itself
	if err := s.resolveRefs(file, root, root); err != nil {
		delete(s.files, file)
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return root, nil
}

var types = []string{"object", "array", "string", "boolean", "integer", "number"}

// resolveRefs finds the targets of all references in a part of a file, which has only the types and the format that are
// known.
func (s *Set) resolveRefs(file string, root, part *Schema) (err error) {
	if part == nil {
		return nil
	}
	if part.Type != "" && !slices.Contains(types, part.Type) || part.Format != "" && part.Format != "date-time" {
		return fmt.Errorf("the type %q and the format %q", part.Type, part.Format)
	}
	if part.Ref != "" {
		if part.target, err = s.findTarget(file, root, part.Ref); err != nil {
			return err
		}
	}
	for _, next := range part.listParts() {
		if err := s.resolveRefs(file, root, next); err != nil {
			return err
		}
	}
	return nil
}

// listParts returns the schemas in a schema, which may be nil.
func (s *Schema) listParts() []*Schema {
	parts := append([]*Schema{s.If, s.Then, s.Items, s.AdditionalProperties, s.PropertyNames}, s.AnyOf...)
	for _, members := range []map[string]*Schema{s.Definitions, s.Properties} {
		for _, m := range members {
			parts = append(parts, m)
		}
	}
	return parts
}

// findTarget returns what a reference in a file means: "#/$defs/name", or "file.json#/$defs/name" in another file of
// the same folder. Beside a reference, there is nothing but annotations in a schema.
func (s *Set) findTarget(file string, root *Schema, ref string) (target *Schema, err error) {
	other, name, found := strings.Cut(ref, "#/$defs/")
	if other != "" {
		if root, err = s.loadFile(path.Join(path.Dir(file), other)); err != nil {
			return nil, err
		}
	}
	if target = root.Definitions[name]; !found || target == nil {
		return nil, fmt.Errorf("nothing at the reference %s", ref)
	}
	return target, nil
}
