// Package plot draws measurements over time, as SVG for pages and in characters for terminals. The load test and the
// simulator use it. It needs no permissions and reads no files. Its input must be finite and not negative.
package plot

import "math"

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
	Title      string  // with the unit: "messages waiting"
	AxisTop    float64 // top of the axis; 0: as the highest value needs
	Unit       string  // behind the numbers of the axis: "%"
	HalfHeight bool    // half as high as other panels
	Lines      []Line
}

// Line is one quantity. Later lines are drawn over earlier ones.
type Line struct {
	Name     string // for the legend; empty if the line belongs to the one before
	Hue      Hue
	Dashed   bool // a limit rather than a measurement
	Unfilled bool // without an area below it
	Points   []Point
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
	hueCount
)

// palette has, for each hue, its colour on light and on dark pages, and its number among the 256 terminal colours.
var palette = [hueCount]struct {
	light, dark string
	terminal    int
}{
	{"#2a78d6", "#4d9bf0", 33}, {"#d9541e", "#f07b45", 208}, {"#0f8f63", "#2bb98a", 36},
	{"#5a49b8", "#9e94f2", 141}, {"#b87a00", "#e0a92c", 178}, {"#c4467f", "#ee82b0", 205}, {"#898781", "#a3a19a", 245},
}

// computeAxis returns the top of the panel's axis and the distance between its grid lines.
func (p Panel) computeAxis() (top, step float64) {
	highest := p.AxisTop
	for _, l := range p.Lines {
		for _, at := range l.Points {
			highest = max(highest, at.Value)
		}
	}
	step = roundUpNice(highest / p.ruleCount())
	return step * max(1, math.Ceil(highest/step-1e-9)), step
}

// ruleCount returns the approximate number of grid lines of the panel.
func (p Panel) ruleCount() float64 {
	if p.HalfHeight {
		return 2
	}
	return 4
}

// roundUpNice returns the smallest number that is 1, 2, 2.5 or 5 times a power of ten, at least x and at least 1.
func roundUpNice(x float64) float64 {
	if x <= 1 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, n := range []float64{1, 2, 2.5, 5} {
		if n*power >= x && (n != 2.5 || power > 1) {
			return n * power
		}
	}
	return 10 * power
}

// maxPerColumn divides the time span into n equal columns and returns the line's highest value in each. ok is false for
// columns before the first point and after the last one.
func (l Line) maxPerColumn(span float64, n int) (values []float64, ok []bool) {
	values, ok = make([]float64, n), make([]bool, n)
	next := 0
	last, begun := 0.0, false
	for i := range n {
		end := span * float64(i+1) / float64(n)
		if begun && (next < len(l.Points) || l.Points[len(l.Points)-1].At >= span*float64(i)/float64(n)) {
			values[i], ok[i] = last, true
		}
		for ; next < len(l.Points) && (l.Points[next].At < end || i == n-1); next++ {
			last, begun = l.Points[next].Value, true
			values[i], ok[i] = max(values[i], last), true
		}
	}
	return values, ok
}
