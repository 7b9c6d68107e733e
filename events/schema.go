package events

import (
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"slices"
)

//go:embed schema/*.json
var schemaFiles embed.FS

// ReadTitle returns the title of the schema of an event type: what an event of that type says. It fails if there is no
// such type.
func ReadTitle(t Type) (string, error) {
	b, err := schemaFiles.ReadFile("schema/" + t.schemaFile())
	if err != nil {
		return "", err
	}
	var s struct{ Title string }
	err = json.Unmarshal(b, &s)
	return s.Title, err
}

// validateDocument validates a document against the schema in a file. The error has the JSON Pointer, which begins with
// at, and the keyword of the schema that is not satisfied. It does not have the value, which may be anything.
func (r registry) validateDocument(file, at string, doc any) error {
	s, err := r.schemas.Load("schema/" + file)
	if err != nil {
		return err
	}
	var texts []string
	for _, v := range s.Validate(doc) {
		texts = append(texts, cmp.Or(at+v.Pointer, "the message")+": breaks "+v.Keyword)
	}
	if texts == nil {
		return nil
	}
	return errors.New(slices.Min(texts)) // if there are several, always the same one
}
