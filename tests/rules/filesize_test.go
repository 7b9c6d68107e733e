package rules

import (
	"bytes"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	maxFileLines    = 250
	maxPackageLines = 1500
)

// TestFilesAndPackagesAreShort counts all lines, also comments and blank ones, under functions, shared and events.
func TestFilesAndPackagesAreShort(t *testing.T) {
	t.Parallel()
	lines := map[string]int{}
	for _, root := range []string{"../../functions", "../../shared", "../../events"} {
		walkGoFiles(t, root, func(path string) {
			if isTestOrFake(t, path) {
				return
			}
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			n := bytes.Count(b, []byte("\n"))
			if n > maxFileLines {
				t.Errorf("%s has %d lines, more than %d: split it by what its parts do", path, n, maxFileLines)
			}
			lines[filepath.Dir(path)] += n
		})
	}
	for _, dir := range slices.Sorted(maps.Keys(lines)) {
		if lines[dir] > maxPackageLines {
			t.Errorf("%s has %d lines, more than %d: split it by what its parts do", dir, lines[dir], maxPackageLines)
		}
	}
	if len(lines) < 30 {
		t.Errorf("only %d packages found", len(lines))
	}
}

// isTestOrFake reports whether a file is a test, belongs to a suite of tests, or is an in-memory adapter: memory*.go.
func isTestOrFake(t *testing.T, path string) bool {
	t.Helper()
	if name := filepath.Base(path); strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "memory") {
		return true
	}
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	return isTestPackage(f)
}
