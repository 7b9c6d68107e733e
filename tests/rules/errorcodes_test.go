package rules

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/errs"
)

// TestEveryErrorCodeIsDocumented compares errs.Codes with docs/errors.md and with the constants of type errs.Code in
// the code.
func TestEveryErrorCodeIsDocumented(t *testing.T) {
	registered := slices.Sorted(slices.Values(errs.Codes))
	used := findMatches(t, "../../infra/cdn/token.js", `"([a-z]+_[a-z]+)"`)
	used = append(
		used, listCodeConstants(t, "../../events/...", "../../shared/...", "../../functions/...", "../../infra/...")...,
	)
	listed := findMatches(t, "../../docs/errors.md", "(?m)^\\| `([a-z_]+)` \\|")
	for name, other := range map[string][]string{"the code": used, "docs/errors.md": listed} {
		var codes []errs.Code
		for _, c := range other {
			codes = append(codes, errs.Code(c))
		}
		slices.Sort(codes)
		if d := cmp.Diff(registered, slices.Compact(codes)); d != "" {
			t.Errorf("-in errs.Codes +in %s:\n%s", name, d)
		}
	}
}

// listCodeConstants returns the constant expressions of type errs.Code in packages, without their tests, the packages
// for tests and the registry itself.
func listCodeConstants(t *testing.T, patterns ...string) (codes []string) {
	t.Helper()
	args := append([]string{"list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,DepOnly"}, patterns...)
	out, err := exec.CommandContext(t.Context(), "go", args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	type listedPackage struct {
		ImportPath, Dir, Export string
		GoFiles                 []string
		DepOnly                 bool
	}
	var all []listedPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listedPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	exported := func(path string) (io.ReadCloser, error) {
		i := slices.IndexFunc(all, func(p listedPackage) bool { return p.ImportPath == path })
		return os.Open(all[i].Export)
	}
	fileSet := token.NewFileSet()
	imports := importer.ForCompiler(fileSet, "gc", exported)
	for _, p := range all {
		if !p.DepOnly {
			codes = append(codes, checkedCodes(t, fileSet, imports, p.ImportPath, p.Dir, p.GoFiles)...)
		}
	}
	return codes
}

// checkedCodes returns the constants of type errs.Code in the files of one package.
func checkedCodes(
	t *testing.T, fileSet *token.FileSet, imports types.Importer, path, dir string, names []string,
) (codes []string) {
	t.Helper()
	var files []*ast.File
	for _, name := range names {
		f, err := parser.ParseFile(fileSet, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if isTestPackage(f) {
			return nil
		}
		files = append(files, f)
	}
	info := types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	if _, err := (&types.Config{Importer: imports}).Check(path, fileSet, files, &info); err != nil {
		t.Fatal(err)
	}
	for expr, v := range info.Types {
		inRegistry := filepath.Base(fileSet.Position(expr.Pos()).Filename) == "codes.go"
		if v.Value != nil && v.Type.String() == "sluice/shared/domain/errs.Code" && !inRegistry {
			if c := constant.StringVal(v.Value); c != "" {
				codes = append(codes, c)
			}
		}
	}
	return codes
}

// findMatches returns the first group of each match of a pattern in a file. It fails the test without a match.
func findMatches(t *testing.T, file, pattern string) (found []string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(b), -1) {
		found = append(found, m[1])
	}
	if len(found) == 0 {
		t.Fatalf("nothing in %s matches %s", file, pattern)
	}
	return found
}

// isTestPackage reports whether a file imports "testing", and so belongs to a suite of tests.
func isTestPackage(f *ast.File) bool {
	return slices.ContainsFunc(f.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"testing"` })
}
