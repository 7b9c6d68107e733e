package costmodel

import (
	_ "embed"
	"fmt"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"text/template"
)

//go:embed page.md
var pageTemplate string

// MaxIdleCost is what Sluice may cost in USD a month while idle. MaxMediaConvertShare is the part of MediaConvert's
// price that 1,000 minutes may cost.
const (
	MaxIdleCost          = 5.0
	MaxMediaConvertShare = 0.25
)

// RenderPage returns the text of docs/cost.md. idle is the bill of an idle deployment.
func RenderPage(p Prices, idle []Line) (string, error) {
	t, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	var sources []string
	for _, price := range p.Prices {
		sources = append(sources, price.Source)
	}
	slices.Sort(sources)
	err = t.Execute(&b, map[string]any{
		"Prices": p, "Idle": formatMarkdown(IdleTable(idle)), "Minutes": formatMarkdown(MinutesTable(p)),
		"Parts": formatMarkdown(PartsTable(p)), "Metrics": formatMarkdown(MetricsTable(p)),
		"Ages":    formatFraction(p.newLine("", "metric-read", decisionsPerHour).USD),
		"Sources": slices.Compact(sources), "Renditions": NewWorkload(30).RenditionNames(), "Factors": SlownessFactors,
		"Most": MaxIdleCost,
	})
	return b.String(), err
}

// Table is a table of strings. Its first row is the head.
type Table [][]string

// IdleTable shows the bill of a month in which nothing happens.
func IdleTable(lines []Line) Table {
	rows := Table{{"while idle", "a month", "$"}}
	for _, l := range lines {
		rows = append(rows, []string{l.What, formatQuantity(l.Quantity) + " " + l.Of, formatDollars(l.USD)})
	}
	return append(rows, []string{"all", "", formatDollars(TotalCost(lines))})
}

var minutesHead = []string{"1,000 minutes of 1080p", "a core of Lambda is", "Sluice $", "MediaConvert $", "share"}

// MinutesTable compares 1,000 minutes of 1080p with MediaConvert, at each frame rate and slowness factor.
func MinutesTable(p Prices) Table {
	rows := Table{minutesHead}
	for _, fps := range []int{30, 60} {
		for _, factor := range SlownessFactors {
			label := map[float64]string{1: "as fast as measured", 2: "half as fast"}[factor]
			rows = append(rows, minutesRow(p, fps, factor, label))
		}
	}
	return rows
}

// MeasuredTable is MinutesTable for functions whose core is slower than the measured one by a factor, which may be
// below 1.
func MeasuredTable(p Prices, factor float64) Table {
	rows := Table{minutesHead}
	for _, fps := range []int{30, 60} {
		rows = append(rows, minutesRow(p, fps, factor, fmt.Sprintf("%.2f times as fast", 1/factor)))
	}
	return rows
}

func minutesRow(p Prices, fps int, factor float64, label string) []string {
	load := NewWorkload(fps)
	ours, theirs := TotalCost(WorkloadCost(p, load, factor)), TotalCost(MediaConvertCost(p, load))
	return []string{
		fmt.Sprintf("%d frames a second", fps), label, formatDollars(ours), formatDollars(theirs),
		fmt.Sprintf("%.0f %%", 100*ours/theirs),
	}
}

// PartsTable splits the cost of 1,000 minutes at 30 frames a second by purpose, at both slowness factors.
func PartsTable(p Prices) Table {
	low, high := WorkloadCost(p, NewWorkload(30),
		SlownessFactors[0]), WorkloadCost(p, NewWorkload(30), SlownessFactors[1])
	rows := Table{{"of that", "how much", "$"}}
	for i, l := range low {
		rows = append(rows, []string{
			l.What, formatRange(formatQuantity(l.Quantity), formatQuantity(high[i].Quantity)) + " " + l.Of,
			formatRange(formatDollars(l.USD), formatDollars(high[i].USD)),
		})
	}
	return rows
}

func formatRange(low, high string) string {
	if low == high {
		return low
	}
	return low + " – " + high
}

// String formats a table for a terminal.
func (t Table) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range t {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	w.Flush() // to memory: it can't fail
	return b.String()
}

func formatMarkdown(t Table) string {
	var b strings.Builder
	for i, row := range t {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			fmt.Fprintln(&b, strings.Repeat("|---", len(row))+"|")
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

func formatDollars(usd float64) string { return fmt.Sprintf("%.2f", usd) }

// formatQuantity writes a number with commas, and with two decimals if it is below ten and not whole.
func formatQuantity(q float64) string {
	if q < 10 && q != math.Trunc(q) {
		return fmt.Sprintf("%.2f", q)
	}
	digits := fmt.Sprintf("%.0f", q)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
