package rules

import (
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// walkGoFiles calls visit with the path of each Go file below root, without folders that hold no code of the
// repository.
func walkGoFiles(t *testing.T, root string, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(
			[]string{"build", ".git", "cdk.out", "node_modules", "testdata"}, entry.Name(),
		):
			return filepath.SkipDir
		case !entry.IsDir() && strings.HasSuffix(path, ".go"):
			visit(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
