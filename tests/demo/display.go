package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"sluice/tests/terminal"
)

// chooseDisplay returns a function that starts a display on out: bars on a terminal, else a line for each change.
func chooseDisplay(out *os.File) func() display {
	look, ok := terminal.DetectStyle(out)
	if !ok {
		return func() display { return newPlainDisplay(out, time.Now) }
	}
	return func() display {
		l := newLiveDisplay(out, func() rowStyle { return rowStyle{look()} }, time.Now)
		l.Run(100 * time.Millisecond)
		return l
	}
}

// plainDisplay writes a line when a stage starts or ends.
type plainDisplay struct {
	out  io.Writer
	now  func() time.Time
	mu   sync.Mutex
	rows []stageProgress
}

func newPlainDisplay(out io.Writer, now func() time.Time) *plainDisplay {
	p := &plainDisplay{out: out, now: now}
	for _, name := range stageNames {
		p.rows = append(p.rows, stageProgress{name: name, state: stateWaiting})
	}
	return p
}

func (p *plainDisplay) showProgress(v progressView) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rows := v.buildRows(p.now())
	for _, line := range describeChanges(p.rows, rows) {
		fmt.Fprintln(p.out, line)
	}
	p.rows = rows
}

func (p *plainDisplay) close() {}

// liveDisplay draws the rows of the latest progress.
type liveDisplay struct {
	*terminal.LiveView
	mu       sync.Mutex
	progress *progressView // nil before the first one
}

func newLiveDisplay(out io.Writer, look func() rowStyle, now func() time.Time) *liveDisplay {
	l := &liveDisplay{}
	l.LiveView = terminal.NewLiveView(out, func() []string {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.progress == nil {
			return nil
		}
		return look().renderRows(l.progress.buildRows(now()))
	})
	return l
}

func (l *liveDisplay) showProgress(v progressView) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.progress = &v
}

func (l *liveDisplay) close() { l.Close() }
