package studio_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/services"
)

// evaluateJS evaluates an expression in Node.js, with the exports of a module as m and in as input, and stores the
// result in out.
func evaluateJS(t *testing.T, module, expression string, in, out any) {
	t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Abs(filepath.Join("web", module))
	if err != nil {
		t.Fatal(err)
	}
	// A copy as data: without a package.json, Node.js takes a file of that name for another kind of module.
	script := `const fs = require("fs");
import("data:text/javascript," + encodeURIComponent(fs.readFileSync(` + quoteJS(t, path) + `, "utf8"))).then((m) => {
  const input = JSON.parse(fs.readFileSync(0, "utf8"));
  console.log(JSON.stringify(((m, input) => (` + expression + `))(m, input)));
});`
	node := exec.CommandContext(t.Context(), "node", "-e", script)
	node.Env = append(os.Environ(), "TZ=UTC")
	node.Stdin = strings.NewReader(string(text))
	var errs strings.Builder
	node.Stderr = &errs
	got, err := node.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, &errs)
	}
	if err := json.Unmarshal(got, out); err != nil {
		t.Fatalf("%v: %s", err, got)
	}
}

func quoteJS(t *testing.T, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestNumbersAreFormatted(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		in   []float64
		want []string
	}{
		{
			"formatBytes", []float64{0, 999, 1000, 999_499, 1_055_736, 8_589_934_592},
			[]string{"0 B", "999 B", "1 kB", "999 kB", "1.1 MB", "8.59 GB"},
		},
		{
			"formatDuration", []float64{0, 0.0421, 0.0994, 0.1, 59.94, 59.96, 61, 3599.6, 7260, 90000, -1},
			[]string{
				"0 ms", "42 ms", "99 ms", "0.1 s", "59.9 s", "1 min 00 s", "1 min 01 s", "1 h 00 min", "2 h 01 min",
				"1 d 1 h", "",
			},
		},
		{"formatClock", []float64{5.28, 59.6, 754.2, 3661}, []string{"0:05", "0:59", "12:34", "1:01:01"}},
		{
			"formatDollars", []float64{0, 0.000604499, 0.0421, 0.994, 0.999, 12.5},
			[]string{"$0", "$0.00060", "$0.042", "$0.99", "$1.00", "$12.50"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			evaluateJS(t, "format.js", "input.map((n) => m."+row.name+"(n))", row.in, &got)
			if d := cmp.Diff(row.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestAgesAreFormatted(t *testing.T) {
	t.Parallel()
	var got []string
	evaluateJS(
		t, "format.js", "input.map((s) => m.formatAge(new Date(1.8e12 - s * 1000).toISOString(), 1.8e12))",
		[]float64{-5, 44, 46, 3500, 3590, 80000, 90000, 6e5, 7e6}, &got,
	)
	want := []string{
		"just now", "just now", "1 min ago", "58 min ago", "1 h ago", "22 h ago", "1 d ago", "7 d ago", "Oct 26, 2026",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// nodeBox is the place of a node in the graph.
type nodeBox struct{ X, Y, Width, Height float64 }

// TestMapLayoutPlacesAllServicesAndEdges checks that nodes don't overlap and are within the graph.
func TestMapLayoutPlacesAllServicesAndEdges(t *testing.T) {
	t.Parallel()
	type edge struct {
		From string `json:"from"`
		To   string `json:"to"`
	}
	in := struct {
		Names []string `json:"names"`
		Edges []edge   `json:"edges"`
	}{}
	for _, s := range services.Map {
		in.Names = append(in.Names, s.Name)
	}
	for _, e := range services.ListEdges() {
		in.Edges = append(in.Edges, edge{e.From, e.To})
	}
	var got struct {
		Nodes         map[string]nodeBox
		Paths         []struct{ D string }
		Width, Height float64
	}
	evaluateJS(
		t, "graphlayout.js",
		`((l) => ({ ...l, nodes: Object.fromEntries(l.nodes) }))(m.layoutGraph(input.names, input.edges, () => ({ width: 188, height: 63 })))`,
		in, &got,
	)
	for _, name := range in.Names {
		b, ok := got.Nodes[name]
		if !ok || b.X < 0 || b.Y < 0 || b.X+b.Width > got.Width || b.Y+b.Height > got.Height {
			t.Errorf("%s is at %+v of %v × %v", name, b, got.Width, got.Height)
		}
		for other, o := range got.Nodes {
			if other != name && b.X < o.X+o.Width && o.X < b.X+b.Width && b.Y < o.Y+o.Height && o.Y < b.Y+b.Height {
				t.Errorf("%s is over %s", name, other)
			}
		}
	}
	if len(got.Paths) != len(in.Edges) {
		t.Errorf("%d lines for %d edges", len(got.Paths), len(in.Edges))
	}
	for i, p := range got.Paths {
		if strings.Contains(p.D, "NaN") || !strings.HasPrefix(p.D, "M") {
			t.Errorf("%v is drawn as %s", in.Edges[i], p.D)
		}
	}
}
