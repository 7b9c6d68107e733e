package events

import (
	"encoding/json"
	"io/fs"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/shared/domain/access"
	"sluice/shared/domain/video"
)

// schemaNode is a part of a schema file.
type schemaNode = map[string]any

func readSchema(t *testing.T, name string) schemaNode {
	t.Helper()
	b, err := schemaFiles.ReadFile("schema/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var n schemaNode
	if err := json.Unmarshal(b, &n); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// resolveRef returns the schema that n refers to, and its file. n is in the named file.
func resolveRef(t *testing.T, name string, n schemaNode) (string, schemaNode) {
	t.Helper()
	ref, ok := n["$ref"].(string)
	if !ok {
		return name, n
	}
	file, path, _ := strings.Cut(ref, "#")
	if file != "" {
		name = file
	}
	n = readSchema(t, name)
	for _, part := range strings.Split(path, "/")[1:] {
		n, _ = n[part].(schemaNode)
	}
	return resolveRef(t, name, n)
}

// jsonForms maps types with their own MarshalJSON to types of the same JSON.
var jsonForms = map[reflect.Type]any{
	reflect.TypeFor[video.Segments](): struct {
		Bytes []int64    `json:"bytes"`
		Ticks [][2]int64 `json:"ticks"`
	}{},
	reflect.TypeFor[json.RawMessage](): struct{}{},
}

// compareSchema fails unless the schema describes the JSON that encoding/json makes of the type.
func compareSchema(t *testing.T, at, name string, n schemaNode, typ reflect.Type) {
	t.Helper()
	name, n = resolveRef(t, name, n)
	if instead, ok := jsonForms[typ]; ok {
		typ = reflect.TypeOf(instead)
	}
	want := map[reflect.Kind]string{
		reflect.Struct: "object", reflect.Map: "object", reflect.Slice: "array", reflect.Array: "array",
		reflect.String: "string", reflect.Bool: "boolean",
		reflect.Int: "integer", reflect.Int64: "integer", reflect.Float64: "number",
	}[typ.Kind()]
	if typ == reflect.TypeFor[time.Time]() {
		want = "string"
	}
	if typ.Kind() == reflect.Pointer {
		compareSchema(t, at, name, n, typ.Elem())
		return
	}
	if got, typed := n["type"]; got != want && (typed || want != "string" || n["enum"] == nil && n["const"] == nil) {
		t.Errorf("%s: the schema has type %v, Go %s", at, got, want)
	}
	switch want {
	case "array":
		items, _ := n["items"].(schemaNode)
		compareSchema(t, at+"/*", name, items, typ.Elem())
	case "object":
		if typ.Kind() == reflect.Map {
			values, _ := n["additionalProperties"].(schemaNode)
			compareSchema(t, at+"/*", name, values, typ.Elem())
			return
		}
		compareFields(t, at, name, n, typ)
	}
}

func compareFields(t *testing.T, at, name string, n schemaNode, typ reflect.Type) {
	t.Helper()
	properties, _ := n["properties"].(schemaNode)
	required, _ := n["required"].([]any)
	var tags []string
	for f := range typ.Fields() {
		tag, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag == "-" { // not in messages
			continue
		}
		tags = append(tags, tag)
		p, ok := properties[tag].(schemaNode)
		if !ok {
			t.Errorf("%s/%s: in Go, not in the schema", at, tag)
			continue
		}
		if option == "" && !slices.Contains(required, any(tag)) {
			t.Errorf("%s/%s: Go always writes it, the schema does not require it", at, tag)
		}
		compareSchema(t, at+"/"+tag, name, p, f.Type)
	}
	for p := range properties {
		if !slices.Contains(tags, p) {
			t.Errorf("%s/%s: in the schema, not in Go", at, p)
		}
	}
	for _, p := range required {
		if properties[p.(string)] == nil {
			t.Errorf("%s/%s: required and not described", at, p)
		}
	}
}

func TestSchemasMatchGoTypes(t *testing.T) {
	compareSchema(t, "", envelopeSchema, readSchema(t, envelopeSchema), reflect.TypeFor[envelopeJSON]())
	for typ, c := range contracts.byType {
		t.Run(string(typ), func(t *testing.T) {
			compareSchema(t, "/data", typ.schemaFile(), readSchema(t, typ.schemaFile()), c.data)
		})
	}
}

// TestSchemasAreBoundedAndOpen checks that a reference stands alone, as package jsonschema expects, that every value is
// bounded, and that objects allow unknown members.
func TestSchemasAreBoundedAndOpen(t *testing.T) {
	names, err := fs.Glob(schemaFiles, "schema/*.json")
	if err != nil || len(names) != len(contracts.byType)+3 {
		t.Fatalf("%d schemas, %v: want one of each type, and envelope, parts and s3", len(names), err)
	}
	for _, name := range names {
		n := readSchema(t, filepath.Base(name))
		if n["$schema"] != "https://json-schema.org/draft/2020-12/schema" ||
			name != "schema/parts.v1.json" && n["title"] == nil {
			t.Errorf("%s: no title or another dialect", name)
		}
		checkSimple(t, name, n)
	}
}

func checkSimple(t *testing.T, at string, v any) {
	t.Helper()
	n, _ := v.(schemaNode)
	bounds := map[string][]string{
		"string": {"maxLength", "pattern"}, "array": {"maxItems"}, "integer": {"minimum", "maximum"},
		"number": {"minimum", "maximum"},
	}
	typ, _ := n["type"].(string)
	values, words := n["additionalProperties"].(schemaNode) // of members with names chosen by clients
	keys := slices.DeleteFunc(slices.Sorted(maps.Keys(n)), func(k string) bool { return k == "description" })
	switch {
	case n["$ref"] != nil && !slices.Equal(keys, []string{"$ref"}):
		t.Errorf("%s: more than a $ref: %v", at, keys)
	case (typ == "integer" || typ == "number") && !slices.Equal(keys, []string{"maximum", "minimum", "type"}):
		t.Errorf("%s: a number with %v, want both bounds and nothing else", at, keys)
	case bounds[typ] != nil && !slices.ContainsFunc(bounds[typ], func(k string) bool { return n[k] != nil }):
		t.Errorf("%s: a %s without bounds", at, typ)
	case n["additionalProperties"] != nil && (!words || values["type"] != "string" || n["maxProperties"] == nil) ||
		n["unevaluatedProperties"] != nil:
		t.Errorf("%s: closed to the future", at)
	}
	for k, member := range n {
		checkSimple(t, at+"/"+k, member)
	}
}

func TestTenantPatternMatchesDomain(t *testing.T) {
	same := func(id string) {
		doc := schemaNode{
			"specversion": "1.0", "id": "i", "source": "s", "type": "a.b.v1", "time": "2026-11-22T12:00:00Z",
			"subject": "vid_1", "tenant": id, "data": schemaNode{},
		}
		if err := contracts.validateDocument(
			envelopeSchema, "", doc,
		); (err == nil) != access.ValidTenantID(id) {
			t.Errorf("%q: the domain takes it %v, the schema says %v", id, access.ValidTenantID(id), err)
		}
	}
	for n := range 40 {
		same(strings.Repeat("a", n))
	}
	for _, id := range []string{"a-1", "1a", "-a", "Aa", "a_b", "a/b", "ä1", "a1\n"} {
		same(id)
	}
}
