package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// screenOf returns how to begin a screen on out: bars on a terminal, else a line for each change.
func screenOf(out *os.File) func() screen {
	if !term.IsTerminal(int(out.Fd())) || os.Getenv("TERM") == "dumb" {
		return func() screen { return newPlain(out, time.Now) }
	}
	look := func() style {
		width, _, err := term.GetSize(int(out.Fd()))
		if err != nil || width <= 0 {
			width = 80
		}
		return style{width: width - 1, color: os.Getenv("NO_COLOR") == ""} // https://no-color.org
	}
	return func() screen {
		l := newLive(out, look, time.Now)
		l.run(100 * time.Millisecond)
		return l
	}
}

// plain writes a line whenever a stage begins or ends.
type plain struct {
	out  io.Writer
	now  func() time.Time
	mu   sync.Mutex
	rows []row
}

func newPlain(out io.Writer, now func() time.Time) *plain {
	p := &plain{out: out, now: now}
	for _, name := range stages {
		p.rows = append(p.rows, row{name: name, state: waiting})
	}
	return p
}

func (p *plain) show(b board) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rows := b.rows(p.now())
	for _, line := range changes(p.rows, rows) {
		fmt.Fprintln(p.out, line)
	}
	p.rows = rows
}

func (p *plain) close() {}

// live draws the same lines again and again, each time over the last ones. It never hides the cursor nor changes a
// mode of the terminal, so that whatever ends the process leaves a clean one.
type live struct {
	out  io.Writer
	look func() style
	now  func() time.Time

	mu    sync.Mutex
	board *board // nil before the first
	drawn int    // lines on the terminal
	stop  chan struct{}
	ended sync.WaitGroup
}

func newLive(out io.Writer, look func() style, now func() time.Time) *live {
	return &live{out: out, look: look, now: now, stop: make(chan struct{})}
}

// run draws once every interval until close.
func (l *live) run(every time.Duration) {
	ticker := time.NewTicker(every)
	l.ended.Go(func() {
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				l.draw()
			case <-l.stop:
				return
			}
		}
	})
}

func (l *live) show(b board) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.board = &b
}

func (l *live) close() {
	close(l.stop)
	l.ended.Wait()
	l.draw()
}

// draw writes one frame at once: up to its first line, each line with the rest of it cleared, and all that is below,
// such as the ^C of an interrupt.
func (l *live) draw() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.board == nil {
		return
	}
	var frame strings.Builder
	frame.WriteString("\r")
	if l.drawn > 0 {
		fmt.Fprintf(&frame, "\x1b[%dA", l.drawn)
	}
	lines := l.look().lines(l.board.rows(l.now()))
	for _, line := range lines {
		frame.WriteString(line + "\x1b[K\n")
	}
	frame.WriteString("\x1b[J")
	io.WriteString(l.out, frame.String())
	l.drawn = len(lines)
}
