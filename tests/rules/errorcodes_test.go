package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEveryErrorCodeIsDocumented: docs/errors.md has all that the code can say, and nothing else.
func TestEveryErrorCodeIsDocumented(t *testing.T) {
	said := map[string]bool{}
	s := scanSources(t, "../../events", "../../shared", "../../functions", "../../infra")
	for _, f := range s.files {
		ast.Inspect(f, func(n ast.Node) bool {
			for _, e := range s.findCodes(n) {
				if c := s.stringValue(e); codePattern.MatchString(c) {
					said[c] = true
				}
			}
			return true
		})
	}
	for _, c := range findMatches(t, "../../infra/cdn/token.js", `'([a-z]+_[a-z]+)'`) {
		said[c] = true
	}
	if len(said) < 80 {
		t.Fatalf("only %d codes found", len(said))
	}
	listed := findMatches(t, "../../docs/errors.md", "(?m)^\\| `([a-z_]+)` \\|")
	slices.Sort(listed)
	if d := cmp.Diff(slices.Sorted(maps.Keys(said)), listed); d != "" {
		t.Errorf("-in the code +in docs/errors.md:\n%s", d)
	}
}

// codePattern is the form of a code.
var codePattern = regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)

// findMatches returns what the group of a pattern matches in a file, everywhere.
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
		t.Fatalf("nothing in %s is like %s", file, pattern)
	}
	return found
}

// sourceScan is Go code without types: names are taken for what they are anywhere.
type sourceScan struct {
	files  []*ast.File
	consts map[string]string // strings
	params map[string]int    // function: which parameter is called code
	fields map[string]int    // struct: which field is called code or Code
}

func scanSources(t *testing.T, roots ...string) *sourceScan {
	t.Helper()
	s := &sourceScan{consts: map[string]string{}, params: map[string]int{}, fields: map[string]int{}}
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err == nil && !isTestPackage(f) {
				s.files = append(s.files, f)
				ast.Inspect(f, s.recordDeclarations)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// isTestPackage reports whether a file is of a package that only tests import.
func isTestPackage(f *ast.File) bool {
	return slices.ContainsFunc(f.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"testing"` })
}

// recordDeclarations notes where functions and structs take a code.
func (s *sourceScan) recordDeclarations(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.FuncDecl:
		if i := fieldIndex(n.Type.Params, "code"); i >= 0 {
			s.params[n.Name.Name] = i
		}
	case *ast.AssignStmt:
		f, ok := n.Rhs[0].(*ast.FuncLit)
		if !ok {
			break
		}
		if i := fieldIndex(f.Type.Params, "code"); i >= 0 {
			s.params[lastName(n.Lhs[0])] = i
		}
	case *ast.TypeSpec:
		if st, ok := n.Type.(*ast.StructType); ok {
			if i := max(fieldIndex(st.Fields, "code"), fieldIndex(st.Fields, "Code")); i >= 0 {
				s.fields[n.Name.Name] = i
			}
		}
	case *ast.ValueSpec:
		for i, name := range n.Names {
			if i < len(n.Values) {
				s.consts[name.Name] = s.stringValue(n.Values[i])
			}
		}
	}
	return true
}

// fieldIndex returns the index of a name in a list of fields, -1 if it is not there.
func fieldIndex(list *ast.FieldList, name string) int {
	i := 0
	for _, f := range list.List {
		for _, n := range f.Names {
			if n.Name == name {
				return i
			}
			i++
		}
	}
	return -1
}

// findCodes returns what stands at the place of a code in n.
func (s *sourceScan) findCodes(n ast.Node) (all []ast.Expr) {
	switch n := n.(type) {
	case *ast.CallExpr:
		if i, ok := s.params[lastName(n.Fun)]; ok && i < len(n.Args) {
			all = append(all, n.Args[i])
		}
	case *ast.CompositeLit:
		all = s.findLiteralCodes(lastName(n.Type), n.Elts)
		for _, e := range n.Elts { // of a list or map, whose own literals leave the type out
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				e = kv.Value
			}
			if inner, ok := e.(*ast.CompositeLit); ok && inner.Type == nil {
				all = append(all, s.findLiteralCodes(elementType(n.Type), inner.Elts)...)
			}
		}
	}
	return all
}

// findLiteralCodes returns the code in a literal of a struct.
func (s *sourceScan) findLiteralCodes(name string, elements []ast.Expr) (all []ast.Expr) {
	i, ok := s.fields[name]
	if !ok {
		return nil
	}
	for at, e := range elements {
		kv, keyed := e.(*ast.KeyValueExpr)
		switch {
		case keyed && strings.EqualFold(lastName(kv.Key), "code"):
			all = append(all, kv.Value)
		case !keyed && at == i:
			all = append(all, e)
		}
	}
	return all
}

// lastName returns the name at the end of an expression: of a selector or of itself.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func elementType(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.ArrayType:
		return lastName(e.Elt)
	case *ast.MapType:
		return lastName(e.Value)
	}
	return ""
}

// stringValue returns the value of a string that is a literal or a constant, else "".
func (s *sourceScan) stringValue(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return text
	case *ast.Ident:
		return s.consts[e.Name]
	}
	return ""
}
