package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sluice/tests/plot"
)

// writeWorkloadFigure writes build/sim/<workload>.svg: depth and workers over time under Sluice's law.
func writeWorkloadFigure(folder string, w workload, c *simulatedCloud) error {
	name := strings.ReplaceAll(w.name, " ", "-") + ".svg"
	return writeDrawing(filepath.Join(folder, name), buildFigure(w, c).RenderSVG)
}

func buildFigure(w workload, c *simulatedCloud) plot.Figure {
	depth := plot.Panel{Title: "messages waiting"}
	var workers []plot.Panel
	for i, q := range encodeQueues {
		past, hue := c.mappings[i].history, plot.Hue(i)
		depth.Lines = append(depth.Lines, appendReadings(past, func(r reading) float64 {
			return r.visible
		}, plot.Line{Name: q.Name, Hue: hue}))
		workers = append(workers, plot.Panel{
			Title: "workers of " + q.Name, AxisTop: workerBudget, Lines: []plot.Line{
				appendReadings(past, func(r reading) float64 {
					return r.inFlight
				}, plot.Line{Name: "at work", Hue: hue}),
				appendReadings(past, func(r reading) float64 {
					return r.ceiling
				}, plot.Line{Name: "their ceiling", Hue: hue, Dashed: true}),
			},
		})
	}
	return plot.Figure{
		Title: "Simulated: " + w.name,
		Note: fmt.Sprintf("the law of shared/domain/scaling, %s pollers, %d workers at most in sum", c.pollerMode.name,
			workerBudget),
		TimeLabel: "since the first video", Seconds: float64(len(c.mappings[0].history)),
		Panels: append([]plot.Panel{depth}, workers...),
	}
}

// writeWaitPlot writes build/sim/waits-<mode>.svg: the interactive waits under each law.
func writeWaitPlot(folder string, m pollerMode, rows []Row) error {
	return writeDrawing(filepath.Join(folder, "waits-"+m.name+".svg"), buildWaitPlot(m, rows).RenderSVG)
}

func writeDrawing(path string, render func() ([]byte, error)) error {
	svg, err := render()
	if err != nil {
		return err
	}
	return os.WriteFile(path, svg, 0o644)
}

// minDrawnWait is the shortest wait that is drawn, in seconds. The axis is logarithmic.
const minDrawnWait = 0.1

// buildWaitPlot groups the rows by workload.
func buildWaitPlot(m pollerMode, rows []Row) plot.DotPlot {
	d := plot.DotPlot{
		Title:     "Simulated: how long interactive messages wait",
		Note:      fmt.Sprintf("to the left is better; %s pollers, %d workers at most in sum", m.name, workerBudget),
		AxisLabel: "seconds, 95 in 100 wait less", HollowLabel: "as documented",
		FullLabel: "at the best of the settings that were swept",
	}
	if i := slices.IndexFunc(rows, func(r Row) bool { return r.Over > 0 }); i >= 0 {
		d.Note += fmt.Sprintf(", which %s does not keep to as %s", rows[i].Law, rows[i].Setting)
	}
	for _, w := range workloads {
		g := plot.DotGroup{Name: w.name}
		for _, r := range rows {
			at := slices.IndexFunc(g.Rows, func(row plot.DotRow) bool { return row.Name == r.Law })
			if r.Workload == w.name && at < 0 {
				at = len(g.Rows)
				g.Rows = append(g.Rows, plot.DotRow{Name: r.Law, Hue: plot.Hue(at)})
			}
			switch wait := max(minDrawnWait, r.InteractiveP95); {
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

func appendReadings(past []reading, value func(reading) float64, l plot.Line) plot.Line {
	for at, r := range past {
		l.Points = append(l.Points, plot.Point{At: float64(at), Value: value(r)})
	}
	return l
}
