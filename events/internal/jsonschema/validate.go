package jsonschema

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Violation is a place in a document, and the keyword of its schema that is not satisfied there.
type Violation struct {
	Pointer string // a JSON Pointer without escapes; "": the document
	Keyword string // with the names of the members that are missing: "required id"
}

// Validate returns what a document, which encoding/json has decoded into an any, violates; nil if it is valid. A
// condition is not among that, but what is violated in it. The order is that of the document's arrays, and any order of
// members.
func (s *Schema) Validate(document any) []Violation {
	if s.accepts(document) {
		return nil
	}
	v := &validation{}
	v.check(s, document)
	return v.found
}

func (s *Schema) accepts(value any) bool {
	v := &validation{brief: true}
	v.check(s, value)
	return v.found == nil
}

// validation is one pass through a document. A brief one does not say where a violation is, and ends with the first.
type validation struct {
	brief bool
	path  []string
	found []Violation
}

// fail adds a violation at the path.
func (v *validation) fail(keyword string) {
	if v.brief {
		v.found = briefly
		return
	}
	var pointer strings.Builder
	for _, part := range v.path {
		pointer.WriteString("/" + part)
	}
	v.found = append(v.found, Violation{pointer.String(), keyword})
}

// briefly is what a brief validation has found.
var briefly = []Violation{{}}

// isOver reports whether nothing more is to be found.
func (v *validation) isOver() bool { return v.brief && v.found != nil }

// checkAt checks a member or an item.
func (v *validation) checkAt(name string, s *Schema, value any) {
	v.path = append(v.path, name)
	v.check(s, value)
	v.path = v.path[:len(v.path)-1]
}

// check checks a value. As in the specification's reference, a value of the wrong type or another constant is checked
// no further.
func (v *validation) check(s *Schema, value any) {
	for s.target != nil {
		s = s.target
	}
	text, isText := value.(string)
	switch {
	case s.Type != "" && !hasType(value, s.Type):
		v.fail("type")
		return
	case s.Const != nil && (!isText || text != *s.Const):
		v.fail("const")
		return
	case s.Enum != nil && (!isText || !slices.Contains(s.Enum, text)):
		v.fail("enum")
		return
	}
	switch value := value.(type) {
	case string:
		v.checkText(s, value)
	case float64:
		v.checkNumber(s, value)
	case []any:
		v.checkArray(s, value)
	case map[string]any:
		v.checkObject(s, value)
	}
	if s.AnyOf != nil && !slices.ContainsFunc(s.AnyOf, func(one *Schema) bool { return one.accepts(value) }) {
		for _, one := range s.AnyOf {
			v.check(one, value)
		}
	}
	if s.If != nil && s.Then != nil && s.If.accepts(value) {
		v.check(s.Then, value)
	}
}

// hasType reports whether a value is of a JSON type. An integer is a number without a fraction.
func hasType(value any, name string) bool {
	switch value := value.(type) {
	case map[string]any:
		return name == "object"
	case []any:
		return name == "array"
	case string:
		return name == "string"
	case bool:
		return name == "boolean"
	case float64:
		return name == "number" || name == "integer" && value == math.Trunc(value)
	}
	return false
}

func (v *validation) checkText(s *Schema, text string) {
	if s.Format == "date-time" && !isDateTime(text) {
		v.fail("format")
		return
	}
	if s.MinLength != nil || s.MaxLength != nil {
		n := utf8.RuneCountInString(text)
		v.checkSize(n, s.MinLength, "minLength", s.MaxLength, "maxLength")
	}
	if s.Pattern.text != "" && !s.Pattern.compile().MatchString(text) {
		v.fail("pattern")
	}
}

// isDateTime reports whether a text is a date-time of RFC 3339 that package time has. Its own check is not as strict:
// https://go.dev/issue/54580.
func isDateTime(text string) bool {
	_, err := time.Parse(time.RFC3339, text)
	return err == nil && dateTimePattern().MatchString(text)
}

var dateTimePattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[-0-9]{10}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`)
})

func (v *validation) checkNumber(s *Schema, n float64) {
	if s.Minimum != nil && n < *s.Minimum {
		v.fail("minimum")
	}
	if s.Maximum != nil && n > *s.Maximum {
		v.fail("maximum")
	}
}

// checkSize checks a number of things. A bound may be nil.
func (v *validation) checkSize(n int, least *int, leastName string, most *int, mostName string) {
	if least != nil && n < *least {
		v.fail(leastName)
	}
	if most != nil && n > *most {
		v.fail(mostName)
	}
}

func (v *validation) checkArray(s *Schema, items []any) {
	v.checkSize(len(items), s.MinItems, "minItems", s.MaxItems, "maxItems")
	if s.Items == nil {
		return
	}
	for i, item := range items {
		if v.isOver() {
			return
		}
		if v.brief {
			v.check(s.Items, item)
		} else {
			v.checkAt(strconv.Itoa(i), s.Items, item)
		}
	}
}

func (v *validation) checkObject(s *Schema, members map[string]any) {
	v.checkSize(len(members), nil, "", s.MaxProperties, "maxProperties")
	var missing []string
	for _, name := range s.Required {
		if _, ok := members[name]; !ok {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		v.fail("required " + strings.Join(missing, ", "))
	}
	for name, value := range members {
		if v.isOver() {
			return
		}
		if of := s.Properties[name]; of != nil {
			v.checkAt(name, of, value)
		} else if s.AdditionalProperties != nil {
			v.checkAt(name, s.AdditionalProperties, value)
		}
		if s.PropertyNames != nil && !s.PropertyNames.accepts(name) {
			v.fail("propertyNames")
		}
	}
}
