package rules

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var testFunctionPattern = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)

// TestDocumentsNameExistingTests checks that the tests exist that the comparison of gateway, mesh and queue names.
func TestDocumentsNameExistingTests(t *testing.T) {
	exists := map[string]bool{}
	walkGoFiles(t, "../..", func(path string) {
		if !strings.HasSuffix(path, "_test.go") {
			return
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range testFunctionPattern.FindAllStringSubmatch(string(b), -1) {
			exists[m[1]] = true
		}
	})
	named := findMatches(t, filepath.Join("..", "..", "docs", "gateway-mesh-queue.md"), "`(Test\\w+)`")
	if len(named) < 20 {
		t.Errorf("%d tests are named", len(named))
	}
	for _, name := range named {
		if !exists[name] {
			t.Errorf("there is no test %s", name)
		}
	}
}
