package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"sluice/tests/plot"
	"sluice/tests/terminal"
)

// writeTable prints the results of each tenant and explains the columns.
func (r Result) writeTable(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "tenant\tsent\tready\ttask waits\t95 in 100\tall\tstarts after\tready after\t")
	for _, t := range r.Tenants {
		fmt.Fprintf(w, "%s\t%d\t%d\t%.2f s\t%.2f s\t%.2f s\t%.1f s\t%.1f s\t\n",
			t.Tenant, t.Sent, t.Ready, t.WaitP50, t.WaitP95, t.WaitAllP50, t.StartP50, t.ReadyP50)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if !r.isComparable() {
		fmt.Fprintf(out, "\nNot compared: a tenant with fewer than %d such tasks has no meaningful median.\n",
			minContendedTasks)
	}
	_, err := fmt.Fprintf(out, `
A task waits in the queue until a worker receives it. Tenants are compared by the median wait of tasks that were sent while
another tenant had tasks in flight; "all" includes the other tasks. "Starts after" and "ready after" are medians from the
completed upload: a tenant that sends many videos also waits for its own.

%d videos in %.0f s: %d ready, %d failed, %d lost, %d twice, %d not whole, %d dead letters
`, r.Videos, r.Seconds, r.Ready, r.Failed, r.Lost, r.Duplicated, r.Broken, r.DeadLetters)
	return err
}

// maxPrintedFaults bounds the printed faults. load.json has all.
const maxPrintedFaults = 10

// writeFaults prints what is wrong with videos.
func (r Result) writeFaults(out io.Writer) {
	n := 0
	for _, t := range r.Timelines {
		for _, f := range t.Faults {
			if n++; n <= maxPrintedFaults {
				fmt.Fprintf(out, "%s of %s (%s): %s\n", cmp.Or(t.Video, "a video"), t.Tenant, t.Clip, f)
			}
		}
	}
	if n > maxPrintedFaults {
		fmt.Fprintf(out, "and %d more\n", n-maxPrintedFaults)
	}
}

// writeTerminal prints the figure, the table, the faults and the names of the files.
func (r Result) writeTerminal(f plot.Figure, out *os.File, files ...string) error {
	style := terminal.Style{Width: 100}
	if look, ok := terminal.DetectStyle(out); ok {
		style = look()
	}
	if _, err := fmt.Fprintf(out, "\n%s\n", f.RenderText(min(style.Width, 120), 4, style.Color)); err != nil {
		return err
	}
	if err := r.writeTable(out); err != nil {
		return err
	}
	r.writeFaults(out)
	_, err := fmt.Fprintf(out, "%s\n", strings.Join(files, ", "))
	return err
}
