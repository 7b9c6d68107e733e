package scale_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/scale"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func lanes(budget int, interactive, bulk scale.Reading) scale.Input {
	return scale.Input{Budget: budget, Now: noon, Queues: []scale.Queue{
		{Name: "encode", Lane: scale.Interactive, Promise: 5, Reading: interactive},
		{Name: "encode-bulk", Lane: scale.Bulk, Promise: 120, Reading: bulk},
	}}
}

func read(visible, inFlight, oldest float64) scale.Reading {
	return scale.Reading{At: noon, Visible: visible, InFlight: inFlight, Oldest: oldest, Service: 18}
}

func was(interactive, bulk int) scale.Decision {
	return scale.Decision{Ceilings: []scale.Ceiling{{Name: "encode", Workers: interactive}, {Name: "encode-bulk", Workers: bulk}}}
}

func TestDecide(t *testing.T) {
	type ceilings struct {
		Interactive, Bulk             int
		WhyInteractive, WhyBulk       scale.Reason
		WantedInteractive, WantedBulk int
	}
	idle, nan := read(0, 0, 0), read(math.NaN(), 0, 0)
	for _, tt := range []struct {
		name              string
		budget            int
		interactive, bulk scale.Reading
		was               scale.Decision
		want              ceilings
	}{
		{"nothing to do: each has its half", 200, idle, idle, scale.Decision{},
			ceilings{100, 100, scale.Idle, scale.Idle, 0, 0}},
		{"a film alone: bulk has all that its promise needs", 200, idle, read(500, 0, 0), scale.Decision{},
			ceilings{72, 128, scale.Idle, scale.Enough, 0, 113}},
		{"both are hungry: each has its half", 200, read(500, 0, 0), read(900, 0, 0), scale.Decision{},
			ceilings{100, 100, scale.Short, scale.Short, 500, 203}},
		{"bulk that is in time lends its half", 200, read(120, 60, 0), read(40, 0, 0), scale.Decision{},
			ceilings{190, 10, scale.Short, scale.Enough, 180, 9}},
		{"a wait longer than promised is hurried on", 200, idle, read(50, 10, 300), scale.Decision{},
			ceilings{100, 100, scale.Idle, scale.Late, 0, 54}},
		{"no more workers than messages", 200, read(3, 0, 60), idle, scale.Decision{},
			ceilings{100, 100, scale.Late, scale.Idle, 3, 0}},
		{"a broken reading holds", 200, nan, read(900, 0, 0), was(60, 40),
			ceilings{60, 140, scale.Held, scale.Short, 0, 203}},
		{"what falls, falls at once; what rises, waits for its workers", 200, read(150, 0, 0), read(900, 170, 0), was(25, 175),
			ceilings{25, 100, scale.Waiting, scale.Short, 150, 241}},
		{"a fresh account: two each is all there is", 3, idle, idle, scale.Decision{},
			ceilings{2, 2, scale.TooFew, scale.TooFew, 0, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := lanes(tt.budget, tt.interactive, tt.bulk)
			in.Previous = tt.was
			c := scale.Decide(in).Ceilings
			got := ceilings{c[0].Workers, c[1].Workers, c[0].Reason, c[1].Reason, c[0].Wanted, c[1].Wanted}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNothingIsANormalInput(t *testing.T) {
	if d := scale.Decide(scale.Input{}); len(d.Ceilings) != 0 || d.Again != 0 {
		t.Errorf("%+v", d)
	}
}

// A need that seemed to have halved and rises again was noise: it is back at once and not by a step a minute, each of
// which would have to wait for the workers of another queue. It is never so high that it falls again by itself.
func TestANeedThatFellByNoiseIsBackAtOnce(t *testing.T) {
	t.Parallel()
	in := scale.Input{Budget: 400, Queues: []scale.Queue{{Name: "encode", Lane: scale.Bulk, Promise: 1}}}
	var got []int
	for minute, visible := range []float64{160, 80, 80, 80, 80, 80, 80, 80, 80, 80, 80, 81, 162, 300} {
		in.Now = noon.Add(time.Duration(minute) * time.Minute)
		in.Queues[0].Reading = scale.Reading{At: in.Now, Visible: visible, Service: 1}
		in.Previous = scale.Decide(in)
		got = append(got, in.Previous.Ceilings[0].Memory.Need)
	}
	want := []int{160, 160, 160, 160, 160, 160, 160, 160, 160, 160, 80, 160, 192, 320}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
