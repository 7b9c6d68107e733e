package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sluice/tests/plot"
)

// draw writes build/sim/<workload>.svg: depth and workers over time under ours.
func draw(folder string, w workload, c *cloud) error {
	name := strings.ReplaceAll(w.name, " ", "-") + ".svg"
	return os.WriteFile(filepath.Join(folder, name), []byte(figure(w, c).SVG()), 0o644)
}

func figure(w workload, c *cloud) plot.Figure {
	depth := plot.Panel{Title: "messages waiting"}
	var workers []plot.Panel
	for i, q := range queues {
		past, hue := c.maps[i].past, plot.Hue(i)
		depth.Lines = append(depth.Lines, line(past, func(r reading) float64 { return r.visible }, plot.Line{Name: q.Name, Hue: hue}))
		workers = append(workers, plot.Panel{Title: "workers of " + q.Name, Low: true, Most: budget, Lines: []plot.Line{
			line(past, func(r reading) float64 { return r.inFlight }, plot.Line{Name: "at work", Hue: hue}),
			line(past, func(r reading) float64 { return r.ceiling }, plot.Line{Name: "their ceiling", Hue: hue, Dashed: true}),
		}})
	}
	return plot.Figure{
		Title: "Simulated: " + w.name, Note: fmt.Sprintf("the law of shared/domain/scaling, %s pollers, %d workers at most in sum", c.lever.name, budget),
		Time: "since the first video", Span: float64(len(c.maps[0].past)), Panels: append([]plot.Panel{depth}, workers...),
	}
}

// compare writes build/sim/waits-<lever>.svg: how long interactive messages wait under each law.
func compare(folder string, l lever, rows []Row) error {
	return os.WriteFile(filepath.Join(folder, "waits-"+l.name+".svg"), []byte(waits(l, rows).SVG()), 0o644)
}

// leastWait is the least wait that is drawn, seconds: the axis is logarithmic.
const leastWait = 0.1

// waits groups the rows by their workloads.
func waits(l lever, rows []Row) plot.Dots {
	d := plot.Dots{
		Title: "Simulated: how long interactive messages wait", Note: fmt.Sprintf("to the left is better; %s pollers, %d workers at most in sum", l.name, budget),
		Axis: "seconds, 95 in 100 wait less", Hollow: "as documented", Full: "at the best of the settings that were swept",
	}
	if i := slices.IndexFunc(rows, func(r Row) bool { return r.Over > 0 }); i >= 0 {
		d.Note += fmt.Sprintf(", which %s does not keep to as %s", rows[i].Law, rows[i].Setting)
	}
	for _, w := range workloads {
		g := plot.Group{Name: w.name}
		for _, r := range rows {
			at := slices.IndexFunc(g.Rows, func(o plot.Dot) bool { return o.Name == r.Law })
			if r.Workload == w.name && at < 0 {
				at = len(g.Rows)
				g.Rows = append(g.Rows, plot.Dot{Name: r.Law, Hue: plot.Hue(at)})
			}
			switch wait := max(leastWait, r.InteractiveP95); {
			case r.Workload != w.name:
			case r.Setting == "documented":
				g.Rows[at].Hollow = wait
			case r.Setting == "best swept":
				g.Rows[at].Full = wait
			}
		}
		d.Groups = append(d.Groups, g)
	}
	return d
}

func line(past []reading, value func(reading) float64, l plot.Line) plot.Line {
	for at, r := range past {
		l.Points = append(l.Points, plot.Point{At: float64(at), Value: value(r)})
	}
	return l
}
