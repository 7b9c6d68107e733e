package scaling_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/scaling"
)

// roundTripState returns the state of a decision after it was stored and read.
func roundTripState(t *testing.T, in scaling.Input, d scaling.Decision) (s scaling.State) {
	t.Helper()
	kept := scaling.State{Version: 1, At: in.Now, Budget: in.Budget, Split: d.Split}
	for i, c := range d.Ceilings {
		kept.Queues = append(kept.Queues, scaling.QueueState{Ceiling: c, Reading: in.Queues[i].Reading})
	}
	text, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStateKeepsDecision(t *testing.T) {
	t.Parallel()
	in := newInput(200, newReading(600, 120, 0), newReading(200, 80, 0))
	in.Previous = previousCeilings(120, 80)
	want := scaling.DecideCeilings(in)
	if want.Split.Current != scaling.SplitLoan {
		t.Fatalf("the split is %q", want.Split.Current)
	}
	got := roundTripState(t, in, want).ToDecision()
	want.NextDecisionIn = 0 // is not stored
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A row that was written before there were splits.
func TestStateReadsRowWithoutSplit(t *testing.T) {
	t.Parallel()
	const row = `{"version":7,"at":"2026-03-01T11:59:00Z","budget":200,"queues":[
		{"name":"encode","workers":100,"wanted":0,"reason":"idle","memory":{"since":"2026-03-01T11:59:00Z","recent":0,"former":0,"need":0},"reading":{},"feed":"a"},
		{"name":"encode-bulk","workers":100,"wanted":0,"reason":"idle","memory":{"since":"2026-03-01T11:59:00Z","recent":0,"former":0,"need":0},"reading":{},"feed":"b"}]}`
	var s scaling.State
	if err := json.Unmarshal([]byte(row), &s); err != nil {
		t.Fatal(err)
	}
	in := newInput(200, newReading(0, 0, 0), newReading(900, 100, 0))
	in.Previous = s.ToDecision()
	if d := scaling.DecideCeilings(in); !s.IsIdle() || d.Split.Current != scaling.SplitDefault ||
		d.Ceilings[1].Workers < 80 {
		t.Errorf("%+v", d)
	}
}

func TestIsIdle(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		state scaling.State
		want  bool
	}{
		{"nothing yet", scaling.State{}, true},
		{
			"nothing waits",
			scaling.State{
				Queues: []scaling.QueueState{{Ceiling: scaling.Ceiling{Workers: 4}}},
				Split:  scaling.SplitState{Since: noon},
			},
			true,
		},
		{"it is lent", scaling.State{Split: scaling.SplitState{Current: scaling.SplitLoan}}, false},
		{"a message waits", scaling.State{Queues: []scaling.QueueState{{Reading: scaling.Reading{Visible: 1}}}}, false},
		{
			"one is worked on", scaling.State{Queues: []scaling.QueueState{{Reading: scaling.Reading{InFlight: 1}}}},
			false,
		},
		{
			"a need is remembered",
			scaling.State{
				Queues: []scaling.QueueState{{Ceiling: scaling.Ceiling{History: scaling.DemandHistory{Need: 1}}}},
			},
			false,
		},
		{
			"nobody knows",
			scaling.State{Queues: []scaling.QueueState{{Ceiling: scaling.Ceiling{Reason: scaling.ReasonHeld}}}}, false,
		},
	} {
		if got := tt.state.IsIdle(); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// When all queues are empty, the loan ends before the state is idle and decisions stop.
func TestLoanEndsBeforeStateIsIdle(t *testing.T) {
	t.Parallel()
	in := newInput(200, newReading(600, 120, 0), newReading(200, 80, 0))
	in.Previous = previousCeilings(120, 80)
	in.Previous = scaling.DecideCeilings(in)
	for range 15 {
		in.Now = in.Now.Add(time.Minute)
		for i := range in.Queues {
			in.Queues[i].Reading = newReading(0, 0, 0)
			in.Queues[i].Reading.At = in.Now
		}
		in.Previous = scaling.DecideCeilings(in)
	}
	s := roundTripState(t, in, in.Previous)
	if !s.IsIdle() {
		t.Errorf("a quarter of an hour later: %+v", s)
	}
	for _, q := range s.Queues {
		if before, _ := previousCeilings(120, 80).FindCeiling(q.Name); q.Workers < before.Workers*4/5 {
			t.Errorf("%s has %d, before %d", q.Name, q.Workers, before.Workers)
		}
	}
}
