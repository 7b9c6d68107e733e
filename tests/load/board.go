package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"sluice/tests/terminal"
)

// board is what is shown while videos are under way.
type board struct {
	elapsed time.Duration
	queues  []Queue
	tenants []count
}

const (
	bar   = 24
	label = 14
)

// lines draws a bar for each queue, as long as its depth against the deepest so far, and one for each tenant.
func (b board) lines(s terminal.Style) []string {
	lines := []string{fmt.Sprintf("  %d:%02d", int(b.elapsed.Minutes()), int(b.elapsed.Seconds())%60)}
	deepest := 1
	for _, q := range b.queues {
		deepest = max(deepest, q.deepest())
	}
	for _, q := range b.queues {
		last := q.last()
		text := fmt.Sprintf("%4d waiting, %s", last.Waiting, q.busy())
		if last.Ceiling != nil && !batches[q.Queue] {
			text += fmt.Sprintf(" of %d", *last.Ceiling)
		}
		lines = append(lines, row(s, q.Queue, terminal.Cyan, float64(last.Waiting)/float64(deepest), text))
	}
	for _, t := range b.tenants {
		color := terminal.Green
		text := fmt.Sprintf("%4d of %d ready", t.ready, t.of)
		if t.bad > 0 {
			color, text = terminal.Red, text+fmt.Sprintf(", %d failed", t.bad)
		}
		lines = append(lines, row(s, t.tenant, color, float64(t.ready)/float64(t.of), text))
	}
	return lines
}

func row(s terminal.Style, name, color string, share float64, text string) string {
	full := min(bar, int(share*bar+0.5))
	line := fmt.Sprintf("  %-*s ", label, terminal.Clip(name, label))
	room := s.Width - label - 3 - bar
	return line + s.In(color, strings.Repeat("━", full)) + s.In(terminal.Faint, strings.Repeat("─", bar-full)) + terminal.Clip(text, max(0, room))
}

// busy says how many messages are being handled: of most queues that is how many workers are at work.
func (q Queue) busy() string {
	if batches[q.Queue] {
		return fmt.Sprintf("%d in flight", q.last().InFlight)
	}
	return fmt.Sprintf("%d at work", q.last().InFlight)
}

// deepest is the greatest number of messages that waited.
func (q Queue) deepest() (n int) {
	for _, s := range q.Samples {
		n = max(n, s.Waiting)
	}
	return n
}

// sentence is the board in one line.
func (b board) sentence() string {
	parts := []string{fmt.Sprintf("%4.0f s", b.elapsed.Seconds())}
	for _, q := range b.queues {
		parts = append(parts, fmt.Sprintf("%s %d waiting, %s", q.Queue, q.last().Waiting, q.busy()))
	}
	ready, of := 0, 0
	for _, t := range b.tenants {
		ready, of = ready+t.ready, of+t.of
	}
	return strings.Join(append(parts, fmt.Sprintf("%d of %d ready", ready, of)), "; ")
}

// show shows boards on out until the returned function is called: live on a terminal, else a line now and then.
func show(out *os.File, look func() board) (stop func()) {
	if style, ok := terminal.Of(out); ok {
		l := terminal.NewLive(out, func() []string { return look().lines(style()) })
		l.Run(200 * time.Millisecond)
		return l.Close
	}
	return plain(out, 10*time.Second, look)
}

// plain writes a line every interval, and one in the end.
func plain(out io.Writer, every time.Duration, look func() board) (stop func()) {
	tick, end, ended := time.NewTicker(every), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				fmt.Fprintln(out, look().sentence())
			case <-end:
				fmt.Fprintln(out, look().sentence())
				return
			}
		}
	}()
	return func() { close(end); <-ended }
}
