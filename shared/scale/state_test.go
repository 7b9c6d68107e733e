package scale_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/scale"
)

// state is what is kept of a decision about readings, as it is read again.
func state(t *testing.T, in scale.Input, d scale.Decision) (s scale.State) {
	t.Helper()
	kept := scale.State{Version: 1, At: in.Now, Budget: in.Budget, Lanes: d.Lanes}
	for i, c := range d.Ceilings {
		kept.Queues = append(kept.Queues, scale.Share{Ceiling: c, Reading: in.Queues[i].Reading})
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
	want := scale.Decide(in)
	if want.Lanes.Split != scale.Loan {
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
	var s scale.State
	if err := json.Unmarshal([]byte(row), &s); err != nil {
		t.Fatal(err)
	}
	in := lanes(200, read(0, 0, 0), read(900, 100, 0))
	in.Previous = s.Decision()
	if d := scale.Decide(in); !s.Quiet() || d.Lanes.Split != scale.Usual || d.Ceilings[1].Workers < 80 {
		t.Errorf("%+v", d)
	}
}

func TestQuiet(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		state scale.State
		want  bool
	}{
		{"nothing yet", scale.State{}, true},
		{"nothing waits", scale.State{Queues: []scale.Share{{Ceiling: scale.Ceiling{Workers: 4}}}, Lanes: scale.Lanes{Since: noon}}, true},
		{"it is lent", scale.State{Lanes: scale.Lanes{Split: scale.Loan}}, false},
		{"a message waits", scale.State{Queues: []scale.Share{{Reading: scale.Reading{Visible: 1}}}}, false},
		{"one is worked on", scale.State{Queues: []scale.Share{{Reading: scale.Reading{InFlight: 1}}}}, false},
		{"a need is remembered", scale.State{Queues: []scale.Share{{Ceiling: scale.Ceiling{Memory: scale.Memory{Need: 1}}}}}, false},
		{"nobody knows", scale.State{Queues: []scale.Share{{Ceiling: scale.Ceiling{Reason: scale.Held}}}}, false},
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
	in.Previous = scale.Decide(in)
	for range 15 {
		in.Now = in.Now.Add(time.Minute)
		for i := range in.Queues {
			in.Queues[i].Reading = read(0, 0, 0)
			in.Queues[i].Reading.At = in.Now
		}
		in.Previous = scale.Decide(in)
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
