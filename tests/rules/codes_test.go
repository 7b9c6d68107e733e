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

// TestEveryCodeIsInTheList: docs/errors.md has all that the code can say, and nothing else.
func TestEveryCodeIsInTheList(t *testing.T) {
	said := map[string]bool{}
	s := scan(t, "../../events", "../../shared", "../../functions", "../../infra")
	for _, f := range s.files {
		ast.Inspect(f, func(n ast.Node) bool {
			for _, e := range s.codes(n) {
				if c := s.text(e); snake.MatchString(c) {
					said[c] = true
				}
			}
			return true
		})
	}
	for _, c := range match(t, "../../infra/cdn/token.js", `'([a-z]+_[a-z]+)'`) {
		said[c] = true
	}
	if len(said) < 80 {
		t.Fatalf("only %d codes found", len(said))
	}
	listed := match(t, "../../docs/errors.md", "(?m)^\\| `([a-z_]+)` \\|")
	slices.Sort(listed)
	if d := cmp.Diff(slices.Sorted(maps.Keys(said)), listed); d != "" {
		t.Errorf("-in the code +in docs/errors.md:\n%s", d)
	}
}

// snake is the form of a code.
var snake = regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)

// match returns what the group of a pattern matches in a file, everywhere.
func match(t *testing.T, file, pattern string) (found []string) {
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

// source is Go code without types: names are taken for what they are anywhere.
type source struct {
	files  []*ast.File
	consts map[string]string // strings
	params map[string]int    // function: which parameter is called code
	fields map[string]int    // struct: which field is called code or Code
}

func scan(t *testing.T, roots ...string) *source {
	t.Helper()
	s := &source{consts: map[string]string{}, params: map[string]int{}, fields: map[string]int{}}
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err == nil && !forTests(f) {
				s.files = append(s.files, f)
				ast.Inspect(f, s.declare)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// forTests reports whether a file is of a package that only tests import.
func forTests(f *ast.File) bool {
	return slices.ContainsFunc(f.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"testing"` })
}

// declare notes where functions and structs take a code.
func (s *source) declare(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.FuncDecl:
		if i := position(n.Type.Params, "code"); i >= 0 {
			s.params[n.Name.Name] = i
		}
	case *ast.AssignStmt:
		f, ok := n.Rhs[0].(*ast.FuncLit)
		if !ok {
			break
		}
		if i := position(f.Type.Params, "code"); i >= 0 {
			s.params[last(n.Lhs[0])] = i
		}
	case *ast.TypeSpec:
		if st, ok := n.Type.(*ast.StructType); ok {
			if i := max(position(st.Fields, "code"), position(st.Fields, "Code")); i >= 0 {
				s.fields[n.Name.Name] = i
			}
		}
	case *ast.ValueSpec:
		for i, name := range n.Names {
			if i < len(n.Values) {
				s.consts[name.Name] = s.text(n.Values[i])
			}
		}
	}
	return true
}

// position returns the index of a name in a list of fields, -1 if it is not there.
func position(list *ast.FieldList, name string) int {
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

// codes returns what stands at the place of a code in n.
func (s *source) codes(n ast.Node) (all []ast.Expr) {
	switch n := n.(type) {
	case *ast.CallExpr:
		if i, ok := s.params[last(n.Fun)]; ok && i < len(n.Args) {
			all = append(all, n.Args[i])
		}
	case *ast.CompositeLit:
		all = s.literal(last(n.Type), n.Elts)
		for _, e := range n.Elts { // of a list or map, whose own literals leave the type out
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				e = kv.Value
			}
			if inner, ok := e.(*ast.CompositeLit); ok && inner.Type == nil {
				all = append(all, s.literal(element(n.Type), inner.Elts)...)
			}
		}
	}
	return all
}

// literal returns the code in a literal of a struct.
func (s *source) literal(name string, elements []ast.Expr) (all []ast.Expr) {
	i, ok := s.fields[name]
	if !ok {
		return nil
	}
	for at, e := range elements {
		kv, keyed := e.(*ast.KeyValueExpr)
		switch {
		case keyed && strings.EqualFold(last(kv.Key), "code"):
			all = append(all, kv.Value)
		case !keyed && at == i:
			all = append(all, e)
		}
	}
	return all
}

// last returns the name at the end of an expression: of a selector or of itself.
func last(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func element(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.ArrayType:
		return last(e.Elt)
	case *ast.MapType:
		return last(e.Value)
	}
	return ""
}

// text returns the value of a string that is a literal or a constant, else "".
func (s *source) text(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return text
	case *ast.Ident:
		return s.consts[e.Name]
	}
	return ""
}
