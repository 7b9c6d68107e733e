package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"sluice/tests/terminal"
)

// progressView is what is shown while the burst runs.
type progressView struct {
	elapsed time.Duration
	queues  []QueueSeries
	tenants []tenantProgress
}

const (
	barWidth   = 24
	labelWidth = 14
)

// renderLines returns a bar for each queue, relative to the greatest depth so far, and a bar for each tenant.
func (v progressView) renderLines(s terminal.Style) []string {
	lines := []string{fmt.Sprintf("  %d:%02d", int(v.elapsed.Minutes()), int(v.elapsed.Seconds())%60)}
	deepest := 1
	for _, q := range v.queues {
		deepest = max(deepest, q.maxWaiting())
	}
	for _, q := range v.queues {
		last := q.lastSample()
		text := fmt.Sprintf("%4d waiting, %s", last.Waiting, q.describeLoad())
		if last.Ceiling != nil && !batchQueues[q.Name] {
			text += fmt.Sprintf(" of %d", *last.Ceiling)
		}
		lines = append(lines, renderRow(s, q.Name, terminal.Cyan, float64(last.Waiting)/float64(deepest), text))
	}
	for _, t := range v.tenants {
		color := terminal.Green
		text := fmt.Sprintf("%4d of %d ready", t.ready, t.total)
		if t.failed > 0 {
			color, text = terminal.Red, text+fmt.Sprintf(", %d failed", t.failed)
		}
		lines = append(lines, renderRow(s, t.tenant, color, float64(t.ready)/float64(t.total), text))
	}
	return lines
}

func renderRow(s terminal.Style, name, color string, share float64, text string) string {
	full := min(barWidth, int(share*barWidth+0.5))
	line := fmt.Sprintf("  %-*s ", labelWidth, terminal.TruncateText(name, labelWidth))
	room := s.Width - labelWidth - 3 - barWidth
	return line + s.Colorize(color, strings.Repeat("━", full)) +
		s.Colorize(terminal.Faint, strings.Repeat("─", barWidth-full)) + terminal.TruncateText(text, max(0, room))
}

// describeLoad returns the number of messages in flight. For most queues that is the number of busy workers.
func (q QueueSeries) describeLoad() string {
	if batchQueues[q.Name] {
		return fmt.Sprintf("%d in flight", q.lastSample().InFlight)
	}
	return fmt.Sprintf("%d at work", q.lastSample().InFlight)
}

// maxWaiting returns the greatest number of waiting messages of all samples.
func (q QueueSeries) maxWaiting() (n int) {
	for _, s := range q.Samples {
		n = max(n, s.Waiting)
	}
	return n
}

// renderSummary returns the view as one line.
func (v progressView) renderSummary() string {
	parts := []string{fmt.Sprintf("%4.0f s", v.elapsed.Seconds())}
	for _, q := range v.queues {
		parts = append(parts, fmt.Sprintf("%s %d waiting, %s", q.Name, q.lastSample().Waiting, q.describeLoad()))
	}
	ready, of := 0, 0
	for _, t := range v.tenants {
		ready, of = ready+t.ready, of+t.total
	}
	return strings.Join(append(parts, fmt.Sprintf("%d of %d ready", ready, of)), "; ")
}

// showProgress shows the view that look returns until stop is called: live on a terminal, else as a line now and then.
func showProgress(out *os.File, look func() progressView) (stop func()) {
	if style, ok := terminal.DetectStyle(out); ok {
		l := terminal.NewLiveView(out, func() []string { return look().renderLines(style()) })
		l.Run(200 * time.Millisecond)
		return l.Close
	}
	return writeProgressLines(out, 10*time.Second, look)
}

// writeProgressLines writes a line per interval and one at the end.
func writeProgressLines(out io.Writer, every time.Duration, look func() progressView) (stop func()) {
	tick, end, ended := time.NewTicker(every), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				fmt.Fprintln(out, look().renderSummary())
			case <-end:
				fmt.Fprintln(out, look().renderSummary())
				return
			}
		}
	}()
	return func() { close(end); <-ended }
}
