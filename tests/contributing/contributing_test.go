package contributing

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

// TestWalkThroughStepsSucceed does what each walk-through says, in a copy of the repository.
func TestWalkThroughStepsSucceed(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a part of the repository three times")
	}
	walks := readWalkThroughs(t)
	for _, name := range []string{"Add an event", "Add a route", "Add a service"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			steps := walks[name]
			if len(steps) == 0 || steps[len(steps)-1].kind != "sh" {
				t.Fatalf("%d steps, of which the last must say how to test", len(steps))
			}
			dir := t.TempDir()
			copyRepository(t, dir)
			for _, s := range steps {
				if err := s.applyStep(t.Context(), dir); err != nil {
					t.Fatalf("CONTRIBUTING.md:%d: %v", s.line, err)
				}
			}
		})
	}
}

func readWalkThroughs(t *testing.T) map[string][]step {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(repositoryRoot, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	walks, err := parseSteps(string(b))
	if err != nil {
		t.Fatal(err)
	}
	return walks
}

// copyRepository copies the repository to dir, but for what is made from it; the tools in build are linked.
func copyRepository(t *testing.T, dir string) {
	t.Helper()
	made := []string{".git", "build", "cdk.out", "node_modules", "__pycache__", "rapid"}
	err := filepath.WalkDir(repositoryRoot, func(file string, entry fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(repositoryRoot, file)
		to := filepath.Join(dir, rel)
		switch {
		case err != nil:
			return err
		case slices.Contains(made, entry.Name()): // .git is a file in a work tree
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

// TestEveryNamedMakeTargetExists: each target that the page names is in the Makefile.
func TestEveryNamedMakeTargetExists(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(repositoryRoot, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile(filepath.Join(repositoryRoot, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	named := makeTarget.FindAllStringSubmatch(string(page), -1)
	if len(named) < 5 {
		t.Errorf("only %d targets named", len(named))
	}
	for _, m := range named {
		if !strings.Contains(string(makefile), "\n"+m[1]+":") {
			t.Errorf("there is no make %s", m[1])
		}
	}
}
