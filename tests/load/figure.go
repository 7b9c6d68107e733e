package main

import (
	"fmt"
	"time"

	"sluice/tests/client"
	"sluice/tests/plot"
)

// buildFigure shows depth and workers of the queues over time, and the share of each tenant's videos that are ready.
func (r Result) buildFigure(began time.Time) plot.Figure {
	f := plot.Figure{
		Title:     fmt.Sprintf("A burst of %d videos of %d tenants", r.Videos, len(r.Tenants)),
		Note:      fmt.Sprintf("one sends %d, each other %d", r.Tenants[len(r.Tenants)-1].Sent, r.Tenants[0].Sent),
		TimeLabel: "since the first upload began", Panels: []plot.Panel{{Title: "messages waiting"}},
	}
	for i, q := range r.Queues {
		f.Seconds = max(f.Seconds, q.lastSample().At)
		hue := plot.Hue(i)
		f.Panels[0].Lines = append(
			f.Panels[0].Lines, q.appendSamples(plot.Line{Name: q.Name, Hue: hue}, func(s Sample) (int, bool) {
				return s.Waiting, true
			}),
		)
		if !batchQueues[q.Name] {
			f.Panels = append(f.Panels, q.buildWorkersPanel(hue))
		}
	}
	f.Panels = append(f.Panels, r.buildReadyPanel(began, &f.Seconds))
	return f
}

// batchQueues are the queues whose workers receive several messages at once.
var batchQueues = map[string]bool{"api": true, "publish": true}

// buildWorkersPanel shows the workers of a queue and their ceiling.
func (q QueueSeries) buildWorkersPanel(hue plot.Hue) plot.Panel {
	p := plot.Panel{Title: "workers of " + q.Name, Lines: []plot.Line{
		q.appendSamples(plot.Line{Name: "at work", Hue: hue}, func(s Sample) (int, bool) { return s.InFlight, true }),
	}}
	ceiling := q.appendSamples(plot.Line{Name: "their ceiling", Hue: hue, Dashed: true}, func(s Sample) (int, bool) {
		if s.Ceiling == nil {
			return 0, false
		}
		return *s.Ceiling, true
	})
	if ceiling.Points != nil {
		p.Lines = append(p.Lines, ceiling)
	}
	return p
}

// appendSamples adds a point to l for each sample that has a value.
func (q QueueSeries) appendSamples(l plot.Line, value func(Sample) (int, bool)) plot.Line {
	for _, s := range q.Samples {
		if n, ok := value(s); ok {
			l.Points = append(l.Points, plot.Point{At: s.At, Value: float64(n)})
		}
	}
	return l
}

// buildReadyPanel shows the share of ready videos of each tenant. It extends span to the last one. Only the tenant with
// the most videos has its own colour.
func (r Result) buildReadyPanel(began time.Time, span *float64) plot.Panel {
	p := plot.Panel{Title: "% of a tenant's videos ready", AxisTop: 100}
	for i, t := range r.Tenants {
		l := plot.Line{
			Name: fmt.Sprintf("%s, of %d", t.Tenant, t.Sent), Hue: plot.Pink, Points: []plot.Point{{}},
		}
		if t.Sent < r.Tenants[len(r.Tenants)-1].Sent {
			l.Name, l.Hue = "", plot.Grey
			if i == 0 {
				l.Name = fmt.Sprintf("each other, of %d", t.Sent)
			}
		}
		for _, at := range r.readyTimes(t.Tenant) {
			l.Points = append(l.Points,
				plot.Point{At: max(0, at.Sub(began).Seconds()), Value: 100 * float64(len(l.Points)) / float64(t.Sent)})
		}
		*span = max(*span, l.Points[len(l.Points)-1].At)
		p.Lines = append(p.Lines, l)
	}
	for i, l := range p.Lines {
		p.Lines[i].Points = append(l.Points, plot.Point{At: *span, Value: l.Points[len(l.Points)-1].Value})
	}
	return p
}

// readyTimes returns the times at which the tenant's videos became ready, sorted.
func (r Result) readyTimes(tenant string) (all []time.Time) {
	for _, t := range r.Timelines {
		for _, c := range t.Changes {
			if t.Tenant == tenant && c.State == client.Ready {
				all = append(all, c.At)
			}
		}
	}
	return sortTimes(all)
}
