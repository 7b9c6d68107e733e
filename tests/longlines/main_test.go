package main

import (
	"slices"
	"strings"
	"testing"
)

func TestFindLongLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 130)
	for _, tt := range []struct {
		name, text string
		want       []int
	}{
		{"120 columns", "package p\n\n// " + strings.Repeat("ä", 117), nil},
		{"121 columns", "package p\n\n// " + strings.Repeat("x", 118), []int{3}},
		{"a tab counts four", "package p\n\nfunc f() {\n\t// " + strings.Repeat("x", 114) + "\n}", []int{4}},
		{"a URL", "package p\n\n// https://" + long, nil},
		{"a directive", "package p\n\n//go:embed " + long, nil},
		{"a long string", "package p\n\nvar s = \"" + long + "\"", nil},
		{"short strings", "package p\n\nvar s = []string{" + strings.Repeat(`"abcdefgh", `, 10) + "}", []int{3}},
		{"a raw string of several lines", "package p\n\nvar s = `\n" + long + "\n`", nil},
		{"a comment behind a string", "package p\n\nvar s = `` // " + long, []int{3}},
	} {
		if got := findLongLines([]byte(tt.text)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: lines %v, want %v", tt.name, got, tt.want)
		}
	}
}
