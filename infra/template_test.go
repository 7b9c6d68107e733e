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
	Outputs   map[string]struct{ Value any }
	Verdicts  map[string][]verdict // cdk-nag's, of each stack that was synthesised with it
}

type resource struct {
	Type           string
	Properties     map[string]any
	Metadata       map[string]any
	DeletionPolicy string
	DependsOn      []string
}

func (r resource) is(typ string) bool { return r.Type == "AWS::"+typ }

// of returns the resources of a type, without AWS:: before it, by their plain ids. A test of none of them would hold
// whatever the template is: there must be some.
func (t template) of(typ string) map[string]resource {
	found := map[string]resource{}
	for id, r := range t.Resources {
		if r.is(typ) {
			found[plain(id)] = r
		}
	}
	if len(found) == 0 {
		panic("there is no " + typ)
	}
	return found
}

// lacks reports whether there is no resource of a type.
func (t template) lacks(typ string) bool {
	return !slices.ContainsFunc(slices.Collect(maps.Values(t.Resources)), func(r resource) bool { return r.is(typ) })
}

// each runs f as a test of its own for each resource of a type.
func (t template) each(test *testing.T, typ string, f func(*testing.T, string, resource)) {
	found := t.of(typ)
	for _, id := range slices.Sorted(maps.Keys(found)) {
		test.Run(id, func(test *testing.T) { f(test, id, found[id]) })
	}
}

// function returns the function of a service.
func (t template) function(test testing.TB, service string) resource {
	test.Helper()
	for _, r := range t.of("Lambda::Function") {
		if r.Properties["FunctionName"] == prefix+service {
			return r
		}
	}
	test.Fatalf("there is no function for %s", service)
	return resource{}
}

// at returns a property deep inside others, nil if it isn't there.
func (r resource) at(names ...string) any {
	var v any = r.Properties
	for _, name := range names {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

var hash = regexp.MustCompile(`[0-9A-F]{8}([0-9a-f]{32})?$`)

// plain returns a logical id without the hash that the CDK puts at its end.
func plain(id string) string { return hash.ReplaceAllString(id, "") }

// text renders a value as people would write it: a reference is the plain id of what it refers to.
func text(v any) string {
	m, ok := v.(map[string]any)
	if !ok {
		return fmt.Sprint(v)
	}
	if ref, ok := m["Ref"].(string); ok {
		return plain(ref)
	}
	if att, ok := m["Fn::GetAtt"].([]any); ok {
		return plain(att[0].(string))
	}
	join, ok := m["Fn::Join"].([]any)
	if !ok {
		b, _ := json.Marshal(v) // it came from JSON
		return string(b)
	}
	var s strings.Builder
	for _, part := range join[1].([]any) {
		s.WriteString(text(part))
	}
	return s.String()
}

// list returns v as a list: CloudFormation takes a single value for a list of one.
func list(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	return []any{v}
}
