// Package plot draws what was measured over time, for pages as SVG and for terminals in characters. The load test and the
// simulator use it. It uses no rights and reads no files; what it is given must be finite and not negative.
package plot

import "math"

// Figure is some panels, one above the other, over the same time.
type Figure struct {
	Title     string
	Note      string  // below the title: what was measured, where
	TimeLabel string  // what the time counts from: "since the first upload"
	Seconds   float64 // of the time, seconds; from 0
	Panels    []Panel
}

// Panel is what is measured in one unit.
type Panel struct {
	Title      string  // names the unit too: "messages waiting"
	AxisTop    float64 // the top of the axis; 0: what the highest value needs
	Unit       string  // behind the numbers of the axis: "%"
	HalfHeight bool    // half as high as others
	Lines      []Line
}

// Line is one quantity. The last line is drawn uppermost.
type Line struct {
	Name     string // none: it is of the same kind as the one before
	Hue      Hue
	Dashed   bool // it is a limit, and not a measurement
	Unfilled bool // the area below it means nothing
	Points   []Point
}

// Point is a value that holds until the next one. Points are in the order of their times.
type Point struct{ At, Value float64 }

// Hue is a colour; the same thing has the same in all panels.
type Hue int

// The hues, which people with deficient colour vision can tell from their neighbours too.
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

// hue is a colour on light and on dark pages, and its number among the 256 of terminals.
var palette = [hueCount]struct {
	light, dark string
	terminal    int
}{
	{"#2a78d6", "#4d9bf0", 33}, {"#d9541e", "#f07b45", 208}, {"#0f8f63", "#2bb98a", 36},
	{"#5a49b8", "#9e94f2", 141}, {"#b87a00", "#e0a92c", 178}, {"#c4467f", "#ee82b0", 205}, {"#898781", "#a3a19a", 245},
}

// computeAxis returns the top of the panel's axis, and the distance of the lines across it.
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

// ruleCount is how many lines go across the panel, about.
func (p Panel) ruleCount() float64 {
	if p.HalfHeight {
		return 2
	}
	return 4
}

// roundUpNice returns 1, 2, 2.5 or 5 times a power of ten, at least x and at least 1.
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

// maxPerColumn returns the highest value of the line in each of n equal stretches of the time; ok is false in those that it
// says nothing of, as it begins later or has ended.
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
