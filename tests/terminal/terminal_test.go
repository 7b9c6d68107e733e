package terminal_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/tests/terminal"
)

// fakeTerminal interprets the control sequences that LiveView writes (ECMA-48).
type fakeTerminal struct {
	lines []string
	at    int
}

func (t *fakeTerminal) Write(p []byte) (int, error) {
	for text := string(p); text != ""; {
		var up int
		switch {
		case strings.HasPrefix(text, "\x1b[J"):
			t.lines = t.lines[:t.at]
			text = text[3:]
		case strings.HasPrefix(text, "\r"):
			text = text[1:]
		default:
			if n, _ := fmt.Sscanf(text, "\x1b[%dA", &up); n == 1 {
				t.at -= up
				text = text[strings.IndexByte(text, 'A')+1:]
				continue
			}
			line, rest, _ := strings.Cut(text, "\x1b[K\n")
			t.lines = append(
				t.lines[:min(t.at, len(t.lines))], append([]string{line}, t.lines[min(t.at+1, len(t.lines)):]...)...,
			)
			t.at++
			text = rest
		}
	}
	return len(p), nil
}

func TestDrawOverwritesPreviousLines(t *testing.T) {
	t.Parallel()
	var term fakeTerminal
	var lines []string
	l := terminal.NewLiveView(&term, func() []string { return lines })
	l.Draw()
	if len(term.lines) != 0 {
		t.Errorf("drew %q of nothing", term.lines)
	}
	for _, lines = range [][]string{{"one"}, {"one", "two", "three"}, {"two"}, {"longer", "again"}} {
		l.Draw()
		term.lines = append(term.lines, "^C")
		l.Draw()
		if diff := cmp.Diff(lines, term.lines); diff != "" {
			t.Fatalf("on the terminal (-want +got):\n%s", diff)
		}
	}
}

func TestCloseLeavesLastLinesOnTerminal(t *testing.T) {
	t.Parallel()
	var term fakeTerminal
	lines := []string{"first"}
	l := terminal.NewLiveView(&term, func() []string { return lines })
	l.Run(time.Hour)
	lines = []string{"last"}
	l.Close()
	if diff := cmp.Diff([]string{"last"}, term.lines); diff != "" {
		t.Errorf("on the terminal (-want +got):\n%s", diff)
	}
}

func TestFileIsNotDetectedAsTerminal(t *testing.T) {
	t.Parallel()
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, ok := terminal.DetectStyle(file); ok {
		t.Error("a file was taken for a terminal")
	}
}

func TestColorizeAndTruncateText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ got, want string }{
		{terminal.Style{}.Colorize(terminal.Red, "text"), "text"},
		{terminal.Style{Color: true}.Colorize("", "text"), "text"},
		{terminal.Style{Color: true}.Colorize(terminal.Red, "text"), "\x1b[31mtext\x1b[0m"},
		{terminal.TruncateText("äöü", 3), "äöü"},
		{terminal.TruncateText("äöüß", 3), "äö…"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}
