package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// reservedMembers are the members that the logger adds to every line.
var reservedMembers = []string{"timestamp", "level", "message", "service", "request_id"}

// TestLogCallsPassTheirContext checks that everything that is logged after the start has a context, which holds the
// tenant and the video.
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
						t.Errorf("%s: a log call sets the reserved member %s", f.Name.Name, stringLiteral(key))
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
		t.Errorf(
			"found %d log calls with a context and %d without: does this test still look in the right folders?", with,
			without,
		)
	}
}

// parseSources returns the Go files below some folders, without tests and suites of tests.
func parseSources(t *testing.T, roots ...string) (files []*ast.File) {
	t.Helper()
	for _, root := range roots {
		walkGoFiles(t, root, func(path string) {
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(path, "_test.go") && !isTestPackage(f) {
				files = append(files, f)
			}
		})
	}
	return files
}

// lastName returns the last identifier of an expression.
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
