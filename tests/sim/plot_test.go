package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/tests/plot"
)

func TestWaitsOfEachLaw(t *testing.T) {
	t.Parallel()
	first := workloads[0].name
	rows := []Row{
		{Workload: first, Law: "ours", Setting: "documented", InteractiveP95: 4},
		{Workload: first, Law: "ours", Setting: "best swept", InteractiveP95: 0},
		{Workload: first, Law: "theirs", Setting: "best in hindsight", InteractiveP95: 1},
		{Workload: first, Law: "theirs", Setting: "documented", InteractiveP95: 40, Over: 9},
		{Workload: first, Law: "theirs", Setting: "best swept", InteractiveP95: 5},
		{Workload: workloads[1].name, Law: "ours", Setting: "documented", InteractiveP95: 7},
	}
	d := waits(standard, rows)
	want := []plot.Dot{
		{Name: "ours", Hue: plot.Blue, Hollow: 4, Full: leastWait},
		{Name: "theirs", Hue: plot.Orange, Hollow: 40, Full: 5},
	}
	if diff := cmp.Diff(want, d.Groups[0].Rows); diff != "" || len(d.Groups) != len(workloads) {
		t.Errorf("%d groups (-want +got):\n%s", len(d.Groups), diff)
	}
	if !strings.Contains(d.Note, "which theirs does not keep to as documented") {
		t.Errorf("the note %q does not say who takes from the API", d.Note)
	}
}

func TestFigureOfAWorkload(t *testing.T) {
	t.Parallel()
	c := newCloud(standard, 10)
	c.run([]chunk{{at: 1, service: 3}, {at: 2, service: 3, lane: bulk}}, &sluice{})
	f := figure(workloads[0], c)
	if len(f.Panels) != 1+lanes || f.Span < 5 {
		t.Fatalf("%d panels over %v s", len(f.Panels), f.Span)
	}
	for i, p := range f.Panels[1:] {
		most := 0.0
		for _, at := range p.Lines[0].Points {
			most = max(most, at.Value)
		}
		if most != 1 || !p.Lines[1].Dashed {
			t.Errorf("%s: %v at work at most, of one message", queues[i].Name, most)
		}
	}
}
