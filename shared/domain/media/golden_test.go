package media_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the golden files of testdata anew")

// readArchive reads a golden file: several texts, after a comment.
func readArchive(t *testing.T, name string) *txtar.Archive {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// compareGolden compares texts with those of a golden file or, with -update, writes them.
func compareGolden(t *testing.T, name string, got []txtar.File) {
	t.Helper()
	a := readArchive(t, name)
	if *update {
		a.Files = got
		if err := os.WriteFile(filepath.Join("testdata", name), txtar.Format(a), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(textsByName(a.Files), textsByName(got)); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}

func textsByName(files []txtar.File) map[string]string {
	out := map[string]string{}
	for _, f := range files {
		out[f.Name] = string(f.Data)
	}
	return out
}

// codeOf returns the code of an error, "" for nil.
func codeOf(t *testing.T, err error) string {
	t.Helper()
	return string(problemOf(t, err).Code)
}
