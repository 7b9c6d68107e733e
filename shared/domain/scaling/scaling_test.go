package scaling_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/scaling"
	"sluice/shared/domain/video"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newInput(budget int, interactive, bulk scaling.Reading) scaling.Input {
	return scaling.Input{Budget: budget, Now: noon, Queues: []scaling.Queue{
		{Name: "encode", Lane: video.Interactive, MaxWait: 5, Reading: interactive},
		{Name: "encode-bulk", Lane: video.Bulk, MaxWait: 600, Reading: bulk},
	}}
}

func newReading(visible, inFlight, oldest float64) scaling.Reading {
	return scaling.Reading{At: noon, Visible: visible, InFlight: inFlight, OldestAge: oldest, ServiceTime: 18}
}

func previousCeilings(interactive, bulk int) scaling.Decision {
	return scaling.Decision{
		Ceilings: []scaling.Ceiling{{Name: "encode", Workers: interactive}, {Name: "encode-bulk", Workers: bulk}},
	}
}

func TestDecideCeilings(t *testing.T) {
	type ceilings struct {
		Interactive, Bulk             int
		WhyInteractive, WhyBulk       scaling.Reason
		WantedInteractive, WantedBulk int
	}
	idle, nan := newReading(0, 0, 0), newReading(math.NaN(), 0, 0)
	for _, tt := range []struct {
		name              string
		budget            int
		interactive, bulk scaling.Reading
		was               scaling.Decision
		want              ceilings
	}{
		{"all queues are empty: each lane has its share", 200, idle, idle, scaling.Decision{},
			ceilings{120, 80, scaling.ReasonIdle, scaling.ReasonIdle, 0, 0}},
		{
			"a long video: bulk has its share as long as that is enough", 200, idle, newReading(1500, 0, 0),
			scaling.Decision{}, ceilings{120, 80, scaling.ReasonIdle, scaling.ReasonEnough, 0, 68},
		},
		{
			"the share is not enough: bulk is due", 200, newReading(0, 60, 0), newReading(2800, 0, 0),
			previousCeilings(120, 80), ceilings{108, 80, scaling.ReasonEnough, scaling.ReasonWaiting, 60, 126},
		},
		{"interactive needs little", 200, newReading(0, 20, 0), newReading(2800, 0, 0), previousCeilings(120, 80),
			ceilings{70, 80, scaling.ReasonEnough, scaling.ReasonWaiting, 20, 126}},
		{
			"both lanes need more: each has its share", 200, newReading(500, 0, 0), newReading(2000, 0, 0),
			previousCeilings(120, 80), ceilings{120, 80, scaling.ReasonShort, scaling.ReasonShort, 500, 90},
		},
		{
			"bulk with time to spare lends its share", 200, newReading(220, 60, 0), newReading(200, 40, 0),
			previousCeilings(120, 80), ceilings{120, 2, scaling.ReasonWaiting, scaling.ReasonLent, 280, 11},
		},
		{
			"a burst shorter than the hand-over borrows nothing", 200, newReading(60, 60, 0), newReading(200, 40, 0),
			previousCeilings(120, 80), ceilings{120, 80, scaling.ReasonShort, scaling.ReasonEnough, 120, 11},
		},
		{
			"bulk without time to spare lends nothing", 200, newReading(220, 60, 0), newReading(200, 40, 120),
			previousCeilings(120, 80), ceilings{120, 80, scaling.ReasonShort, scaling.ReasonEnough, 280, 16},
		},
		{"a late queue gets more workers", 200, newReading(0, 60, 0), newReading(50, 10, 700), scaling.Decision{},
			ceilings{108, 92, scaling.ReasonEnough, scaling.ReasonLate, 60, 11}},
		{"no more workers than messages", 200, newReading(3, 0, 60), idle, scaling.Decision{},
			ceilings{120, 80, scaling.ReasonLate, scaling.ReasonIdle, 3, 0}},
		{"a broken reading holds", 200, nan, newReading(900, 0, 0), previousCeilings(60, 40),
			ceilings{60, 140, scaling.ReasonHeld, scaling.ReasonEnough, 0, 41}},
		{
			"a fall takes effect at once, a rise waits for free workers", 200, newReading(150, 0, 0),
			newReading(900, 170, 0), previousCeilings(25, 175),
			ceilings{25, 80, scaling.ReasonWaiting, scaling.ReasonEnough, 150, 49},
		},
		{"a new account: the minimum of each queue", 3, idle, idle, scaling.Decision{},
			ceilings{2, 2, scaling.ReasonBudgetTooSmall, scaling.ReasonBudgetTooSmall, 0, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := newInput(tt.budget, tt.interactive, tt.bulk)
			in.Previous = tt.was
			c := scaling.DecideCeilings(in).Ceilings
			got := ceilings{c[0].Workers, c[1].Workers, c[0].Reason, c[1].Reason, c[0].Wanted, c[1].Wanted}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A queue with provisioned pollers has multiples of ten: the share of a lane is rounded to what its queues can have.
func TestCeilingsAreMultiplesOfUnit(t *testing.T) {
	t.Parallel()
	idle := newReading(0, 0, 0)
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
		{
			"due, bulk has half", 100, [2]int{10, 10}, newReading(0, 30, 0), newReading(2800, 40, 0),
			previousCeilings(50, 40), 50, 50,
		},
		{
			"a loan leaves it a ten", 100, [2]int{10, 10}, newReading(500, 60, 0), newReading(20, 1, 0),
			previousCeilings(60, 10), 90, 10,
		},
		{"what was not of tens is, from now on", 100, [2]int{1, 10}, idle, idle, previousCeilings(52, 47), 52, 40},
		{"there is no ten for each", 15, [2]int{10, 10}, idle, idle, scaling.Decision{}, 10, 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := newInput(tt.budget, tt.interactive, tt.bulk)
			in.Previous = tt.was
			for i := range in.Queues {
				in.Queues[i].Unit = tt.units[i]
			}
			c := scaling.DecideCeilings(in).Ceilings
			if c[0].Workers != tt.wantInteractive || c[1].Workers != tt.wantBulk {
				t.Errorf("%+v", c)
			}
		})
	}
}

func TestEmptyInputGivesNoCeilings(t *testing.T) {
	if d := scaling.DecideCeilings(scaling.Input{}); len(d.Ceilings) != 0 || d.NextDecisionIn != 0 {
		t.Errorf("%+v", d)
	}
}

// A demand that seemed to halve and rises again was noise: Need recovers at once and not by a step a minute, each of
// which would wait for workers of another queue. It is never so high that it falls again by itself.
func TestNeedRecoversAtOnceAfterNoise(t *testing.T) {
	t.Parallel()
	in := scaling.Input{Budget: 400, Queues: []scaling.Queue{{Name: "encode", Lane: video.Bulk, MaxWait: 1}}}
	var got []int
	for minute, visible := range []float64{160, 80, 80, 80, 80, 80, 80, 80, 80, 80, 80, 81, 162, 300} {
		in.Now = noon.Add(time.Duration(minute) * time.Minute)
		in.Queues[0].Reading = scaling.Reading{At: in.Now, Visible: visible, ServiceTime: 1}
		in.Previous = scaling.DecideCeilings(in)
		got = append(got, in.Previous.Ceilings[0].History.Need)
	}
	want := []int{160, 160, 160, 160, 160, 160, 160, 160, 160, 160, 80, 160, 192, 320}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A burst borrows workers at once. The loan ends when the burst is over, or when half of bulk's MaxWait is left. A
// late bulk lane gets more, and most if interactive needs little. Ten minutes pass between changes.
func TestSplitFollowsLoad(t *testing.T) {
	t.Parallel()
	in := newInput(200, newReading(0, 0, 0), newReading(0, 0, 0))
	in.Previous = previousCeilings(120, 80)
	burst, calm, some := newReading(600, 120, 0), newReading(0, 20, 0), newReading(20, 60, 0)
	for _, step := range []struct {
		name              string
		second            int
		interactive, bulk scaling.Reading
		want              scaling.LaneSplit
	}{
		{"a quiet start", 0, calm, newReading(200, 80, 0), scaling.SplitDefault},
		{"a burst", 60, burst, newReading(200, 80, 0), scaling.SplitLoan},
		{"it is told of, and SQS does not count it yet", 80, calm, newReading(200, 80, 0), scaling.SplitLoan},
		{"it goes on", 120, burst, newReading(300, 2, 100), scaling.SplitLoan},
		{"it is all but over", 150, newReading(130, 190, 0), newReading(600, 2, 130), scaling.SplitLoan},
		{"it is over", 180, some, newReading(600, 2, 160), scaling.SplitDefault},
		{"another, too soon after", 240, burst, newReading(200, 80, 60), scaling.SplitDefault},
		{"now it is lent for", 790, burst, newReading(100, 80, 0), scaling.SplitLoan},
		{"bulk has waited enough", 850, burst, newReading(600, 2, 200), scaling.SplitDefault},
		{
			"bulk would be late, but there was a change just now", 1400, some, newReading(2400, 80, 200),
			scaling.SplitDefault,
		},
		{"bulk is due", 1460, some, newReading(2400, 80, 200), scaling.SplitDue},
		{"interactive is pressed", 1490, burst, newReading(2400, 80, 230), scaling.SplitDefault},
		{"bulk is late", 2100, some, newReading(2400, 80, 700), scaling.SplitDue},
		{"interactive has needed little for a while", 2710, calm, newReading(2400, 80, 700), scaling.SplitBehind},
		{"bulk has caught up", 2760, calm, newReading(100, 80, 100), scaling.SplitDefault},
	} {
		in.Now = noon.Add(time.Duration(step.second) * time.Second)
		in.Queues[0].Reading, in.Queues[1].Reading = step.interactive, step.bulk
		in.Queues[0].Reading.At, in.Queues[1].Reading.At = in.Now, in.Now
		in.Previous = scaling.DecideCeilings(in)
		if got := in.Previous.Split.Current; got != step.want {
			t.Errorf("%s: %q, not %q", step.name, got, step.want)
		}
	}
}

// A bulk queue with a MaxWait of a minute can't wait until a loan ends, so nothing is borrowed from it.
func TestShortDeadlineQueueLendsNoCapacity(t *testing.T) {
	t.Parallel()
	in := newInput(200, newReading(80, 60, 0), newReading(200, 40, 0))
	in.Queues = append(
		in.Queues, scaling.Queue{Name: "fetch", Lane: video.Bulk, MaxWait: 60, Reading: newReading(30, 0, 0)},
	)
	in.Previous = previousCeilings(80, 84)
	in.Previous.Ceilings = append(in.Previous.Ceilings, scaling.Ceiling{Name: "fetch", Workers: 30})
	d := scaling.DecideCeilings(in)
	if bulk, fetch := d.Ceilings[1], d.Ceilings[2]; bulk.Workers != scaling.MinCeiling || fetch.Workers < fetch.Wanted {
		t.Errorf("%+v, %+v", bulk, fetch)
	}
}
