package awsmodel

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Values of an input are map[string]any (structures and maps), []any, and scalars: those of encoding/json with
// json.Number, and these.
type (
	text       string // a value of any scalar type, as text
	headerText string // the same in a header, where timestamps have another format
	payload    []byte // the whole body
	unreadable string // what can't be read, and why
)

// checker checks one input.
type checker struct {
	model     *model
	operation Operation
	found     []Violation
}

func (c *checker) report(path string, rule Rule, format string, args ...any) {
	c.found = append(c.found, Violation{c.operation, path, rule, fmt.Sprintf(format, args...)})
}

// checkValue checks a value and everything in it.
func (c *checker) checkValue(path string, r reference, v any) {
	s := c.model.Shapes[r.Shape]
	if why, ok := v.(unreadable); ok {
		c.report(path, Type, "%s", why)
		return
	}
	switch s.Type {
	case "structure":
		if fields, ok := c.toObject(path, s, v); ok {
			c.checkStructure(path, s, fields)
		}
	case "map":
		if entries, ok := c.toObject(path, s, v); ok {
			c.checkLength(path, s, len(entries), "entries")
			for _, key := range slices.Sorted(maps.Keys(entries)) {
				c.checkValue(path+" key "+key, *s.Key, key)
				c.checkValue(join(path, key), *s.Value, entries[key])
			}
		}
	case "list":
		list, ok := v.([]any)
		if !ok {
			c.report(path, Type, "is %T, not a list", v)
			return
		}
		c.checkLength(path, s, len(list), "entries")
		for i, e := range list {
			c.checkValue(fmt.Sprintf("%s[%d]", path, i), *s.Member, e)
		}
	default:
		c.checkScalar(path, s, v)
	}
}

func (c *checker) toObject(path string, s shape, v any) (map[string]any, bool) {
	object, ok := v.(map[string]any)
	if !ok {
		c.report(path, Type, "is %T, not a %s", v, s.Type)
	}
	return object, ok
}

// checkStructure checks the members of a structure. AWS takes null in JSON as a member that is not there.
func (c *checker) checkStructure(path string, s shape, fields map[string]any) {
	set := 0
	for _, name := range slices.Sorted(maps.Keys(s.Members)) {
		member := s.Members[name]
		v := fields[member.wireName(name)]
		switch {
		case v != nil:
			set++
			c.checkValue(join(path, name), member, v)
		case slices.Contains(s.Required, name):
			c.report(join(path, name), Required, "is missing")
		}
	}
	if s.Union && set != 1 {
		c.report(path, Union, "has %d members, not one", set)
	}
	for _, wire := range slices.Sorted(maps.Keys(fields)) {
		if _, ok := s.findMember(wire); !ok {
			c.report(join(path, wire), KnownMember, "%v", describe(fields[wire]))
		}
	}
}

// describe says where an unknown member is, not what it is: that may be a secret.
func describe(v any) string {
	if why, ok := v.(unreadable); ok {
		return string(why)
	}
	return fmt.Sprintf("of type %T", v)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// checkScalar checks a value that has no others in it.
func (c *checker) checkScalar(path string, s shape, v any) {
	if h, ok := v.(headerText); ok && s.Type != "timestamp" {
		v = text(h)
	}
	read := readers[s.Type]
	if read == nil {
		c.report(path, Type, "is of the type %s, which is not known here", s.Type)
		return
	}
	scalar, err := read(v)
	if err != nil {
		c.report(path, Type, "%v", err)
		return
	}
	switch value := scalar.(type) {
	case string:
		c.checkString(path, s, value)
	case []byte:
		c.checkLength(path, s, len(value), "bytes")
	case float64:
		if s.Min != nil && value < *s.Min || s.Max != nil && value > *s.Max {
			c.report(path, Range, "is %v, not %s", value, formatBounds(s))
		}
	}
}

func (c *checker) checkString(path string, s shape, value string) {
	c.checkLength(path, s, utf8.RuneCountInString(value), "characters")
	if s.Enum != nil && !slices.Contains(s.Enum, value) {
		c.report(path, Enum, "is %q, not one of %s", value, strings.Join(s.Enum, ", "))
	}
	if s.Pattern == "" {
		return
	}
	pattern, err := compilePattern(s.Pattern)
	if err != nil {
		c.report(path, Pattern, "%v", err)
	} else if !pattern.MatchString(value) {
		c.report(path, Pattern, "%q does not match %s", value, s.Pattern)
	}
}

var patterns sync.Map // by their texts

// compilePattern returns the expression that matches what a pattern matches as a whole. Patterns that look ahead are
// errors: Go's regular expressions can't.
func compilePattern(text string) (*regexp.Regexp, error) {
	if known, ok := patterns.Load(text); ok {
		return known.(*regexp.Regexp), nil
	}
	pattern, err := regexp.Compile(`^(?:` + text + `)$`)
	if err == nil {
		patterns.Store(text, pattern)
	}
	return pattern, err
}

func (c *checker) checkLength(path string, s shape, n int, unit string) {
	if s.Min != nil && float64(n) < *s.Min || s.Max != nil && float64(n) > *s.Max {
		c.report(path, Length, "has %d %s, not %s", n, unit, formatBounds(s))
	}
}

func formatBounds(s shape) string {
	switch {
	case s.Max == nil:
		return fmt.Sprintf("at least %v", *s.Min)
	case s.Min == nil:
		return fmt.Sprintf("at most %v", *s.Max)
	}
	return fmt.Sprintf("%v to %v", *s.Min, *s.Max)
}
