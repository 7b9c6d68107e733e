package events

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

// useFastNumbers must not change what a schema accepts.
func TestFastNumbersAgreeWithLibrary(t *testing.T) {
	plain := jsonschema.NewCompiler()
	plain.UseLoader(&schemaSet{fs: schemaFiles})
	names, err := filepath.Glob("examples/*/*.json")
	if err != nil {
		t.Fatal(err)
	}
	whole, odd := rapid.Float64Range(-2, 20000).AsAny(), rapid.SampledFrom([]any{
		nil, "1", true, 0.5, -1.0, 1e300, 9007199254740992.0, []any{}, schemaNode{},
	})
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom(names).Draw(rt, "example")
		typ := Type(filepath.Base(filepath.Dir(name)))
		if typ == ObjectCreated {
			rt.Skip()
		}
		b, err := os.ReadFile(name)
		if err != nil {
			rt.Fatal(err)
		}
		var doc schemaNode
		if err := json.Unmarshal(b, &doc); err != nil {
			rt.Fatal(err)
		}
		data := replaceNumbers(rt, doc["data"], rapid.OneOf(whole, odd))
		slow, err := plain.Compile(schemaBase + typ.schemaFile())
		if err != nil {
			rt.Fatal(err)
		}
		got, want := contracts.schemas.validateDocument(typ.schemaFile(), "", data), slow.Validate(data)
		var broken *jsonschema.ValidationError
		if errors.As(want, &broken) {
			want = errors.New(slices.Min(listViolations(broken, "", nil)))
		}
		if (got == nil) != (want == nil) || got != nil && got.Error() != want.Error() {
			rt.Fatalf("%v: got %v, want %v", data, got, want)
		}
	})
}

// replaceNumbers returns v with some numbers replaced.
func replaceNumbers(t *rapid.T, v any, by *rapid.Generator[any]) any {
	switch v := v.(type) {
	case float64:
		if rapid.IntRange(0, 9).Draw(t, "change") == 0 {
			return by.Draw(t, "by")
		}
	case schemaNode:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			v[k] = replaceNumbers(t, v[k], by)
		}
	case []any:
		for i := range v {
			v[i] = replaceNumbers(t, v[i], by)
		}
	}
	return v
}
