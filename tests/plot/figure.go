// Package plot draws measurements over time, as SVG for pages and in characters for terminals. The load test and the
// simulator use it. It reads no files. Its input must be finite and not negative.
package plot

import "image/color"

// Figure has panels, one above the other, over the same time axis.
type Figure struct {
	Title     string
	Note      string  // below the title: what was measured, and where
	TimeLabel string  // where the time axis begins: "since the first upload"
	Seconds   float64 // length of the time axis, which begins at 0
	Panels    []Panel
}

// Panel shows lines of the same unit.
type Panel struct {
	Title   string  // with the unit: "messages waiting"
	AxisTop float64 // top of the axis; 0: as the highest value needs
	Lines   []Line
}

// Line is one quantity. Later lines are drawn over earlier ones.
type Line struct {
	Name   string // for the legend; empty if the line belongs to the one before
	Hue    Hue
	Dashed bool // a limit rather than a measurement
	Points []Point
}

// Point is a value that holds until the next point. Points are sorted by time. At is in seconds.
type Point struct{ At, Value float64 }

// Hue is a colour. A series has the same hue in all panels.
type Hue int

// The hues. Neighbours can also be told apart with deficient colour vision.
const (
	Blue Hue = iota
	Orange
	Green
	Violet
	Yellow
	Pink
	Grey
)

// palette has, for each hue, its colour on pages and its number among the 256 terminal colours.
var palette = []struct {
	page     color.NRGBA
	terminal uint8
}{
	{color.NRGBA{0x2a, 0x78, 0xd6, 0xff}, 33}, {color.NRGBA{0xd9, 0x54, 0x1e, 0xff}, 208},
	{color.NRGBA{0x0f, 0x8f, 0x63, 0xff}, 36}, {color.NRGBA{0x5a, 0x49, 0xb8, 0xff}, 141},
	{color.NRGBA{0xb8, 0x7a, 0x00, 0xff}, 178}, {color.NRGBA{0xc4, 0x46, 0x7f, 0xff}, 205},
	{color.NRGBA{0x89, 0x87, 0x81, 0xff}, 245},
}
