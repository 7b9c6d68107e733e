package plot

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Sizes, in pixels of a figure that is shown as large as it is.
const (
	width    = 920
	left     = 58 // of the panels: numbers stand before them
	right    = width - 24
	inner    = right - left
	rule     = 34 // between the lines across a panel, about
	legend   = 20 // of a row of a legend
	swatch   = 26 // what a legend needs beside a name
	gap      = 18 // after a name
	marks    = 8  // on the axis of time, at most
	baseline = 4  // from the middle of a letter to its foot
)

// style makes a page of both kinds: who looks decides. The paper is drawn too, as nobody knows what is behind.
func style() string {
	var light, dark strings.Builder
	for i, c := range palette {
		fmt.Fprintf(&light, ".h%d{stroke:%s}.f%d{fill:%s}", i, c.light, i, c.light)
		fmt.Fprintf(&dark, ".h%d{stroke:%s}.f%d{fill:%s}", i, c.dark, i, c.dark)
	}
	return `text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:#52514e}` +
		`.title{font-size:16px;font-weight:600}.head{font-size:13px;font-weight:600}.title,.head{fill:#161615}` +
		`.paper{fill:#fdfdfc}.grid{stroke:#e6e5df}.axis{stroke:#b5b3aa}` +
		`.ring{stroke-width:1.75}.line{fill:none;stroke-width:1.75;stroke-linejoin:round}.dashed{stroke-dasharray:5 4;stroke-width:1.5}.area{opacity:.13}` +
		light.String() +
		`@media(prefers-color-scheme:dark){text{fill:#c3c2b7}.title,.head{fill:#fff}` +
		`.paper{fill:#1a1a19}.grid{stroke:#31312e}.axis{stroke:#6b6a64}.area{opacity:.2}` + dark.String() + `}`
}

// svg is a drawing in the making; y is how far down it has come.
type svg struct {
	b strings.Builder
	y float64
}

// SVG draws the figure.
func (f Figure) SVG() string {
	var s svg
	s.y = 30
	s.text(left, s.y, "title", f.Title)
	if f.Note != "" {
		s.y += 20
		s.text(left, s.y, "", f.Note)
	}
	s.y += 12
	for _, p := range f.Panels {
		s.panel(f, p)
	}
	s.times(f)
	return s.page(f.Title)
}

func (s *svg) page(title string) string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%.0f" viewBox="0 0 %d %.0f" role="img">`, width, s.y, width, s.y) +
		"\n<title>" + escape(title) + "</title>\n<style>" + style() + "</style>\n" +
		`<rect class="paper" width="100%" height="100%"/>` + "\n" + s.b.String() + "</svg>\n"
}

func (s *svg) text(x, y float64, class, text string) {
	fmt.Fprintf(&s.b, `<text x="%.1f" y="%.1f" class="%s">%s</text>`+"\n", x, y, class, escape(text))
}

func (s *svg) anchored(x, y float64, anchor, text string) {
	fmt.Fprintf(&s.b, `<text x="%.1f" y="%.1f" text-anchor="%s">%s</text>`+"\n", x, y, anchor, escape(text))
}

func (s *svg) rule(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(&s.b, `<path class="%s" d="M%.1f %.1fL%.1f %.1f"/>`+"\n", class, x1, y1, x2, y2)
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder takes all
	return b.String()
}

// axes are where a panel's values lie on the page.
type axes struct {
	span, most float64 // where they end
	y, height  float64
}

func (a axes) x(t float64) float64 { return left + inner*min(1, t/max(a.span, 1e-9)) }

func (a axes) at(value float64) float64 { return a.y + a.height*(1-min(1, value/a.most)) }

func (a axes) foot() float64 { return a.y + a.height }

// panel draws one panel below what is there.
func (s *svg) panel(f Figure, p Panel) {
	s.y += 24
	s.text(left, s.y, "head", p.Title)
	s.legend(p)
	s.y += 10
	most, step := p.most()
	a := axes{f.Span, most, s.y, rule * p.rules()}
	for i := 0; float64(i)*step <= most; i++ {
		y := a.at(float64(i) * step)
		s.rule("grid", left, y, right, y)
		s.anchored(left-8, y+baseline, "end", number(float64(i)*step, p.Unit))
	}
	at, _ := ticks(f.Span, marks)
	for _, t := range at {
		s.rule("grid", a.x(t), a.y, a.x(t), a.foot())
	}
	for _, l := range p.Lines {
		s.line(a, l)
	}
	s.rule("axis", left, a.foot(), right, a.foot())
	s.y = a.foot()
}

// legend names the lines that have a name, to the right of the panel's title if there is room, else below it.
func (s *svg) legend(p Panel) {
	total := 0.0
	named := slices.DeleteFunc(slices.Clone(p.Lines), func(l Line) bool { return l.Name == "" })
	for _, l := range named {
		total += swatch + gap + extent(l.Name)
	}
	x := max(left, right-total+gap)
	if x < left+extent(p.Title)*13/12+2*gap {
		x = left
		s.y += legend
	}
	for _, l := range named {
		if x+swatch+extent(l.Name) > right+1 && x > left {
			x = left
			s.y += legend
		}
		s.rule(l.class(), x, s.y-baseline, x+swatch-8, s.y-baseline)
		s.text(x+swatch, s.y, "", l.Name)
		x += swatch + gap + extent(l.Name)
	}
}

// extent is about how wide a text is, rather more than less: nobody knows the font.
func extent(text string) (width float64) {
	for _, r := range text {
		switch {
		case strings.ContainsRune("ijl.,:;'|!()tfr I-", r):
			width += 4.6
		case strings.ContainsRune("mwMW—", r):
			width += 11
		case unicode.IsUpper(r):
			width += 8.8
		default:
			width += 7.4
		}
	}
	return width
}

func (l Line) class() string {
	class := fmt.Sprintf("line h%d", l.Hue)
	if l.Dashed {
		class += " dashed"
	}
	return class
}

// line draws steps, with the area below them unless it is a limit or bare.
func (s *svg) line(a axes, l Line) {
	values, ok := l.columns(a.span, inner)
	for i := 0; i < inner; i++ {
		if !ok[i] {
			continue
		}
		from := i
		var d strings.Builder
		fmt.Fprintf(&d, "M%d %.1f", left+i, a.at(values[i]))
		for ; i < inner && ok[i]; i++ {
			if i > from && values[i] != values[i-1] {
				fmt.Fprintf(&d, "H%dV%.1f", left+i, a.at(values[i]))
			}
		}
		fmt.Fprintf(&d, "H%d", left+i)
		if !l.Dashed && !l.Bare {
			fmt.Fprintf(&s.b, `<path class="area f%d" d="%sV%.1fH%dZ"/>`+"\n", l.Hue, d.String(), a.foot(), left+from)
		}
		fmt.Fprintf(&s.b, `<path class="%s" d="%s"/>`+"\n", l.class(), d.String())
	}
}

// times draws the numbers of the axis of time, which all panels share.
func (s *svg) times(f Figure) {
	s.y += 18
	all, step := ticks(f.Span, marks)
	for i, t := range all {
		x, anchor := (axes{span: f.Span}).x(t), "middle"
		if i > 0 && x > right-swatch {
			anchor = "end"
		}
		s.anchored(x, s.y, anchor, clock(t, step))
	}
	s.y += 20
	s.anchored(left+inner/2, s.y, "middle", f.Time)
	s.y += 16
}
