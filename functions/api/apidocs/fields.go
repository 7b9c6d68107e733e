package apidocs

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// field is one row of a table of fields or parameters.
type field struct {
	Name, Type, Limits, Description string
	Required                        bool
}

// listFields returns the fields of a body, those of inner objects too, named like parts[].etag. A schema in itself is
// listed once.
func (d *document) listFields(s *schema, at string, parents []*schema) (rows []field) {
	s = d.resolve(s)
	if slices.Contains(parents, s) {
		return nil
	}
	parents = append(slices.Clip(parents), s)
	if s.Items != nil {
		return d.listFields(s.Items, at+"[]", parents)
	}
	for _, name := range s.propertyNames() {
		inner := d.resolve(s.Properties[name])
		path := strings.TrimPrefix(at+"."+name, ".")
		rows = append(rows, field{
			Name: path, Type: d.describeType(inner), Limits: d.describeLimits(inner), Description: inner.Description,
			Required: slices.Contains(s.Required, name),
		})
		rows = append(rows, d.listFields(inner, path, parents)...)
	}
	return rows
}

// describeType returns the type of a value, such as "array of string" or "string or null".
func (d *document) describeType(s *schema) string {
	text := s.Type
	switch {
	case s.Items != nil:
		text = "array of " + d.describeType(d.resolve(s.Items))
	case s.values() != nil:
		text = "object of " + d.describeType(d.resolve(s.values()))
	case s.Format != "":
		text += " (" + s.Format + ")"
	}
	if s.Nullable {
		text += " or null"
	}
	return text
}

// describeLimits returns the constraints of a value, such as "1 to 255 characters".
func (d *document) describeLimits(s *schema) string {
	var all []string
	if len(s.Enum) > 0 {
		var words []string
		for _, v := range s.Enum {
			words = append(words, formatValue(v))
		}
		all = append(all, "one of "+strings.Join(words, ", "))
	}
	for _, one := range s.AnyOf {
		all = append(all, "or "+d.describeLimits(d.resolve(one)))
	}
	add := func(from, to, unit string) {
		switch {
		case from != "" && from == to:
			all = append(all, from+unit)
		case from != "" && to != "":
			all = append(all, from+" to "+to+unit)
		case from != "":
			all = append(all, "at least "+from+unit)
		case to != "":
			all = append(all, "at most "+to+unit)
		}
	}
	add(formatLimit(s.Minimum), formatLimit(s.Maximum), "")
	add(formatLimit(s.MinLength), formatLimit(s.MaxLength), " characters")
	add(formatLimit(s.MinItems), formatLimit(s.MaxItems), " items")
	add("", formatLimit(s.MaxProperties), " members")
	if s.Pattern != "" {
		all = append(all, describePattern(s.Pattern))
	}
	if s.Default != nil {
		all = append(all, formatValue(s.Default)+" if absent")
	}
	return strings.TrimPrefix(strings.Join(all, "; "), "or ")
}

// maxShownPattern is the length in bytes up to which people can read a pattern.
const maxShownPattern = 60

func describePattern(pattern string) string {
	if len(pattern) > maxShownPattern {
		return "matches a pattern of the OpenAPI document"
	}
	return "matches " + pattern
}

// formatLimit returns the number that p points to, "" without one.
func formatLimit[N json.Number | int](p *N) string {
	if p == nil {
		return ""
	}
	return fmt.Sprint(*p)
}

// formatValue returns a value as JSON.
func formatValue(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "" // it comes from JSON
	}
	return string(b)
}
