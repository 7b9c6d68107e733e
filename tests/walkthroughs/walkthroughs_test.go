package walkthroughs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const repositoryRoot = "../.."

// pages are the walk-throughs, below docs.
var pages = []string{"add-an-event.md", "add-a-route.md", "add-a-service.md"}

// TestWalkThroughStepsSucceed executes each walk-through in a copy of the repository.
func TestWalkThroughStepsSucceed(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a part of the repository three times")
	}
	for _, page := range pages {
		t.Run(strings.TrimSuffix(page, ".md"), func(t *testing.T) {
			t.Parallel()
			steps, err := parseSteps(readFile(t, "docs/"+page))
			if err != nil {
				t.Fatal(err)
			}
			if len(steps) == 0 || steps[len(steps)-1].kind != "sh" {
				t.Fatalf("%d steps; the last one must be commands that test the change", len(steps))
			}
			dir := t.TempDir()
			copyRepository(t, dir)
			for _, s := range steps {
				if err := s.applyStep(t.Context(), dir); err != nil {
					t.Fatalf("docs/%s:%d: %v", page, s.line, err)
				}
			}
		})
	}
}

// readFile returns the text of a file of the repository.
func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(repositoryRoot, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// copyRepository copies the repository to dir, without files that are built from it. It links build, for its tools.
func copyRepository(t *testing.T, dir string) {
	t.Helper()
	built := []string{".git", "build", "cdk.out", "node_modules", "__pycache__", "rapid"}
	err := filepath.WalkDir(repositoryRoot, func(file string, entry fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(repositoryRoot, file)
		to := filepath.Join(dir, rel)
		switch {
		case err != nil:
			return err
		case slices.Contains(built, entry.Name()): // .git is a file in a work tree
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case entry.IsDir():
			return os.MkdirAll(to, 0o755)
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		return os.WriteFile(to, b, 0o755)
	})
	if err != nil {
		t.Fatal(err)
	}
	build, err := filepath.Abs(filepath.Join(repositoryRoot, "build"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(build, filepath.Join(dir, "build")); err != nil {
		t.Fatal(err)
	}
}

var makeTarget = regexp.MustCompile("(?m)(?:`|^)make ([a-z-]+)")

// TestEveryNamedMakeTargetExists checks the names of make's targets in CONTRIBUTING.md and the walk-throughs.
func TestEveryNamedMakeTargetExists(t *testing.T) {
	t.Parallel()
	text := readFile(t, "CONTRIBUTING.md")
	for _, page := range pages {
		text += readFile(t, "docs/"+page)
	}
	makefile := readFile(t, "Makefile")
	named := makeTarget.FindAllStringSubmatch(text, -1)
	if len(named) < 5 {
		t.Errorf("only %d targets named", len(named))
	}
	for _, m := range named {
		if !strings.Contains(makefile, "\n"+m[1]+":") {
			t.Errorf("there is no make %s", m[1])
		}
	}
}

// TestContributingHasAtMost700Words and links every walk-through.
func TestContributingHasAtMost700Words(t *testing.T) {
	t.Parallel()
	text := readFile(t, "CONTRIBUTING.md")
	if n := len(strings.Fields(text)); n > 700 {
		t.Errorf("CONTRIBUTING.md has %d words", n)
	}
	for _, page := range pages {
		if !strings.Contains(text, "(docs/"+page+")") {
			t.Errorf("CONTRIBUTING.md does not link docs/%s", page)
		}
	}
}
