package events

import (
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

//go:embed schema/*.json
var schemaFiles embed.FS

// schemaSet is the JSON Schemas in the folder schema of a file system. Each is compiled when it is first used.
type schemaSet struct {
	fs fs.FS

	mu       sync.Mutex
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

// schemaBase is the base URL of references between schemas.
const schemaBase = "events:///"

// Load returns a schema by its URL. It implements jsonschema.URLLoader.
func (s *schemaSet) Load(url string) (any, error) {
	b, err := fs.ReadFile(s.fs, "schema/"+strings.TrimPrefix(url, schemaBase))
	if err != nil {
		return nil, err
	}
	var doc any
	return doc, json.Unmarshal(b, &doc)
}

func (s *schemaSet) compileSchema(name string) (*jsonschema.Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.compiler == nil {
		s.compiled = map[string]*jsonschema.Schema{}
		s.compiler = jsonschema.NewCompiler()
		s.compiler.UseLoader(s)
		s.compiler.AssertFormat()
	}
	if c := s.compiled[name]; c != nil {
		return c, nil
	}
	c, err := s.compiler.Compile(schemaBase + name)
	if err != nil {
		return nil, err
	}
	useFastNumbers(c, map[*jsonschema.Schema]bool{})
	s.compiled[name] = c
	return c, nil
}

// validateDocument validates a document against a schema. The error has the JSON Pointer, which begins with at, and the
// keyword of the schema that is not satisfied. It does not have the value, which may be anything.
func (s *schemaSet) validateDocument(name, at string, doc any) error {
	c, err := s.compileSchema(name)
	if err != nil {
		return err
	}
	var broken *jsonschema.ValidationError
	if err := c.Validate(doc); !errors.As(err, &broken) {
		return err
	}
	return errors.New(slices.Min(listViolations(broken, at, nil))) // if there are several, always the same one
}

// listViolations returns the innermost violations: those that have no further cause.
func listViolations(e *jsonschema.ValidationError, at string, out []string) []string {
	for _, cause := range e.Causes {
		out = listViolations(cause, at, out)
	}
	if len(e.Causes) > 0 {
		return out
	}
	pointer := at
	for _, part := range e.InstanceLocation {
		pointer += "/" + part
	}
	why := strings.Join(e.ErrorKind.KeywordPath(), "/")
	if missing, ok := e.ErrorKind.(*kind.Required); ok {
		why += " " + strings.Join(missing.Missing, ", ")
	}
	return append(out, fmt.Sprintf("%s: breaks %s", cmp.Or(pointer, "the message"), why))
}
