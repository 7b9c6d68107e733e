package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"sluice/shared/domain/services"
)

// contextReader reads context values and collects errors about them. A value from the command line is a string; one
// from cdk.json may be a number.
type contextReader struct {
	value func(name string) any
	errs  []error
}

func (r *contextReader) addError(name, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("context %s %s", name, fmt.Sprintf(format, args...)))
}

func (r *contextReader) readText(name, otherwise string) string {
	switch v := r.value(name).(type) {
	case nil:
		return otherwise
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		r.addError(name, "is a %T, not a text", v)
		return otherwise
	}
}

// readBuckets returns the names of producers' buckets, separated by commas.
func (r *contextReader) readBuckets(name string) (names []string) {
	v := r.readText(name, "")
	if v == "" {
		return nil
	}
	for bucket := range strings.SplitSeq(v, ",") {
		bucket = strings.TrimSpace(bucket)
		if !services.ValidProducerBucket(bucket) {
			r.addError(name, "has %q, which is not a producer's bucket by its own name", bucket)
		}
		names = append(names, bucket)
	}
	return names
}

// readList returns the items of a list, separated by commas or spaces. One that is not valid is an error, which says
// what it is instead.
func (r *contextReader) readList(name, instead string, valid func(string) bool) (items []string) {
	for item := range strings.FieldsFuncSeq(r.readText(name, ""), func(c rune) bool { return c == ',' || c == ' ' }) {
		if !valid(item) {
			r.addError(name, "has %q, which is %s", item, instead)
		}
		items = append(items, item)
	}
	return items
}

// readChoice returns the value, which has to be first or second; first is the default.
func (r *contextReader) readChoice(name, first, second string) string {
	v := r.readText(name, first)
	if v != first && v != second {
		r.addError(name, "is %q, not %s or %s", v, first, second)
	}
	return v
}

func (r *contextReader) readNumber(name string, otherwise, least int) int {
	v := r.readText(name, "")
	if v == "" {
		return otherwise
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least {
		r.addError(name, "is %q, not a whole number of %d or more", v, least)
	}
	return n
}

func (r *contextReader) readAmount(name string, otherwise float64) float64 {
	v := r.readText(name, "")
	if v == "" {
		return otherwise
	}
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || !(n > 0) || math.IsInf(n, 0) {
		r.addError(name, "is %q, not a number above zero", v)
	}
	return n
}
