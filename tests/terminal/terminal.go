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

// DetectStyle returns the style of a terminal as it is at the moment; ok is false if out is none, or one that can't go back to a
// line.
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

// Colours of ANSI (ECMA-48, 8.3.117).
const (
	Red   = "31"
	Green = "32"
	Cyan  = "36"
	Faint = "2"
)

// Colorize returns the text in a colour, or as it is.
func (s Style) Colorize(color, text string) string {
	if !s.Color || color == "" || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// TruncateText shortens text to n columns.
func TruncateText(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:max(0, n-1)]) + "…"
	}
	return text
}

// LiveView draws what lines returns. None is drawn while there are none.
type LiveView struct {
	out         io.Writer
	renderLines func() []string

	mu         sync.Mutex
	drawnLines int // lines on the terminal
	stop       chan struct{}
	ended      sync.WaitGroup
}

// NewLiveView returns a Live that has drawn nothing yet; lines is called by one goroutine at a time.
func NewLiveView(out io.Writer, lines func() []string) *LiveView {
	return &LiveView{out: out, renderLines: lines, stop: make(chan struct{})}
}

// Run draws once every interval until Close.
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

// Close draws for the last time and leaves that.
func (l *LiveView) Close() {
	close(l.stop)
	l.ended.Wait()
	l.Draw()
}

// Draw writes one frame at once: up to its first line, each line with the rest of it cleared, and all that is below,
// such as the ^C of an interrupt.
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
