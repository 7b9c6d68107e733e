package scaling_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/scaling"
)

// state is what is kept of a decision about readings, as it is read again.
func state(t *testing.T, in scaling.Input, d scaling.Decision) (s scaling.State) {
	t.Helper()
	kept := scaling.State{Version: 1, At: in.Now, Budget: in.Budget, Lanes: d.Lanes}
	for i, c := range d.Ceilings {
		kept.Queues = append(kept.Queues, scaling.Share{Ceiling: c, Reading: in.Queues[i].Reading})
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

func TestWhatIsKeptIsTheDecision(t *testing.T) {
	t.Parallel()
	in := lanes(200, read(600, 120, 0), read(200, 80, 0))
	in.Previous = was(120, 80)
	want := scaling.Decide(in)
	if want.Lanes.Split != scaling.Loan {
		t.Fatalf("the split is %q", want.Lanes.Split)
	}
	got := state(t, in, want).Decision()
	want.Again = 0 // is the caller's business
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A row that was written before lanes lent each other workers.
func TestAnOlderRowIsRead(t *testing.T) {
	t.Parallel()
	const row = `{"version":7,"at":"2026-03-01T11:59:00Z","budget":200,"queues":[
		{"name":"encode","workers":100,"wanted":0,"reason":"idle","memory":{"since":"2026-03-01T11:59:00Z","recent":0,"former":0,"need":0},"reading":{},"feed":"a"},
		{"name":"encode-bulk","workers":100,"wanted":0,"reason":"idle","memory":{"since":"2026-03-01T11:59:00Z","recent":0,"former":0,"need":0},"reading":{},"feed":"b"}]}`
	var s scaling.State
	if err := json.Unmarshal([]byte(row), &s); err != nil {
		t.Fatal(err)
	}
	in := lanes(200, read(0, 0, 0), read(900, 100, 0))
	in.Previous = s.Decision()
	if d := scaling.Decide(in); !s.Quiet() || d.Lanes.Split != scaling.Usual || d.Ceilings[1].Workers < 80 {
		t.Errorf("%+v", d)
	}
}

func TestQuiet(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		state scaling.State
		want  bool
	}{
		{"nothing yet", scaling.State{}, true},
		{"nothing waits", scaling.State{Queues: []scaling.Share{{Ceiling: scaling.Ceiling{Workers: 4}}}, Lanes: scaling.Lanes{Since: noon}}, true},
		{"it is lent", scaling.State{Lanes: scaling.Lanes{Split: scaling.Loan}}, false},
		{"a message waits", scaling.State{Queues: []scaling.Share{{Reading: scaling.Reading{Visible: 1}}}}, false},
		{"one is worked on", scaling.State{Queues: []scaling.Share{{Reading: scaling.Reading{InFlight: 1}}}}, false},
		{"a need is remembered", scaling.State{Queues: []scaling.Share{{Ceiling: scaling.Ceiling{Memory: scaling.Memory{Need: 1}}}}}, false},
		{"nobody knows", scaling.State{Queues: []scaling.Share{{Ceiling: scaling.Ceiling{Reason: scaling.Held}}}}, false},
	} {
		if got := tt.state.Quiet(); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// When all has gone, nothing is lent any more: what is quiet needs no other decision.
func TestALoanEndsBeforeItIsQuiet(t *testing.T) {
	t.Parallel()
	in := lanes(200, read(600, 120, 0), read(200, 80, 0))
	in.Previous = was(120, 80)
	in.Previous = scaling.Decide(in)
	for range 15 {
		in.Now = in.Now.Add(time.Minute)
		for i := range in.Queues {
			in.Queues[i].Reading = read(0, 0, 0)
			in.Queues[i].Reading.At = in.Now
		}
		in.Previous = scaling.Decide(in)
	}
	s := state(t, in, in.Previous)
	if !s.Quiet() {
		t.Errorf("a quarter of an hour later: %+v", s)
	}
	for _, k := range s.Queues {
		if before, _ := was(120, 80).Of(k.Name); k.Workers < before.Workers*4/5 {
			t.Errorf("%s has %d, before %d", k.Name, k.Workers, before.Workers)
		}
	}
}
