package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// maxMember bounds, in bytes, the name of a member that an answer repeats.
const maxMember = 64

// shape notes where a JSON value, its numbers as json.Number, is not of the form of a Go type: structs, slices, maps,
// pointers, strings and integers. A member whose tag has omitempty may be missing; null is as good as missing.
func (c *check) shape(at, name string, value any, t reflect.Type) {
	switch t.Kind() {
	case reflect.Struct:
		object, ok := value.(map[string]any)
		c.typed(ok, at, name, "an object")
		if ok {
			c.members(at, object, t)
		}
	case reflect.Pointer:
		c.shape(at, name, value, t.Elem())
	case reflect.Map:
		object, ok := value.(map[string]any)
		c.typed(ok, at, name, "an object")
		for _, key := range slices.Sorted(maps.Keys(object)) {
			if len(c.flaws) == maxFlaws {
				break
			}
			inner := at + "/" + escaped(key)
			if len(key) > maxMember {
				inner = at
			}
			c.shape(inner, "a value of "+name, object[key], t.Elem())
		}
	case reflect.Slice:
		list, ok := value.([]any)
		c.typed(ok, at, name, "an array")
		for i, v := range list {
			if len(c.flaws) == maxFlaws {
				break // a small body can hold many
			}
			c.shape(at+"/"+strconv.Itoa(i), fmt.Sprintf("%s[%d]", name, i), v, t.Elem())
		}
	case reflect.String:
		_, ok := value.(string)
		c.typed(ok, at, name, "a string")
	default:
		n, _ := value.(json.Number)
		_, err := strconv.ParseInt(string(n), 10, t.Bits())
		c.typed(err == nil, at, name, "a whole number")
	}
}

func (c *check) typed(ok bool, at, name, want string) {
	c.that(ok, at, "field_invalid", fmt.Sprintf("`%s` must be %s.", name, want))
}

// members compares an object with a struct's fields. What nobody knows comes first: it may be what is missing, mistyped.
func (c *check) members(at string, object map[string]any, t reflect.Type) {
	fields := reflect.VisibleFields(t)
	known := make([]string, len(fields))
	for i, f := range fields {
		known[i], _, _ = strings.Cut(f.Tag.Get("json"), ",")
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(known, name) {
			c.unknown(at, name, "known are `"+strings.Join(known, "`, `")+"`.")
		}
	}
	for i, f := range fields {
		name, value := known[i], object[known[i]]
		if value != nil {
			c.shape(at+"/"+name, name, value, f.Type)
			continue
		}
		optional := strings.HasSuffix(f.Tag.Get("json"), ",omitempty")
		c.that(optional, at+"/"+name, "field_missing", "`"+name+"` is missing.")
	}
}

// unknown notes a member that nobody knows; a name that is too long to be a typing mistake is not repeated.
func (c *check) unknown(at, name, known string) {
	if len(name) > maxMember {
		c.that(false, at, "field_unknown", "A field is not known here; "+known)
		return
	}
	c.that(false, at+"/"+escaped(name), "field_unknown", fmt.Sprintf("`%s` is not known here; %s", name, known))
}

// escaped returns a name as a part of a JSON Pointer (RFC 6901, section 3).
func escaped(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }
