package scaling_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/scaling"
	"sluice/shared/domain/video"
)

var queueNames = []string{"inspect", "encode", "encode-bulk", "publish", "deliver"}

// drawAnyNumber draws numbers as a broken metric may have them.
func drawAnyNumber() *rapid.Generator[float64] {
	return rapid.OneOf(rapid.Float64(), rapid.Float64Range(0, 5000),
		rapid.SampledFrom([]float64{0, -1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64}))
}

func drawAnyTime(t *rapid.T, label string) time.Time {
	if rapid.IntRange(0, 9).Draw(t, label+" is zero") == 0 {
		return time.Time{}
	}
	return noon.Add(time.Duration(rapid.Int64Range(-int64(time.Hour), int64(time.Hour)).Draw(t, label)))
}

// drawAnyInput draws inputs with arbitrary settings, readings and history.
func drawAnyInput(t *rapid.T) scaling.Input {
	in := scaling.Input{
		Now: noon, Budget: rapid.IntRange(-10, 3000).Draw(t, "budget"),
		Previous: scaling.Decision{Split: drawAnySplit(t)},
	}
	for _, name := range queueNames[:rapid.IntRange(0, len(queueNames)).Draw(t, "queues")] {
		in.Queues = append(in.Queues, scaling.Queue{
			Name: name, Lane: rapid.SampledFrom([]video.Lane{video.Interactive, video.Bulk, ""}).Draw(t, "lane"),
			MaxWait: drawAnyNumber().Draw(t, "promise"), Weight: drawAnyNumber().Draw(t, "weight"),
			Min: rapid.IntRange(-5, 50).Draw(t, "min"), Max: rapid.IntRange(-5, 1500).Draw(t, "max"),
			Unit: rapid.IntRange(-1, 20).Draw(t, "unit"),
			Reading: scaling.Reading{At: drawAnyTime(t, "at"), Visible: drawAnyNumber().Draw(t, "visible"),
				InFlight: drawAnyNumber().Draw(t, "in flight"), OldestAge: drawAnyNumber().Draw(t, "oldest"),
				ServiceTime: drawAnyNumber().Draw(t, "service")},
		})
		in.Previous.Ceilings = append(in.Previous.Ceilings, scaling.Ceiling{
			Name: name, Workers: rapid.IntRange(-10, 2000).Draw(t, "before"),
			Wanted: rapid.Int().Draw(t, "wanted before"),
			History: scaling.DemandHistory{Since: drawAnyTime(t, "since"), RecentPeak: rapid.Int().Draw(t, "recent"),
				FormerPeak: rapid.Int().Draw(t, "former"), Need: rapid.Int().Draw(t, "need"),
				PreviousNeed: rapid.Int().Draw(t, "was"), NeedFellAt: drawAnyTime(t, "cut"),
				PreviousCeiling: rapid.Int().Draw(t, "from"), CeilingFellAt: drawAnyTime(t, "fell")},
		})
	}
	return in
}

func drawAnySplit(t *rapid.T) scaling.SplitState {
	splits := []scaling.LaneSplit{scaling.SplitDefault, scaling.SplitLoan, scaling.SplitDue, scaling.SplitBehind, "?"}
	return scaling.SplitState{Current: rapid.SampledFrom(splits).Draw(t, "split"), Since: drawAnyTime(t, "split since")}
}

// drawSoundInput draws inputs with valid readings and without history.
func drawSoundInput(t *rapid.T) scaling.Input {
	in := scaling.Input{Now: noon, Budget: rapid.IntRange(10, 1000).Draw(t, "budget")}
	for i, name := range queueNames[:rapid.IntRange(1, len(queueNames)).Draw(t, "queues")] {
		in.Queues = append(in.Queues, scaling.Queue{
			Name: name, Lane: []video.Lane{video.Interactive, video.Bulk}[i%2],
			MaxWait: rapid.Float64Range(1, 600).Draw(t, "promise"),
			Weight:  rapid.Float64Range(0.5, 8).Draw(t, "weight"),
			Unit:    rapid.SampledFrom([]int{1, 10}).Draw(t, "unit"),
			Reading: scaling.Reading{At: noon, Visible: float64(rapid.IntRange(0, 2000).Draw(t, "visible")),
				InFlight:    float64(rapid.IntRange(0, 300).Draw(t, "in flight")),
				OldestAge:   rapid.Float64Range(0, 900).Draw(t, "oldest"),
				ServiceTime: rapid.Float64Range(0.1, 180).Draw(t, "service")},
		})
	}
	in.Budget = max(in.Budget, sumMinCeilings(in.Queues))
	return in
}

// minCeilingOf returns the least ceiling that a queue can have.
func minCeilingOf(q scaling.Queue) int {
	unit := max(1, q.Unit)
	return (scaling.MinCeiling + unit - 1) / unit * unit
}

func sumMinCeilings(queues []scaling.Queue) (n int) {
	for _, q := range queues {
		n += minCeilingOf(q)
	}
	return n
}

func sumWorkers(d scaling.Decision) (n int) {
	for _, c := range d.Ceilings {
		n += c.Workers
	}
	return n
}

func TestPromise12_CeilingsStayWithinBoundsAndBudget(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawAnyInput(t)
		d := scaling.DecideCeilings(in)
		if len(d.Ceilings) != len(in.Queues) {
			t.Fatalf("%d ceilings for %d queues", len(d.Ceilings), len(in.Queues))
		}
		for i, c := range d.Ceilings {
			least, most := minCeilingOf(in.Queues[i]), scaling.MaxCeiling
			if m := in.Queues[i].Max; m != 0 {
				most = max(least, min(m, scaling.MaxCeiling))
			}
			if unit := max(1, in.Queues[i].Unit); c.Workers < least || c.Workers > most || c.Workers%unit != 0 {
				t.Errorf("%s: %d, not within %d–%d, by %d", c.Name, c.Workers, least, most, unit)
			}
			if c.Reason == "" {
				t.Errorf("%s: no reason", c.Name)
			}
		}
		if n := sumWorkers(d); n > max(in.Budget, sumMinCeilings(in.Queues)) {
			t.Errorf("%d workers of %d", n, in.Budget)
		}
		if d.NextDecisionIn < 0 || d.NextDecisionIn > 3*time.Minute {
			t.Errorf("decide again in %v", d.NextDecisionIn)
		}
	})
}

func TestPromise12_MinimumsAreKept(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawSoundInput(t)
		for i := range in.Queues {
			most := in.Budget / len(in.Queues)
			in.Queues[i].Min = rapid.IntRange(0, most).Draw(t, "min")
			in.Queues[i].Unit = min(in.Queues[i].Unit, max(1, most-max(scaling.MinCeiling, in.Queues[i].Min)+1))
		}
		for i, c := range scaling.DecideCeilings(in).Ceilings {
			if c.Workers < in.Queues[i].Min {
				t.Errorf("%s: %d, less than %d", c.Name, c.Workers, in.Queues[i].Min)
			}
		}
	})
}

func TestPromise12_CeilingsAreMonotoneInBacklogAndAge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawSoundInput(t)
		if rapid.Bool().Draw(t, "has a history") {
			in.Previous = scaling.DecideCeilings(in)
			in.Now = in.Now.Add(time.Minute)
		}
		i := rapid.IntRange(0, len(in.Queues)-1).Draw(t, "queue")
		less := scaling.DecideCeilings(in).Ceilings[i]
		r := &in.Queues[i].Reading
		r.Visible += float64(rapid.IntRange(0, 2000).Draw(t, "more messages"))
		r.OldestAge += rapid.Float64Range(0, 900).Draw(t, "older")
		if more := scaling.DecideCeilings(in).Ceilings[i]; more.Workers < less.Workers {
			t.Errorf("more backlog, fewer workers: %+v, then %+v", less, more)
		}
	})
}

