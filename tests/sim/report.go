package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
)

// writeTable prints the waits with one poller mode: a line per law and setting, a column per workload.
func writeTable(out io.Writer, rows []Row) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "law\tsetting\t")
	for _, l := range workloads {
		fmt.Fprint(w, l.name, "\t")
	}
	fmt.Fprintln(w, "flaps\tover budget\t")
	for i := 0; i < len(rows); i += len(workloads) {
		fmt.Fprintf(w, "%s\t%s\t", rows[i].Law, rows[i].Setting)
		flaps, over := 0, 0
		for _, r := range rows[i : i+len(workloads)] {
			fmt.Fprintf(w, "%.1f (%.0f)\t", r.InteractiveP95, r.BulkP95)
			flaps, over = flaps+r.Flaps, over+r.Over
		}
		fmt.Fprintf(w, "%d\t%d s\t\n", flaps, over)
	}
	w.Flush()
}

// Score compares Sluice's law with one setting of another law.
type Score struct {
	Law, Setting        string
	Better, Same, Worse int
	Over                int // seconds in which the other law exceeded the budget, so that the comparison does not count
}

// scoreLaws counts the workloads on which Sluice's law is better, equal or worse, at each kind of setting.
func scoreLaws(rows []Row) (out []Score) {
	n := len(workloads)
	ours := map[string][]Row{}
	for i := 0; i < len(rows); i += n {
		if rows[i].Law == sluiceSettings.name {
			ours[rows[i].Setting] = rows[i : i+n]
			continue
		}
		out = append(out, scoreLaw(ours[rows[i].Setting], rows[i:i+n]))
	}
	return out
}

func scoreLaw(ours, rival []Row) Score {
	s := Score{Law: rival[0].Law, Setting: rival[0].Setting}
	for i, r := range rival {
		s.Over += r.Over
		switch {
		case isBetter(ours[i], r):
			s.Better++
		case isWorse(ours[i], r):
			s.Worse++
		default:
			s.Same++
		}
	}
	return s
}

func writeVerdict(out io.Writer, rows []Row) {
	for _, s := range scoreLaws(rows) {
		fmt.Fprintf(out, "  against %s, both %s: better on %d, the same on %d, worse on %d", s.Law, s.Setting, s.Better,
			s.Same, s.Worse)
		if s.Over > 0 {
			fmt.Fprintf(out, " (but not within the budget: %d s of it at the API's expense)", s.Over)
		}
		fmt.Fprintln(out)
	}
}

func writeJSON(path string, rows []Row) error {
	b, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}
