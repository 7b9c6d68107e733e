package scaling_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/scaling"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func lanes(budget int, interactive, bulk scaling.Reading) scaling.Input {
	return scaling.Input{Budget: budget, Now: noon, Queues: []scaling.Queue{
		{Name: "encode", Lane: scaling.Interactive, Promise: 5, Reading: interactive},
		{Name: "encode-bulk", Lane: scaling.Bulk, Promise: 600, Reading: bulk},
	}}
}

func read(visible, inFlight, oldest float64) scaling.Reading {
	return scaling.Reading{At: noon, Visible: visible, InFlight: inFlight, Oldest: oldest, Service: 18}
}

func was(interactive, bulk int) scaling.Decision {
	return scaling.Decision{Ceilings: []scaling.Ceiling{{Name: "encode", Workers: interactive}, {Name: "encode-bulk", Workers: bulk}}}
}

func TestDecide(t *testing.T) {
	type ceilings struct {
		Interactive, Bulk             int
		WhyInteractive, WhyBulk       scaling.Reason
		WantedInteractive, WantedBulk int
	}
	idle, nan := read(0, 0, 0), read(math.NaN(), 0, 0)
	for _, tt := range []struct {
		name              string
		budget            int
		interactive, bulk scaling.Reading
		was               scaling.Decision
		want              ceilings
	}{
		{"nothing to do: each has its part", 200, idle, idle, scaling.Decision{},
			ceilings{120, 80, scaling.Idle, scaling.Idle, 0, 0}},
		{"a film: bulk has its part as long as that will do", 200, idle, read(1500, 0, 0), scaling.Decision{},
			ceilings{120, 80, scaling.Idle, scaling.Enough, 0, 68}},
		{"it won't do: bulk is due", 200, read(0, 60, 0), read(2800, 0, 0), was(120, 80),
			ceilings{108, 80, scaling.Enough, scaling.Waiting, 60, 126}},
		{"and nobody else has much to do", 200, read(0, 20, 0), read(2800, 0, 0), was(120, 80),
			ceilings{70, 80, scaling.Enough, scaling.Waiting, 20, 126}},
		{"both are hungry: each has its part", 200, read(500, 0, 0), read(2000, 0, 0), was(120, 80),
			ceilings{120, 80, scaling.Short, scaling.Short, 500, 90}},
		{"bulk that has time lends its part", 200, read(220, 60, 0), read(200, 40, 0), was(120, 80),
			ceilings{120, 2, scaling.Waiting, scaling.Lent, 280, 11}},
		{"what is over as soon as workers are handed over is not lent for", 200, read(60, 60, 0), read(200, 40, 0), was(120, 80),
			ceilings{120, 80, scaling.Short, scaling.Enough, 120, 11}},
		{"bulk that has no time lends nothing", 200, read(220, 60, 0), read(200, 40, 120), was(120, 80),
			ceilings{120, 80, scaling.Short, scaling.Enough, 280, 16}},
		{"a wait longer than promised is hurried on", 200, read(0, 60, 0), read(50, 10, 700), scaling.Decision{},
			ceilings{108, 92, scaling.Enough, scaling.Late, 60, 11}},
		{"no more workers than messages", 200, read(3, 0, 60), idle, scaling.Decision{},
			ceilings{120, 80, scaling.Late, scaling.Idle, 3, 0}},
		{"a broken reading holds", 200, nan, read(900, 0, 0), was(60, 40),
			ceilings{60, 140, scaling.Held, scaling.Enough, 0, 41}},
		{"what falls, falls at once; what rises, waits for its workers", 200, read(150, 0, 0), read(900, 170, 0), was(25, 175),
			ceilings{25, 80, scaling.Waiting, scaling.Enough, 150, 49}},
		{"a fresh account: two each is all there is", 3, idle, idle, scaling.Decision{},
			ceilings{2, 2, scaling.TooFew, scaling.TooFew, 0, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := lanes(tt.budget, tt.interactive, tt.bulk)
			in.Previous = tt.was
			c := scaling.Decide(in).Ceilings
			got := ceilings{c[0].Workers, c[1].Workers, c[0].Reason, c[1].Reason, c[0].Wanted, c[1].Wanted}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Provisioned pollers come by tens: a lane's part is rounded to what it can be, and nobody is given a part of a ten.
func TestUnits(t *testing.T) {
	t.Parallel()
	idle := read(0, 0, 0)
	for _, tt := range []struct {
		name                      string
		budget                    int
		units                     [2]int
		interactive, bulk         scaling.Reading
		was                       scaling.Decision
		wantInteractive, wantBulk int
	}{
		{"bulk's part is tens already", 100, [2]int{10, 10}, idle, idle, scaling.Decision{}, 60, 40},
		{"what is over stays over", 109, [2]int{10, 10}, idle, idle, scaling.Decision{}, 60, 40},
		{"34 are nearer to 30", 85, [2]int{1, 10}, idle, idle, scaling.Decision{}, 55, 30},
		{"36 are nearer to 40", 90, [2]int{1, 10}, idle, idle, scaling.Decision{}, 50, 40},
		{"who has no units takes what is no ten", 95, [2]int{10, 1}, idle, idle, scaling.Decision{}, 50, 45},
		{"due, bulk has half", 100, [2]int{10, 10}, read(0, 30, 0), read(2800, 40, 0), was(50, 40), 50, 50},
		{"a loan leaves it a ten", 100, [2]int{10, 10}, read(500, 60, 0), read(20, 1, 0), was(60, 10), 90, 10},
		{"what was not of tens is, from now on", 100, [2]int{1, 10}, idle, idle, was(52, 47), 52, 40},
		{"there is no ten for each", 15, [2]int{10, 10}, idle, idle, scaling.Decision{}, 10, 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := lanes(tt.budget, tt.interactive, tt.bulk)
			in.Previous = tt.was
			for i := range in.Queues {
				in.Queues[i].Unit = tt.units[i]
			}
			c := scaling.Decide(in).Ceilings
			if c[0].Workers != tt.wantInteractive || c[1].Workers != tt.wantBulk {
				t.Errorf("%+v", c)
			}
		})
	}
}

func TestNothingIsANormalInput(t *testing.T) {
	if d := scaling.Decide(scaling.Input{}); len(d.Ceilings) != 0 || d.Again != 0 {
		t.Errorf("%+v", d)
	}
}

// A need that seemed to have halved and rises again was noise: it is back at once and not by a step a minute, each of
// which would have to wait for the workers of another queue. It is never so high that it falls again by itself.
func TestANeedThatFellByNoiseIsBackAtOnce(t *testing.T) {
	t.Parallel()
	in := scaling.Input{Budget: 400, Queues: []scaling.Queue{{Name: "encode", Lane: scaling.Bulk, Promise: 1}}}
	var got []int
	for minute, visible := range []float64{160, 80, 80, 80, 80, 80, 80, 80, 80, 80, 80, 81, 162, 300} {
		in.Now = noon.Add(time.Duration(minute) * time.Minute)
		in.Queues[0].Reading = scaling.Reading{At: in.Now, Visible: visible, Service: 1}
		in.Previous = scaling.Decide(in)
		got = append(got, in.Previous.Ceilings[0].Memory.Need)
	}
	want := []int{160, 160, 160, 160, 160, 160, 160, 160, 160, 160, 80, 160, 192, 320}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The split of a day: a burst is lent for at once and given back when it is over, or when half of bulk's promise is left;
// who would be late has more, and most if nobody else has much to do; and ten minutes from one to the next.
func TestSplit(t *testing.T) {
	t.Parallel()
	in := lanes(200, read(0, 0, 0), read(0, 0, 0))
	in.Previous = was(120, 80)
	burst, calm, some := read(600, 120, 0), read(0, 20, 0), read(20, 60, 0)
	for _, step := range []struct {
		name              string
		second            int
		interactive, bulk scaling.Reading
		want              scaling.Split
	}{
		{"a quiet start", 0, calm, read(200, 80, 0), scaling.Usual},
		{"a burst", 60, burst, read(200, 80, 0), scaling.Loan},
		{"it is told of, and SQS does not count it yet", 80, calm, read(200, 80, 0), scaling.Loan},
		{"it goes on", 120, burst, read(300, 2, 100), scaling.Loan},
		{"it is all but over", 150, read(130, 190, 0), read(600, 2, 130), scaling.Loan},
		{"it is over", 180, some, read(600, 2, 160), scaling.Usual},
		{"another, too soon after", 240, burst, read(200, 80, 60), scaling.Usual},
		{"now it is lent for", 790, burst, read(100, 80, 0), scaling.Loan},
		{"bulk has waited enough", 850, burst, read(600, 2, 200), scaling.Usual},
		{"bulk would be late, but there was a change just now", 1400, some, read(2400, 80, 200), scaling.Usual},
		{"bulk is due", 1460, some, read(2400, 80, 200), scaling.Due},
		{"interactive is pressed", 1490, burst, read(2400, 80, 230), scaling.Usual},
		{"bulk is late", 2100, some, read(2400, 80, 700), scaling.Due},
		{"interactive has needed little for a while", 2710, calm, read(2400, 80, 700), scaling.Behind},
		{"bulk has caught up", 2760, calm, read(100, 80, 100), scaling.Usual},
	} {
		in.Now = noon.Add(time.Duration(step.second) * time.Second)
		in.Queues[0].Reading, in.Queues[1].Reading = step.interactive, step.bulk
		in.Queues[0].Reading.At, in.Queues[1].Reading.At = in.Now, in.Now
		in.Previous = scaling.Decide(in)
		if got := in.Previous.Lanes.Split; got != step.want {
			t.Errorf("%s: %q, not %q", step.name, got, step.want)
		}
	}
}

// A bulk queue that promises a minute can't wait until a loan ends: it is not lent from.
func TestWhoPromisesLittleLendsNothing(t *testing.T) {
	t.Parallel()
	in := lanes(200, read(80, 60, 0), read(200, 40, 0))
	in.Queues = append(in.Queues, scaling.Queue{Name: "fetch", Lane: scaling.Bulk, Promise: 60, Reading: read(30, 0, 0)})
	in.Previous = was(80, 84)
	in.Previous.Ceilings = append(in.Previous.Ceilings, scaling.Ceiling{Name: "fetch", Workers: 30})
	d := scaling.Decide(in)
	if bulk, fetch := d.Ceilings[1], d.Ceilings[2]; bulk.Workers != scaling.Least || fetch.Workers < fetch.Wanted {
		t.Errorf("%+v, %+v", bulk, fetch)
	}
}