func TestPromise12_InvalidReadingHoldsCeiling(t *testing.T) {
	t.Parallel()
	broken := map[string]func(*scaling.Reading){
		"missing":            func(r *scaling.Reading) { *r = scaling.Reading{} },
		"stale":              func(r *scaling.Reading) { r.At = noon.Add(-5 * time.Minute) },
		"from the future":    func(r *scaling.Reading) { r.At = noon.Add(5 * time.Minute) },
		"negative":           func(r *scaling.Reading) { r.Visible = -1 },
		"not a number":       func(r *scaling.Reading) { r.InFlight = math.NaN() },
		"infinite":           func(r *scaling.Reading) { r.OldestAge = math.Inf(1) },
		"no service time":    func(r *scaling.Reading) { r.ServiceTime = 0 },
		"absurd service":     func(r *scaling.Reading) { r.ServiceTime = 1e6 },
		"service not number": func(r *scaling.Reading) { r.ServiceTime = math.NaN() },
	}
	for name, breaks := range broken {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				in := drawSoundInput(t)
				in.Previous = scaling.DecideCeilings(in)
				i := rapid.IntRange(0, len(in.Queues)-1).Draw(t, "queue")
				for n := range in.Queues {
					in.Queues[n].Reading.Visible *= 10
				}
				breaks(&in.Queues[i].Reading)
				before, c := in.Previous.Ceilings[i].Workers, scaling.DecideCeilings(in).Ceilings[i]
				if c.Workers != before || c.Reason != scaling.ReasonHeld {
					t.Errorf("%s: %d, then, as the others grow, %d: %s", c.Name, before, c.Workers, c.Reason)
				}
			})
		})
	}
}

func TestPromise12_CeilingIsNeverBelowMinimum(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawSoundInput(t)
		in.Budget = rapid.IntRange(0, 1000).Draw(t, "any budget")
		for _, c := range scaling.DecideCeilings(in).Ceilings {
			if c.Workers < scaling.MinCeiling {
				t.Errorf("%s: %d", c.Name, c.Workers)
			}
		}
	})
}

// The bulk lane has its share, to half a unit, or all that it wants, unless it lends. It lends only if three quarters
// of its MaxWait would be left after processing everything with its share alone.
func TestPromise12_BulkHasItsShareOrTimeToSpare(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawSoundInput(t)
		in.Budget = max(in.Budget, 2*sumMinCeilings(in.Queues))
		in.Previous, in.Now = scaling.DecideCeilings(in), in.Now.Add(10*time.Minute)
		for i := range in.Queues {
			in.Queues[i].Reading.At = in.Now
			in.Queues[i].Reading.Visible = float64(rapid.IntRange(0, 2000).Draw(t, "then visible"))
		}
		has, wanted, unit, work := 0, 0, 1, 0.0
		for i, c := range scaling.DecideCeilings(in).Ceilings {
			if q := in.Queues[i]; q.Lane == video.Bulk && q.MaxWait >= 300 {
				if c.Reason == scaling.ReasonWaiting {
					t.Skip("another has to give back")
				}
				has, wanted, unit = has+c.Workers, wanted+c.Wanted, max(unit, q.Unit)
				work += (q.Reading.Visible + q.Reading.InFlight) * q.Reading.ServiceTime
			}
		}
		part := 0.4 * float64(in.Budget)
		if has >= min(wanted, int(part)-unit/2) {
			return
		}
		for _, q := range in.Queues {
			if q.Lane == video.Bulk && q.MaxWait >= 300 && q.Reading.Visible > 0 &&
				q.Reading.OldestAge+work/part > q.MaxWait/4+1 {
				t.Errorf(
					"bulk wants %d and has %d, with %v s of work for %v and %v s of %v gone", wanted, has, work, part,
					q.Reading.OldestAge, q.MaxWait,
				)
			}
		}
	})
}

