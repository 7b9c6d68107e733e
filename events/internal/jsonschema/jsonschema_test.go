package jsonschema

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"pgregory.net/rapid"
)

type object = map[string]any

// folder is where the schemas of events are.
const folder = "../../schema"

// library validates with a complete implementation of JSON Schema.
type library struct{ fs.FS }

// Load implements jsonschema.URLLoader.
func (l library) Load(url string) (any, error) {
	b, err := fs.ReadFile(l.FS, strings.TrimPrefix(url, "events:///"))
	if err != nil {
		return nil, err
	}
	var doc any
	return doc, json.Unmarshal(b, &doc)
}

func (l library) compile(t *testing.T, file string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.UseLoader(l)
	c.AssertFormat()
	s, err := c.Compile("events:///" + file)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// listViolations returns what the library says as this package says it.
func listViolations(err error) (out []Violation) {
	var e *jsonschema.ValidationError
	if !errors.As(err, &e) {
		return nil
	}
	if _, ofName := e.ErrorKind.(*kind.PropertyNames); ofName { // its location is overwritten by that of another member
		return []Violation{{"/metadata", "propertyNames"}}
	}
	if len(e.Causes) == 0 {
		v := Violation{Keyword: strings.Join(e.ErrorKind.KeywordPath(), "/")}
		for _, part := range e.InstanceLocation {
			v.Pointer += "/" + part
		}
		if missing, ok := e.ErrorKind.(*kind.Required); ok {
			v.Keyword += " " + strings.Join(missing.Missing, ", ")
		}
		return []Violation{v}
	}
	for _, cause := range e.Causes {
		out = append(out, listViolations(cause)...)
	}
	return out
}

func sortViolations(vs []Violation) []Violation {
	return slices.SortedFunc(slices.Values(vs), func(a, b Violation) int {
		return strings.Compare(a.Pointer+" "+a.Keyword, b.Pointer+" "+b.Keyword)
	})
}

// Both find the same in examples of every schema in which values were replaced, removed and added.
func TestViolationsAreThoseOfLibrary(t *testing.T) {
	t.Parallel()
	set, lib := NewSet(os.DirFS(folder)), library{os.DirFS(folder)}
	files, err := fs.Glob(os.DirFS(folder), "*.json")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d schemas: %v", len(files), err)
	}
	invalid := 0
	for _, file := range files {
		if file == "parts.v1.json" { // no schema of a document
			continue
		}
		t.Run(file, func(t *testing.T) {
			ours, err := set.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			theirs, examples := lib.compile(t, file), readExamples(t, file)
			rapid.Check(t, func(t *rapid.T) {
				doc := change(t, rapid.SampledFrom(examples).Draw(t, "example")())
				got, want := sortViolations(ours.Validate(doc)), sortViolations(listViolations(theirs.Validate(doc)))
				if want != nil {
					invalid++
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Fatalf("%v: -library +ours:\n%s", doc, d)
				}
			})
		})
	}
	if invalid < 100 {
		t.Errorf("only %d documents were invalid", invalid)
	}
}

// readExamples returns functions that read documents of a schema: examples of the events, or their data.
func readExamples(t *testing.T, file string) (read []func() any) {
	t.Helper()
	name := map[string]string{"envelope.json": "video.ready.v1", "s3.json": "s3.object-created.v1"}[file]
	if name == "" {
		name = strings.TrimSuffix(file, ".json")
	}
	paths, err := filepath.Glob("../../examples/" + name + "/*.json")
	if err != nil || paths == nil {
		t.Fatalf("no examples of %s: %v", name, err)
	}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		read = append(read, func() any {
			var doc object
			if err := json.Unmarshal(b, &doc); err != nil {
				panic(err)
			}
			if file != "envelope.json" && doc["data"] != nil {
				return doc["data"]
			}
			return doc
		})
	}
	return read
}

var (
	oddValues = []any{
		nil, true, "", "x", "t/../x", "2026-11-22T12:00:00Z", "12:00", strings.Repeat("ä", 300), 0.0, -1.0, 0.5, 1e300,
		9007199254740992.0, 240001.0, []any{}, []any{-1.0, "x"}, object{}, object{"num": 1.0},
	}
	oddNames = []string{"", "a b", "etag", "url", "size", "added"}
)

// change returns a document in which some values are others.
func change(t *rapid.T, v any) any {
	if rapid.IntRange(0, 19).Draw(t, "replace") == 0 {
		return rapid.SampledFrom(oddValues).Draw(t, "value")
	}
	switch v := v.(type) {
	case object:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if v[name] = change(t, v[name]); rapid.IntRange(0, 19).Draw(t, "remove") == 0 {
				delete(v, name)
			}
		}
		if rapid.IntRange(0, 9).Draw(t, "add") == 0 {
			v[rapid.SampledFrom(oddNames).Draw(t, "name")] = rapid.SampledFrom(oddValues).Draw(t, "value")
		}
	case []any:
		for i := range v {
			v[i] = change(t, v[i])
		}
	}
	return v
}

func TestDateTimesAreThoseOfPackageTime(t *testing.T) {
	t.Parallel()
	s := &Schema{Format: "date-time"}
	for text, want := range map[string]bool{
		"2026-11-22T12:00:00Z": true, "2026-11-22T12:00:00.123456789+01:00": true,
		"2026-11-22T23:59:60Z": false, // a leap second, which JSON Schema allows and package time does not
		"2026-11-22t12:00:00z": false, "2026-11-22T12:00:00": false, "2026-02-30T12:00:00Z": false,
		"2026-11-22T1:00:00Z": false, "2026-11-22T12:00:00,5Z": false, "2026-11-22T12:00:00+24:00": false,
	} {
		if got := s.Validate(text) == nil; got != want {
			t.Errorf("%s: valid %t, want %t", text, got, want)
		}
	}
}

func TestLoadRejectsWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a keyword":           `{"properties":{"a":{"multipleOf":2}}}`,
		"a type":              `{"type":"null"}`,
		"several types":       `{"type":["string","null"]}`,
		"a format":            `{"format":"uuid"}`,
		"a number as const":   `{"const":1}`,
		"an expression":       `{"pattern":"("}`,
		"a reference":         `{"$ref":"#/$defs/none"}`,
		"a file":              `{"items":{"$ref":"none.json#/$defs/a"}}`,
		"a reference to root": `{"$ref":"#"}`,
	} {
		set := NewSet(fstest.MapFS{"a.json": {Data: []byte(text)}})
		for range 2 { // the second time, too
			if _, err := set.Load("a.json"); err == nil {
				t.Errorf("%s: loaded", name)
			}
		}
	}
}

func BenchmarkValidate(b *testing.B) {
	s, err := NewSet(os.DirFS(folder)).Load("encode.requested.v1.json")
	if err != nil {
		b.Fatal(err)
	}
	text, err := os.ReadFile("../../examples/encode.requested.v1/full.json")
	if err != nil {
		b.Fatal(err)
	}
	var doc object
	if err := json.Unmarshal(text, &doc); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if v := s.Validate(doc["data"]); v != nil {
			b.Fatal(v)
		}
	}
}
