package main

import (
	"fmt"
	"os"
	"path/filepath"
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
		Title: "Simulated: " + w.name, Note: fmt.Sprintf("the law of shared/scale, %s pollers, %d workers at most in sum", c.lever.name, budget),
		Time: "since the first video", Span: float64(len(c.maps[0].past)), Panels: append([]plot.Panel{depth}, workers...),
	}
}

func line(past []reading, value func(reading) float64, l plot.Line) plot.Line {
	for at, r := range past {
		l.Points = append(l.Points, plot.Point{At: float64(at), Value: value(r)})
	}
	return l
}