func TestPromise12_NoisyReadingsCauseFewChanges(t *testing.T) {
	t.Parallel()
	const most = 5 // changes of one ceiling in any ten minutes
	rapid.Check(t, func(t *rapid.T) {
		in := drawSoundInput(t)
		every := time.Duration(rapid.SampledFrom([]int{10, 30, 60}).Draw(t, "seconds between decisions")) * time.Second
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "noise"), 0))
		truth := make([]scaling.Reading, len(in.Queues))
		for i, q := range in.Queues {
			truth[i] = q.Reading
		}
		changes := make([][]time.Time, len(in.Queues))
		for at := time.Duration(0); at < 3*time.Hour; at += every {
			in.Now = noon.Add(at)
			for i := range in.Queues {
				r := &in.Queues[i].Reading
				noisy := func(x float64) float64 { return math.Round(x * (0.5 + rng.Float64())) }
				r.At, r.Visible, r.InFlight = in.Now, noisy(truth[i].Visible), noisy(truth[i].InFlight)
			}
			d := scaling.DecideCeilings(in)
			for i, c := range d.Ceilings {
				if before, ok := in.Previous.FindCeiling(c.Name); ok && before.Workers != c.Workers &&
					at > 10*time.Minute {
					changes[i] = append(changes[i], in.Now)
				}
			}
			in.Previous = d
		}
		for i, times := range changes {
			for n := most; n < len(times); n++ {
				if took := times[n].Sub(times[n-most]); took < 10*time.Minute {
					t.Fatalf("%s changed %d times in %v", in.Queues[i].Name, most+1, took)
				}
			}
		}
	})
}

func TestPromise12_SameInputSameDecision(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawAnyInput(t)
		queues := append([]scaling.Queue{}, in.Queues...)
		first, second := scaling.DecideCeilings(in), scaling.DecideCeilings(in)
		if diff := cmp.Diff(first, second); diff != "" {
			t.Error(diff)
		}
		for i := range queues {
			queues[i].Reading, in.Queues[i].Reading = scaling.Reading{}, scaling.Reading{} // NaN is not NaN
			queues[i].MaxWait, in.Queues[i].MaxWait, queues[i].Weight, in.Queues[i].Weight = 0, 0, 0, 0
		}
		if diff := cmp.Diff(append([]scaling.Queue{}, in.Queues...), queues); diff != "" {
			t.Error("the input has changed: ", diff)
		}
	})
}

// worker is one message that is being processed, of a queue, until a second.
type worker struct{ queue, ends int }

// At any time there are at most as many workers as the budget, which leaves the API's share untouched. Ceilings take
// effect at once here, which is the worst case.
func TestPromise12_WorkersNeverExceedBudget(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawSoundInput(t)
		waiting := make([]int, len(in.Queues))
		var work []worker
		for second := range 300 {
			work = dropEnded(work, second)
			in.Now = noon.Add(time.Duration(second) * time.Second)
			busy := countByQueue(work, len(in.Queues))
			if second%10 == 0 {
				for i := range in.Queues {
					if rapid.IntRange(0, 5).Draw(t, "burst") == 0 {
						waiting[i] += rapid.IntRange(0, 500).Draw(t, "messages")
					}
					r := &in.Queues[i].Reading
					r.At, r.Visible, r.InFlight, r.ServiceTime = in.Now, float64(
						waiting[i],
					), float64(busy[i]), math.Round(min(r.ServiceTime, 40))+1
				}
				in.Previous = scaling.DecideCeilings(in)
			}
			for i, c := range in.Previous.Ceilings {
				for ; busy[i] < c.Workers && waiting[i] > 0; busy[i]++ {
					waiting[i]--
					work = append(work, worker{i, second + int(in.Queues[i].Reading.ServiceTime)})
				}
			}
			if len(work) > in.Budget {
				t.Fatalf("%d workers at once, of %d", len(work), in.Budget)
			}
		}
	})
}

func dropEnded(work []worker, second int) (left []worker) {
	for _, w := range work {
		if w.ends > second {
			left = append(left, w)
		}
	}
	return left
}

func countByQueue(work []worker, queues int) []int {
	n := make([]int, queues)
	for _, w := range work {
		n[w.queue]++
	}
	return n
}
