package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEveryPromiseHasATest checks that each promise of docs/promises.md has tests, whose names begin with TestPromise
// and its number. With -v it lists them.
func TestEveryPromiseHasATest(t *testing.T) {
	tests := findPromiseTests(t)
	numbers := findMatches(t, "../../docs/promises.md", `(?m)^(\d+)\. `)
	if len(numbers) != 13 {
		t.Errorf("%d promises, want 13", len(numbers))
	}
	for _, n := range numbers {
		number := fmt.Sprintf("%02s", n)
		if len(tests[number]) == 0 {
			t.Errorf("promise %s has no test: name one TestPromise%s_…", n, number)
		}
		t.Logf("promise %s\n\t%s", n, strings.Join(tests[number], "\n\t"))
		delete(tests, number)
	}
	if len(tests) > 0 {
		t.Errorf("tests of promises that are none: %v", tests)
	}
}

var promiseTestPattern = regexp.MustCompile(`(?m)^func (TestPromise(\d\d)_\w+)\(t \*testing\.T\)`)

// findPromiseTests returns the tests of each promise by its number, with their packages.
func findPromiseTests(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	walkGoFiles(t, "../..", func(path string) {
		if !strings.HasSuffix(path, "_test.go") {
			return
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range promiseTestPattern.FindAllStringSubmatch(string(b), -1) {
			dir, _ := filepath.Rel("../..", filepath.Dir(path))
			found[m[2]] = append(found[m[2]], fmt.Sprintf("%-70s %s", m[1], filepath.ToSlash(dir)))
		}
	})
	for _, tests := range found {
		slices.Sort(tests)
	}
	return found
}
