package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// terminal is what of the codes of a terminal package live uses (ECMA-48).
type terminal struct {
	lines []string
	at    int
}

func (t *terminal) Write(p []byte) (int, error) {
	for text := string(p); text != ""; {
		switch {
		case strings.HasPrefix(text, "\x1b[4A"):
			t.at -= 4
			text = text[4:]
		case strings.HasPrefix(text, "\x1b[J"):
			t.lines = t.lines[:t.at]
			text = text[3:]
		case strings.HasPrefix(text, "\r"):
			text = text[1:]
		default:
			line, rest, _ := strings.Cut(text, "\x1b[K\n")
			t.lines = append(t.lines[:min(t.at, len(t.lines))], append([]string{line}, t.lines[min(t.at+1, len(t.lines)):]...)...)
			t.at++
			text = rest
		}
	}
	return len(p), nil
}

func TestLiveDrawsOverItself(t *testing.T) {
	t.Parallel()
	var term terminal
	look := style{width: 59}
	now := noon
	l := newLive(&term, func() style { return look }, func() time.Time { return now })
	l.draw()
	if len(term.lines) != 0 {
		t.Errorf("drew %q of nothing", term.lines)
	}
	for _, m := range films()["ready"] {
		now = m.now
		l.show(m.board)
		l.draw()
		term.lines = append(term.lines, "^C")
		l.draw()
		if diff := cmp.Diff(look.lines(m.rows(now)), term.lines); diff != "" {
			t.Fatalf("on the terminal (-want +got):\n%s", diff)
		}
	}
}

func TestLiveLeavesTheLastBoard(t *testing.T) {
	t.Parallel()
	var term terminal
	look := style{width: 59}
	moments := films()["broken"]
	last := moments[len(moments)-1]
	l := newLive(&term, func() style { return look }, func() time.Time { return last.now })
	l.run(time.Hour)
	for _, m := range moments {
		l.show(m.board)
	}
	l.close()
	if diff := cmp.Diff(look.lines(last.rows(last.now)), term.lines); diff != "" {
		t.Errorf("on the terminal (-want +got):\n%s", diff)
	}
}

func TestScreenOfAFileIsPlain(t *testing.T) {
	t.Parallel()
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, ok := screenOf(file)().(*plain); !ok {
		t.Error("a file got the screen of a terminal")
	}
}
