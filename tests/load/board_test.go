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

func middle() board {
	four := 4
	return board{
		elapsed: 83 * time.Second,
		queues: []Queue{
			{Queue: "encode", Samples: []Sample{{At: 1, Waiting: 48, InFlight: 2}, {At: 2, Waiting: 24, InFlight: 4, Ceiling: &four}}},
			{Queue: "publish", Samples: []Sample{{At: 2, Waiting: 0, InFlight: 1, Ceiling: &four}}},
		},
		tenants: []count{{tenant: "load-1", of: 4, sent: 4, ready: 4}, {tenant: "load-big", of: 40, sent: 40, ready: 10, bad: 1}},
	}
}

func TestBoard(t *testing.T) {
	t.Parallel()
	want := []string{
		"  1:23",
		"  encode         ━━━━━━━━━━━━────────────  24 waiting, 4 at work of 4",
		"  publish        ────────────────────────   0 waiting, 1 in flight",
		"  load-1         ━━━━━━━━━━━━━━━━━━━━━━━━   4 of 4 ready",
		"  load-big       ━━━━━━──────────────────  10 of 40 ready, 1 failed",
	}
	if diff := cmp.Diff(want, middle().lines(terminal.Style{Width: 79})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, line := range middle().lines(terminal.Style{Width: 50}) {
		if utf8.RuneCountInString(line) > 50 {
			t.Errorf("too wide: %q", line)
		}
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	plain(&out, time.Hour, middle)()
	want := "  83 s; encode 24 waiting, 4 at work; publish 0 waiting, 1 in flight; 14 of 44 ready\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFigure(t *testing.T) {
	t.Parallel()
	r := summarise([]fate{good("a", 1), good("b", 1), good("b", 1)}, true, 0)
	r.Queues = middle().queues
	f := r.figure(noon)
	var names []string
	for _, p := range f.Panels {
		for _, l := range p.Lines {
			names = append(names, p.Title+": "+l.Name)
		}
	}
	want := []string{
		"messages waiting: encode", "messages waiting: publish", "workers of encode: at work", "workers of encode: their ceiling",
		"videos ready, of a tenant's: each other, of 1", "videos ready, of a tenant's: b, of 2",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	ready := f.Panels[2].Lines[1].Points
	if diff := cmp.Diff([]plot.Point{{}, {At: 11, Value: 50}, {At: 11, Value: 100}, {At: 11, Value: 100}}, ready); diff != "" {
		t.Errorf("ready (-want +got):\n%s", diff)
	}
	if !strings.Contains(f.SVG(), "A burst of 3 videos of 2 tenants") {
		t.Error("the drawing has no title")
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := fair()
	if err := r.table(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"  small      4       4       1.00 s", "44 videos in 0 s: 44 ready, 0 failed"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	many := slices.Repeat([]string{"1.m4s answered 404"}, 12)
	r := Result{Timelines: []Line{{Video: "vid_1", Tenant: "a", Clip: "c"}, {Tenant: "a", Clip: "c", Faults: []string{"refused"}}, {Video: "vid_2", Tenant: "b", Clip: "c", Faults: many}}}
	r.faults(&out)
	want := "a video of a (c): refused\n" + strings.Repeat("vid_2 of b (c): 1.m4s answered 404\n", 9) + "and 3 more\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
