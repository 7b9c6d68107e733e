// Package screen draws lines on a terminal, again and again over the last ones. It never hides the cursor nor changes a
// mode of the terminal, so that whatever ends the process leaves a clean one.
package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// Style is how lines may look.
type Style struct {
	Width int // columns; a line that is wider would be two
	Color bool
}

// Of returns the style of a terminal as it is at the moment; ok is false if out is none, or one that can't go back to a
// line.
func Of(out *os.File) (look func() Style, ok bool) {
	if !term.IsTerminal(int(out.Fd())) || os.Getenv("TERM") == "dumb" {
		return nil, false
	}
	return func() Style {
		width, _, err := term.GetSize(int(out.Fd()))
		if err != nil || width <= 0 {
			width = 80
		}
		return Style{Width: width - 1, Color: os.Getenv("NO_COLOR") == ""} // https://no-color.org
	}, true
}

// Colours of ANSI (ECMA-48, 8.3.117).
const (
	Red   = "31"
	Green = "32"
	Cyan  = "36"
	Faint = "2"
)

// In returns the text in a colour, or as it is.
func (s Style) In(color, text string) string {
	if !s.Color || color == "" || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// Clip shortens text to n columns.
func Clip(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:max(0, n-1)]) + "…"
	}
	return text
}

// Live draws what lines returns. None is drawn while there are none.
type Live struct {
	out   io.Writer
	lines func() []string

	mu    sync.Mutex
	drawn int // lines on the terminal
	stop  chan struct{}
	ended sync.WaitGroup
}

// NewLive returns a Live that has drawn nothing yet; lines is called by one goroutine at a time.
func NewLive(out io.Writer, lines func() []string) *Live {
	return &Live{out: out, lines: lines, stop: make(chan struct{})}
}

// Run draws once every interval until Close.
func (l *Live) Run(every time.Duration) {
	ticker := time.NewTicker(every)
	l.ended.Go(func() {
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				l.Draw()
			case <-l.stop:
				return
			}
		}
	})
}

// Close draws for the last time and leaves that.
func (l *Live) Close() {
	close(l.stop)
	l.ended.Wait()
	l.Draw()
}

// Draw writes one frame at once: up to its first line, each line with the rest of it cleared, and all that is below,
// such as the ^C of an interrupt.
func (l *Live) Draw() {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := l.lines()
	if lines == nil {
		return
	}
	var frame strings.Builder
	frame.WriteString("\r")
	if l.drawn > 0 {
		fmt.Fprintf(&frame, "\x1b[%dA", l.drawn)
	}
	for _, line := range lines {
		frame.WriteString(line + "\x1b[K\n")
	}
	frame.WriteString("\x1b[J")
	_, _ = io.WriteString(l.out, frame.String())
	l.drawn = len(lines)
}
