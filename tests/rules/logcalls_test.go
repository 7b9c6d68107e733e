package rules

import (
	"go/ast"
	"slices"
	"testing"
)

// reservedMembers are the members that every line has by itself.
var reservedMembers = []string{"timestamp", "level", "message", "service", "request_id"}

// TestLogCallsPassTheirContext: what a function logs once it has started says in whose name, which only the context knows.
func TestLogCallsPassTheirContext(t *testing.T) {
	const starting = "can't start"
	with, without := 0, 0
	s := scanSources(t, "../../shared", "../../functions")
	for _, f := range s.files {
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
					if slices.Contains(reservedMembers, s.stringValue(key)) {
						t.Errorf("%s: a line has %s twice: of two members of a name, readers take either", f.Name.Name, s.stringValue(key))
					}
				}
			case "Debug", "Info", "Warn", "Error":
				without++
				if text := s.stringValue(call.Args[0]); text != starting {
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
