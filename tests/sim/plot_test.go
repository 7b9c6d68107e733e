package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/tests/plot"
)

func TestWaitPlotGroupsRowsByWorkload(t *testing.T) {
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
	d := buildWaitPlot(standardPollers, rows)
	want := []plot.DotRow{
		{Name: "ours", Hue: plot.Blue, Hollow: 4, Full: minDrawnWait},
		{Name: "theirs", Hue: plot.Orange, Hollow: 40, Full: 5},
	}
	if diff := cmp.Diff(want, d.Groups[0].Rows); diff != "" || len(d.Groups) != len(workloads) {
		t.Errorf("%d groups (-want +got):\n%s", len(d.Groups), diff)
	}
	if !strings.Contains(d.Note, "which theirs does not keep to as documented") {
		t.Errorf("the note %q does not say who takes from the API", d.Note)
	}
}

func TestFigureShowsDepthAndWorkersOfEachLane(t *testing.T) {
	t.Parallel()
	c := newSimulatedCloud(standardPollers, 10)
	c.runWorkload([]chunk{{at: 1, service: 3}, {at: 2, service: 3, lane: bulkLane}}, &sluiceLaw{})
	f := buildFigure(workloads[0], c)
	if len(f.Panels) != 1+laneCount || f.Seconds < 5 {
		t.Fatalf("%d panels over %v s", len(f.Panels), f.Seconds)
	}
	for i, p := range f.Panels[1:] {
		most := 0.0
		for _, at := range p.Lines[0].Points {
			most = max(most, at.Value)
		}
		if most != 1 || !p.Lines[1].Dashed {
			t.Errorf("%s: %v at work at most, of one message", encodeQueues[i].Name, most)
		}
	}
}
