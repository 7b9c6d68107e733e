package rules

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEveryPromiseHasATest: the tests of a promise are named after its number in docs/promises.md. With -v it lists them.
func TestEveryPromiseHasATest(t *testing.T) {
	tests := findPromiseTests(t)
	numbers := findMatches(t, "../../docs/promises.md", `(?m)^(\d+)\. `)
	if len(numbers) != 12 {
		t.Errorf("%d promises, want 12", len(numbers))
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

// findPromiseTests returns the tests of each promise, by its number, with the package that each is in.
func findPromiseTests(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir("../..", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{"build", ".git", "cdk.out", "node_modules"}, entry.Name()):
			return filepath.SkipDir
		case !strings.HasSuffix(file, "_test.go"):
			return nil
		}
		b, err := os.ReadFile(file)
		for _, m := range promiseTestPattern.FindAllStringSubmatch(string(b), -1) {
			dir, _ := filepath.Rel("../..", filepath.Dir(file))
			found[m[2]] = append(found[m[2]], fmt.Sprintf("%-70s %s", m[1], filepath.ToSlash(dir)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tests := range found {
		slices.Sort(tests)
	}
	return found
}
