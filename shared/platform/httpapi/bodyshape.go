package httpapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// maxFieldName is the length in bytes up to which a response repeats the name of a member.
const maxFieldName = 64

// checkShape adds a field error for each place where a JSON value, whose numbers are json.Number, does not have the
// shape of a Go type: structs, slices, maps, pointers, strings and integers. A member whose tag has omitempty is
// optional. null counts as missing.
func (v *Validation) checkShape(at, name string, value any, t reflect.Type) {
	switch t.Kind() {
	case reflect.Struct:
		object, ok := value.(map[string]any)
		v.requireType(ok, at, name, "an object")
		if ok {
			v.checkMembers(at, object, t)
		}
	case reflect.Pointer:
		v.checkShape(at, name, value, t.Elem())
	case reflect.Map:
		object, ok := value.(map[string]any)
		v.requireType(ok, at, name, "an object")
		for _, key := range slices.Sorted(maps.Keys(object)) {
			if v.IsFull() {
				break
			}
			inner := at + "/" + escapePointer(key)
			if len(key) > maxFieldName {
				inner = at
			}
			v.checkShape(inner, "a value of "+name, object[key], t.Elem())
		}
	case reflect.Slice:
		list, ok := value.([]any)
		v.requireType(ok, at, name, "an array")
		for i, item := range list {
			if v.IsFull() {
				break // a small body can hold thousands
			}
			v.checkShape(at+"/"+strconv.Itoa(i), fmt.Sprintf("%s[%d]", name, i), item, t.Elem())
		}
	case reflect.String:
		_, ok := value.(string)
		v.requireType(ok, at, name, "a string")
	default:
		n, _ := value.(json.Number)
		_, err := strconv.ParseInt(string(n), 10, t.Bits())
		v.requireType(err == nil, at, name, "a whole number")
	}
}

func (v *Validation) requireType(ok bool, at, name, want string) {
	v.Require(ok, at, "field_invalid", fmt.Sprintf("`%s` must be %s.", name, want))
}

// checkMembers compares an object with a struct's fields. Unknown members come first, since one may be a missing member
// that is mistyped.
func (v *Validation) checkMembers(at string, object map[string]any, t reflect.Type) {
	fields := reflect.VisibleFields(t)
	known := make([]string, len(fields))
	for i, f := range fields {
		known[i], _, _ = strings.Cut(f.Tag.Get("json"), ",")
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(known, name) {
			v.addUnknownField(at, name, "known are `"+strings.Join(known, "`, `")+"`.")
		}
	}
	for i, f := range fields {
		name, value := known[i], object[known[i]]
		if value != nil {
			v.checkShape(at+"/"+name, name, value, f.Type)
			continue
		}
		optional := strings.HasSuffix(f.Tag.Get("json"), ",omitempty")
		v.Require(optional, at+"/"+name, "field_missing", "`"+name+"` is missing.")
	}
}

// addUnknownField adds an error for an unknown member. A name over maxFieldName bytes is not repeated.
func (v *Validation) addUnknownField(at, name, known string) {
	if len(name) > maxFieldName {
		v.Require(false, at, "field_unknown", "A field is not known here; "+known)
		return
	}
	v.Require(false, at+"/"+escapePointer(name), "field_unknown",
		fmt.Sprintf("`%s` is not known here; %s", name, known))
}

// escapePointer returns a name as a reference token of a JSON Pointer (RFC 6901, section 3).
func escapePointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
