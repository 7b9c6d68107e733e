// Package terminal draws lines on a terminal and redraws them in place. It does not hide the cursor or change a mode of
// the terminal, so that the terminal stays usable however the process ends.
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

// Style is how lines are drawn.
type Style struct {
	Width int // columns; a longer line would wrap
	Color bool
}

// DetectStyle returns a function that returns the current style of a terminal. ok is false if out is no terminal or
// can't move the cursor up.
func DetectStyle(out *os.File) (look func() Style, ok bool) {
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

// ANSI colours (ECMA-48, 8.3.117).
const (
	Red   = "31"
	Green = "32"
	Cyan  = "36"
	Faint = "2"
)

// Colorize returns the text in a colour, or unchanged if the style has no colours.
func (s Style) Colorize(color, text string) string {
	if !s.Color || color == "" || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// TruncateText shortens text to n columns; the last one is then "…".
func TruncateText(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:max(0, n-1)]) + "…"
	}
	return text
}

// LiveView redraws the lines that a function returns. It draws nothing while they are nil.
type LiveView struct {
	out         io.Writer
	renderLines func() []string

	mu         sync.Mutex
	drawnLines int // number of lines on the terminal
	stop       chan struct{}
	ended      sync.WaitGroup
}

// NewLiveView returns a view that has drawn nothing yet. It calls lines from one goroutine at a time.
func NewLiveView(out io.Writer, lines func() []string) *LiveView {
	return &LiveView{out: out, renderLines: lines, stop: make(chan struct{})}
}

// Run draws at each interval until Close is called.
func (l *LiveView) Run(every time.Duration) {
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

// Close draws for the last time and leaves these lines on the terminal.
func (l *LiveView) Close() {
	close(l.stop)
	l.ended.Wait()
	l.Draw()
}

// Draw writes one frame: it moves to the first line, writes each line and clears the rest of it, and then clears
// everything below, such as the ^C of an interrupt.
func (l *LiveView) Draw() {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := l.renderLines()
	if lines == nil {
		return
	}
	var frame strings.Builder
	frame.WriteString("\r")
	if l.drawnLines > 0 {
		fmt.Fprintf(&frame, "\x1b[%dA", l.drawnLines)
	}
	for _, line := range lines {
		frame.WriteString(line + "\x1b[K\n")
	}
	frame.WriteString("\x1b[J")
	_, _ = io.WriteString(l.out, frame.String())
	l.drawnLines = len(lines)
}
