package rules

import (
	"go/ast"
	"slices"
	"testing"
)

// taken are the members that every line has by itself.
var taken = []string{"timestamp", "level", "message", "service", "request_id"}

// TestLinesHaveTheirContext: what a function logs once it has started says in whose name, which only the context knows.
func TestLinesHaveTheirContext(t *testing.T) {
	const starting = "can't start"
	with, without := 0, 0
	s := scan(t, "../../shared", "../../functions")
	for _, f := range s.files {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			on, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"log", "Log", "slog"}, last(on.X)) {
				return true
			}
			switch on.Sel.Name {
			case "DebugContext", "InfoContext", "WarnContext", "ErrorContext":
				with++
				for _, key := range call.Args[2:] {
					if slices.Contains(taken, s.text(key)) {
						t.Errorf("%s: a line has %s twice: of two members of a name, readers take either", f.Name.Name, s.text(key))
					}
				}
			case "Debug", "Info", "Warn", "Error":
				without++
				if text := s.text(call.Args[0]); text != starting {
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
