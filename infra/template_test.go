package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// template is a CloudFormation template.
type template struct {
	Resources map[string]resource
	Outputs   map[string]struct{ Value, Export any }
	Verdicts  map[string][]nagVerdict // cdk-nag's, by stack

	set settings
}

type resource struct {
	Type           string
	Properties     map[string]any
	Metadata       map[string]any
	DeletionPolicy string
	DependsOn      []string
}

func (r resource) isType(typ string) bool { return r.Type == "AWS::"+typ }

// resourcesOfType returns the resources of a type, without "AWS::", by their logical ids without hashes. It panics if
// there are none, because a test of no resources would always pass.
func (t template) resourcesOfType(typ string) map[string]resource {
	found := map[string]resource{}
	for id, r := range t.Resources {
		if r.isType(typ) {
			found[trimHash(id)] = r
		}
	}
	if len(found) == 0 {
		panic("there is no " + typ)
	}
	return found
}

// hasNone reports whether there is no resource of a type.
func (t template) hasNone(typ string) bool {
	return !slices.ContainsFunc(slices.Collect(maps.Values(t.Resources)), func(r resource) bool {
		return r.isType(typ)
	})
}

// runForEach runs f as a subtest for each resource of a type.
func (t template) runForEach(test *testing.T, typ string, f func(*testing.T, string, resource)) {
	found := t.resourcesOfType(typ)
	for _, id := range slices.Sorted(maps.Keys(found)) {
		test.Run(id, func(test *testing.T) { f(test, id, found[id]) })
	}
}

// functionOf returns the function of a service.
func (t template) functionOf(test testing.TB, service string) resource {
	test.Helper()
	for _, r := range t.resourcesOfType("Lambda::Function") {
		if r.Properties["FunctionName"] == t.set.buildName(service) {
			return r
		}
	}
	test.Fatalf("there is no function for %s", service)
	return resource{}
}

// property returns the property at a path; nil if there is none.
func (r resource) property(names ...string) any {
	var v any = r.Properties
	for _, name := range names {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

var hashSuffix = regexp.MustCompile(`[0-9A-F]{8}([0-9a-f]{32})?$`)

// trimHash returns a logical id without the hash that the CDK appends.
func trimHash(id string) string { return hashSuffix.ReplaceAllString(id, "") }

// renderValue returns a value as text. A reference becomes the logical id, without hash, of what it refers to.
func renderValue(v any) string {
	m, ok := v.(map[string]any)
	if !ok {
		return fmt.Sprint(v)
	}
	if ref, ok := m["Ref"].(string); ok {
		return trimHash(ref)
	}
	if att, ok := m["Fn::GetAtt"].([]any); ok {
		return trimHash(att[0].(string))
	}
	join, ok := m["Fn::Join"].([]any)
	if !ok {
		b, _ := json.Marshal(v) // it came from JSON
		return string(b)
	}
	var s strings.Builder
	for _, part := range join[1].([]any) {
		s.WriteString(renderValue(part))
	}
	return s.String()
}

// toList returns v as a list: CloudFormation accepts a single value for a list of one.
func toList(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	return []any{v}
}
