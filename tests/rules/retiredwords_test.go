package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
	"unicode"
)

// retiredWords are words that earlier names used in place of the field's terms, with the term to use. Only words
// without another meaning in this repository are listed.
var retiredWords = map[string]string{
	"buried": "sent to the dead-letter queue", "bury": "send to the dead-letter queue",
	"buries": "sends to the dead-letter queue",
	"cage":   "sandbox", "caged": "sandboxed", "cages": "sandboxes", "desk": "video creator", "ear": "subscriber",
	"ears": "subscribers",
	"film": "source video", "films": "source videos", "flaw": "field error", "flaws": "field errors", "hop": "span",
	"hops": "spans",
	"kit":  "runtime", "laps": "allows recursion", "letter": "dead letter", "letters": "dead letters", "nudge": "retry",
	"nudges": "retries", "steer": "autoscale", "steerer": "autoscaler", "steers": "autoscales",
	"surroundings": "service dependencies",
	"sweep":        "purge", "sweeper": "purger", "sweeps": "purges", "tend": "reconcile", "tended": "reconciled",
	"tender": "reconciler",
	"tends":  "reconciles",
}

// TestIdentifiersUseTheFieldsTerms checks every identifier that a Go file of the repository declares, also in tests.
func TestIdentifiersUseTheFieldsTerms(t *testing.T) {
	t.Parallel()
	checked := 0
	walkGoFiles(t, "../..", func(path string) {
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range declaredIdentifiers(f) {
			checked++
			if word := findRetiredWord(id.Name); word != "" {
				t.Errorf("%s: %s says %q; the term is %q", set.Position(id.Pos()), id.Name, word, retiredWords[word])
			}
		}
	})
	if checked < 10_000 {
		t.Errorf("only %d identifiers found", checked)
	}
}

func TestRetiredWordsAreFoundInIdentifiers(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"letter": "letter", "openLetters": "letters", "SweepRequested": "sweep", "HopURL": "hop", "KIT_DIR": "kit",
		"deadLetter": "", "DeadLetters": "", "DEAD_LETTERS": "", "attend": "", "earlyPlayback": "", "IsLetterhead": "",
		"Kitchen": "",
	} {
		if got := findRetiredWord(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// declaredIdentifiers returns the identifiers that a file declares, local ones and fields included.
func declaredIdentifiers(f *ast.File) (ids []*ast.Ident) {
	add := func(names ...ast.Expr) {
		for _, name := range names {
			if id, ok := name.(*ast.Ident); ok {
				ids = append(ids, id)
			}
		}
	}
	add(f.Name)
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			add(n.Name)
		case *ast.TypeSpec:
			add(n.Name)
		case *ast.ImportSpec:
			if n.Name != nil {
				add(n.Name)
			}
		case *ast.Field:
			for _, name := range n.Names {
				add(name)
			}
		case *ast.ValueSpec:
			for _, name := range n.Names {
				add(name)
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				add(n.Lhs...)
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				add(n.Key, n.Value)
			}
		}
		return true
	})
	return ids
}

// findRetiredWord returns the retired word in a name, "" if there is none. "Dead letter" is a term of the field.
func findRetiredWord(name string) string {
	words := splitWords(name)
	for i, word := range words {
		if retiredWords[word] == "" || i > 0 && words[i-1] == "dead" && strings.HasPrefix(word, "letter") {
			continue
		}
		return word
	}
	return ""
}

// splitWords returns the words of an identifier in lower case: two words of "HopURL", two of "KIT_DIR".
func splitWords(name string) (words []string) {
	runes := []rune(name)
	start := 0
	for i := 1; i <= len(runes); i++ {
		if i < len(runes) {
			lowerThenUpper := !unicode.IsUpper(runes[i-1]) && unicode.IsUpper(runes[i])
			endOfInitials := unicode.IsUpper(runes[i-1]) && unicode.IsUpper(runes[i]) && i+1 < len(runes) &&
				unicode.IsLower(runes[i+1])
			if !lowerThenUpper && !endOfInitials && runes[i] != '_' {
				continue
			}
		}
		if word := strings.Trim(string(runes[start:i]), "_0123456789"); word != "" {
			words = append(words, strings.ToLower(word))
		}
		start = i
	}
	return words
}
