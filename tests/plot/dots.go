package plot

import (
	"fmt"
	"math"
)

// Dots compares some things in some cases by one quantity: a group for each case, in it a row for each thing, with a
// hollow dot at one value and a full one at another. The axis is logarithmic.
type Dots struct {
	Title        string
	Note         string
	Axis         string // what the values are, and in what
	Hollow, Full string // what the two dots stand for
	Groups       []Group
}

// Group is one case.
type Group struct {
	Name string
	Rows []Dot
}

// Dot is one thing in one case. The same thing has the same hue everywhere.
type Dot struct {
	Name         string
	Hue          Hue
	Hollow, Full float64 // more than 0
}

// Sizes of dots, in pixels.
const (
	names    = 110 // for the names of groups
	between  = 15  // from a row to the next
	apart    = 18  // between groups
	radius   = 4.5
	decimals = 10 // of the axis: a mark at each power
)

// SVG draws the comparison.
func (d Dots) SVG() string {
	var s svg
	s.y = 30
	s.text(left, s.y, "title", d.Title)
	s.y += 20
	s.text(left, s.y, "", d.Note)
	s.y += 8
	if len(d.Groups) > 0 {
		s.key(d)
	}
	low, high := d.powers()
	top := s.y + apart/2
	s.y = top
	var body svg
	body.y = top
	for _, g := range d.Groups {
		body.group(g, low, high)
	}
	for p := low; p <= high; p++ {
		x := place(math.Pow(decimals, float64(p)), low, high)
		s.rule("grid", x, top, x, body.y)
		s.anchored(x, body.y+18, "middle", number(math.Pow(decimals, float64(p)), ""))
	}
	s.b.WriteString(body.b.String())
	s.anchored((left+names+right)/2, body.y+38, "middle", d.Axis)
	s.y = body.y + 54
	return s.page(d.Title)
}

// powers returns the powers of ten between which all values are.
func (d Dots) powers() (low, high int) {
	least, most := math.Inf(1), 0.0
	for _, g := range d.Groups {
		for _, r := range g.Rows {
			least, most = min(least, r.Hollow, r.Full), max(most, r.Hollow, r.Full)
		}
	}
	if most <= 0 {
		return 0, 1
	}
	low = int(math.Floor(math.Log10(least)))
	return low, max(low+1, int(math.Ceil(math.Log10(most))))
}

// place is where a value is on the axis.
func place(value float64, low, high int) float64 {
	return left + names + (right-left-names)*(math.Log10(value)-float64(low))/float64(high-low)
}

// key names the rows, which are the same in all groups, and the dots.
func (s *svg) key(d Dots) {
	s.y += legend
	x := float64(left)
	for _, r := range d.Groups[0].Rows {
		s.dot(x+radius, s.y-baseline, r.Hue, true)
		s.text(x+3*radius, s.y, "", r.Name)
		x += 3*radius + gap + extent(r.Name)
	}
	s.y += legend
	s.dot(left+radius, s.y-baseline, Grey, false)
	s.text(left+3*radius, s.y, "", d.Hollow)
	x = left + 3*radius + gap + extent(d.Hollow)
	s.dot(x+radius, s.y-baseline, Grey, true)
	s.text(x+3*radius, s.y, "", d.Full)
}

func (s *svg) group(g Group, low, high int) {
	s.y += apart / 2
	middle := s.y + between*float64(len(g.Rows))/2
	s.text(left, middle+baseline, "head", g.Name)
	for _, r := range g.Rows {
		s.y += between
		y := s.y - between/2
		from, to := place(r.Hollow, low, high), place(r.Full, low, high)
		fmt.Fprintf(&s.b, `<path class="line h%d" d="M%.1f %.1fH%.1f"/>`+"\n", r.Hue, from, y, to)
		s.dot(from, y, r.Hue, false)
		s.dot(to, y, r.Hue, true)
	}
	s.y += apart / 2
	s.rule("grid", left, s.y, right, s.y)
}

// dot draws a dot; a hollow one hides the line below it.
func (s *svg) dot(x, y float64, hue Hue, full bool) {
	class := fmt.Sprintf("paper ring h%d", hue)
	if full {
		class = fmt.Sprintf("f%d", hue)
	}
	fmt.Fprintf(&s.b, `<circle class="%s" cx="%.1f" cy="%.1f" r="%.1f"/>`+"\n", class, x, y, radius)
}
