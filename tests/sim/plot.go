package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The plot: two panels of width × height, a line a lane.
const (
	width, height = 900, 180
	left, gapY    = 60, 40
	points        = 450 // of one line
)

var colours = [lanes]string{"#0b6e99", "#c2571a"}

// panel is what one half of a plot shows.
type panel struct {
	title string
	value func(reading) float64
	limit func(reading) float64 // a dashed line; may be nil
}

var panels = []panel{
	{"messages waiting", func(r reading) float64 { return r.visible }, nil},
	{"workers (dashed: their ceiling)", func(r reading) float64 { return r.inFlight }, func(r reading) float64 { return r.ceiling }},
}

// draw writes build/sim/<workload>.svg: depth and workers over time under ours.
func draw(folder string, w workload, c *cloud) error {
	var b strings.Builder
	total := len(panels)*(height+gapY) + gapY
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`, width+left+20, total)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="white"/><text x="%d" y="18" font-size="14">%s</text>`, left, w.name)
	for i := range colours {
		fmt.Fprintf(&b, `<text x="%d" y="18" fill="%s">%s</text>`, left+200+i*150, colours[i], queues[i].Name)
	}
	for i, p := range panels {
		p.draw(&b, c, gapY+i*(height+gapY))
	}
	b.WriteString("</svg>\n")
	return os.WriteFile(filepath.Join(folder, strings.ReplaceAll(w.name, " ", "-")+".svg"), []byte(b.String()), 0o644)
}

func (p panel) draw(b *strings.Builder, c *cloud, top int) {
	most := 1.0
	for i := range c.maps {
		for _, r := range c.maps[i].past {
			most = max(most, p.value(r))
			if p.limit != nil {
				most = max(most, p.limit(r))
			}
		}
	}
	fmt.Fprintf(b, `<text x="%d" y="%d">%s</text><text x="%d" y="%d" text-anchor="end">%.0f</text>`, left, top-4, p.title, left-6, top+10, most)
	fmt.Fprintf(b, `<path d="M%d %dv%dh%d" fill="none" stroke="#888"/>`, left, top, height, width)
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">%d s</text>`, left+width, top+height+14, len(c.maps[0].past))
	for i := range c.maps {
		line(b, c.maps[i].past, p.value, most, top, colours[i], "")
		if p.limit != nil {
			line(b, c.maps[i].past, p.limit, most, top, colours[i], ` stroke-dasharray="5 4" stroke-opacity="0.6"`)
		}
	}
}

// line draws the greatest value of each stretch of time.
func line(b *strings.Builder, past []reading, value func(reading) float64, most float64, top int, colour, style string) {
	fmt.Fprintf(b, `<polyline fill="none" stroke="%s" stroke-width="1.5"%s points="`, colour, style)
	for i := range points {
		peak := 0.0
		for _, r := range past[i*len(past)/points : (i+1)*len(past)/points] {
			peak = max(peak, value(r))
		}
		fmt.Fprintf(b, "%.1f,%.1f ", left+float64(i)*width/points, float64(top)+height*(1-peak/most))
	}
	b.WriteString(`"/>`)
}
