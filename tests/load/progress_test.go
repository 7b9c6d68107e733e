package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"sluice/tests/plot"
	"sluice/tests/terminal"
)

func halfwayView() progressView {
	four := 4
	return progressView{
		elapsed: 83 * time.Second,
		queues: []QueueSeries{
			{
				Name:    "encode",
				Samples: []Sample{{At: 1, Waiting: 48, InFlight: 2}, {At: 2, Waiting: 24, InFlight: 4, Ceiling: &four}},
			},
			{Name: "publish", Samples: []Sample{{At: 2, Waiting: 0, InFlight: 1, Ceiling: &four}}},
		},
		tenants: []tenantProgress{
			{tenant: "load-1", total: 4, sent: 4, ready: 4},
			{tenant: "load-big", total: 40, sent: 40, ready: 10, failed: 1},
		},
	}
}

func TestProgressViewShowsQueuesAndTenants(t *testing.T) {
	t.Parallel()
	want := []string{
		"  1:23",
		"  encode         ━━━━━━━━━━━━────────────  24 waiting, 4 at work of 4",
		"  publish        ────────────────────────   0 waiting, 1 in flight",
		"  load-1         ━━━━━━━━━━━━━━━━━━━━━━━━   4 of 4 ready",
		"  load-big       ━━━━━━──────────────────  10 of 40 ready, 1 failed",
	}
	if diff := cmp.Diff(want, halfwayView().renderLines(terminal.Style{Width: 79})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, line := range halfwayView().renderLines(terminal.Style{Width: 50}) {
		if utf8.RuneCountInString(line) > 50 {
			t.Errorf("too wide: %q", line)
		}
	}
}

func TestProgressLinesEndWithFinalCounts(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	writeProgressLines(&out, time.Hour, halfwayView)()
	want := "  83 s; encode 24 waiting, 4 at work; publish 0 waiting, 1 in flight; 14 of 44 ready\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFigureHasLinesPerQueueAndTenant(t *testing.T) {
	t.Parallel()
	r := summarizeVideos([]videoOutcome{goodOutcome("a", 1), goodOutcome("b", 1), goodOutcome("b", 1)}, true, 0)
	r.Queues = halfwayView().queues
	f := r.buildFigure(noon)
	var names []string
	for _, p := range f.Panels {
		for _, l := range p.Lines {
			names = append(names, p.Title+": "+l.Name)
		}
	}
	want := []string{
		"messages waiting: encode", "messages waiting: publish", "workers of encode: at work",
		"workers of encode: their ceiling",
		"% of a tenant's videos ready: each other, of 1", "% of a tenant's videos ready: b, of 2",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	ready := f.Panels[2].Lines[1].Points
	if diff := cmp.Diff(
		[]plot.Point{{}, {At: 11, Value: 50}, {At: 11, Value: 100}, {At: 11, Value: 100}}, ready,
	); diff != "" {
		t.Errorf("ready (-want +got):\n%s", diff)
	}
	if svg, err := f.RenderSVG(); err != nil || !bytes.Contains(svg, []byte("A burst of 3 videos of 2 tenants")) {
		t.Error("the drawing has no title")
	}
}

func TestTableListsTenantsAndTotals(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := fairResult()
	if err := r.writeTable(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"  small      4       4       1.00 s", "44 videos in 0 s: 44 ready, 0 failed"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

func TestFaultListIsTruncated(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	many := slices.Repeat([]string{"1.m4s answered 404"}, 12)
	r := Result{
		Timelines: []VideoTimeline{
			{Video: "vid_1", Tenant: "a", Clip: "c"}, {Tenant: "a", Clip: "c", Faults: []string{"refused"}},
			{Video: "vid_2", Tenant: "b", Clip: "c", Faults: many},
		},
	}
	r.writeFaults(&out)
	want := "a video of a (c): refused\n" + strings.Repeat("vid_2 of b (c): 1.m4s answered 404\n", 9) + "and 3 more\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
