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
var files embed.FS

// schemas are the JSON Schemas in the folder schema of files, each compiled when it is first needed.
type schemas struct {
	files fs.FS

	mu       sync.Mutex
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

// base is where schemas refer to each other.
const base = "events:///"

// Load reads a schema that another one refers to.
func (s *schemas) Load(url string) (any, error) {
	b, err := fs.ReadFile(s.files, "schema/"+strings.TrimPrefix(url, base))
	if err != nil {
		return nil, err
	}
	var doc any
	return doc, json.Unmarshal(b, &doc)
}

func (s *schemas) get(name string) (*jsonschema.Schema, error) {
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
	c, err := s.compiler.Compile(base + name)
	if err != nil {
		return nil, err
	}
	quick(c, map[*jsonschema.Schema]bool{})
	s.compiled[name] = c
	return c, nil
}

// check validates a document against a schema. The error names the JSON pointer, which begins with at, and the
// keyword that was broken; what the document has there may be anything and is kept to itself.
func (s *schemas) check(name, at string, doc any) error {
	c, err := s.get(name)
	if err != nil {
		return err
	}
	var broken *jsonschema.ValidationError
	if err := c.Validate(doc); !errors.As(err, &broken) {
		return err
	}
	return errors.New(slices.Min(leaves(broken, at, nil))) // one of them, and always the same
}

// leaves returns what is wrong, without what is wrong only because of it.
func leaves(e *jsonschema.ValidationError, at string, out []string) []string {
	for _, cause := range e.Causes {
		out = leaves(cause, at, out)
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
