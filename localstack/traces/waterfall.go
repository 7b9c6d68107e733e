package traces

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Widths of the columns, in characters.
const (
	barWidth   = 50
	labelWidth = 34
)

// Waterfall draws the way of a video through its hops, over all traces that it is in, from documents, one a line. A
// dotted bar is the time that a message waited in a queue. It returns "" if no document is of the video.
func Waterfall(lines io.Reader, video string) (string, error) {
	hops, err := load(lines)
	if err != nil {
		return "", err
	}
	hops = slices.DeleteFunc(hops, func(h *node) bool { return !h.of(video) })
	if len(hops) == 0 {
		return "", nil
	}
	c := newChart(hops)
	fmt.Fprintf(&c.out, "video %s: %d hops in %d traces, %.1f ms\n\n%8s %8s\n", video, len(hops), c.traces, c.total*1e3, "at ms", "ms")
	for _, h := range hops {
		c.wait(h)
		h.walk(0, c.node)
	}
	return c.out.String(), nil
}

// chart is a waterfall in the making. Times are in seconds.
type chart struct {
	first, last, total float64
	traces             int
	out                strings.Builder
}

func newChart(hops []*node) *chart {
	c := &chart{first: hops[0].Start}
	traces := map[string]bool{}
	for _, h := range hops {
		h.walk(0, func(n *node, _ int) {
			traces[n.TraceID] = true
			c.last = max(c.last, n.Start, n.End)
		})
	}
	c.traces, c.total = len(traces), max(c.last-c.first, 1e-3)
	return c
}

// wait draws how long a hop's message was in its queue. What was before the first hop is cut off on the left.
func (c *chart) wait(h *node) {
	ms, ok := h.Metadata.Default["wait_ms"].(float64)
	if !ok {
		return
	}
	label := "~ waits in " + text(h.Metadata.Default["queue"])
	c.row(h.Start-ms/1e3, h.Start, "·", label, "attempt "+text(h.Metadata.Default["attempt"]))
}

func (c *chart) node(n *node, depth int) {
	label := strings.Repeat("  ", depth) + n.Name
	if op := text(n.AWS["operation"]); op != "" {
		label += " " + op
	}
	end := n.End
	if n.InProgress || end == 0 {
		end = c.last
	}
	notes := marks(n)
	if depth == 0 {
		if up := text(n.Metadata.Default["upstream"]); up != "" {
			notes = append(notes, "linked to "+up)
		}
		notes = append(notes, n.TraceID)
	}
	c.row(n.Start, end, "█", label, strings.Join(notes, " "))
}

func marks(n *node) []string {
	var out []string
	for _, m := range []struct {
		on   bool
		name string
	}{{n.Fault, "FAULT"}, {n.Error, "error"}, {n.Throttle, "throttled"}, {n.InProgress, "RUNNING"}} {
		if m.on {
			out = append(out, m.name)
		}
	}
	if code := text(n.Annotations["code"]); code != "" {
		out = append(out, code)
	}
	return out
}

func (c *chart) row(from, to float64, mark, label, rest string) {
	label += strings.Repeat(" ", max(labelWidth-utf8.RuneCountInString(label), 0))
	line := fmt.Sprintf("%8.1f %8.1f  │%s│ %s %s", (from-c.first)*1e3, (to-from)*1e3, c.bar(from, to, mark), label, rest)
	c.out.WriteString(strings.TrimRight(line, " ") + "\n")
}

// bar is at least one mark, wherever it lies.
func (c *chart) bar(from, to float64, mark string) string {
	at := func(t float64) int { return int((t - c.first) / c.total * barWidth) }
	a := min(max(at(from), 0), barWidth-1)
	b := min(max(at(to), a+1), barWidth)
	return strings.Repeat(" ", a) + strings.Repeat(mark, b-a) + strings.Repeat(" ", barWidth-b)
}

func text(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}
