package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// reservedMembers are the members that every line has by itself.
var reservedMembers = []string{"timestamp", "level", "message", "service", "request_id"}

// TestLogCallsPassTheirContext: what a function logs once it has started says in whose name, which only the context knows.
func TestLogCallsPassTheirContext(t *testing.T) {
	const starting = "can't start"
	with, without := 0, 0
	for _, f := range parseSources(t, "../../shared", "../../functions") {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			on, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"log", "Log", "slog"}, lastName(on.X)) {
				return true
			}
			switch on.Sel.Name {
			case "DebugContext", "InfoContext", "WarnContext", "ErrorContext":
				with++
				for _, key := range call.Args[2:] {
					if slices.Contains(reservedMembers, stringLiteral(key)) {
						t.Errorf("%s: a line has %s twice: of two members of a name, readers take either", f.Name.Name, stringLiteral(key))
					}
				}
			case "Debug", "Info", "Warn", "Error":
				without++
				if text := stringLiteral(call.Args[0]); text != starting {
					t.Errorf("%s: %q is logged without a context", f.Name.Name, text)
				}
			}
			return true
		})
	}
	if with < 10 || without == 0 {
		t.Errorf("found %d lines with a context and %d without: are they still where this test looks?", with, without)
	}
}

// parseSources returns the Go files in some folders, without tests and packages for tests.
func parseSources(t *testing.T, roots ...string) (files []*ast.File) {
	t.Helper()
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err == nil && !isTestPackage(f) {
				files = append(files, f)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
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

// stringLiteral returns the value of a string literal, "" for any other expression.
func stringLiteral(e ast.Expr) string {
	text := ""
	if literal, ok := e.(*ast.BasicLit); ok {
		text, _ = strconv.Unquote(literal.Value)
	}
	return text
}
