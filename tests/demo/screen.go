package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"sluice/tests/terminal"
)

// screenOf returns how to begin a screen on out: bars on a terminal, else a line for each change.
func screenOf(out *os.File) func() display {
	look, ok := terminal.Of(out)
	if !ok {
		return func() display { return newPlain(out, time.Now) }
	}
	return func() display {
		l := newLive(out, func() style { return style{look()} }, time.Now)
		l.Run(100 * time.Millisecond)
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

// live draws the rows of the last board.
type live struct {
	*terminal.Live
	mu    sync.Mutex
	board *board // nil before the first
}

func newLive(out io.Writer, look func() style, now func() time.Time) *live {
	l := &live{}
	l.Live = terminal.NewLive(out, func() []string {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.board == nil {
			return nil
		}
		return look().lines(l.board.rows(now()))
	})
	return l
}

func (l *live) show(b board) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.board = &b
}

func (l *live) close() { l.Close() }
