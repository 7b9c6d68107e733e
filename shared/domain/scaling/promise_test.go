package scaling_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/scaling"
)

var names = []string{"inspect", "encode", "encode-bulk", "publish", "deliver"}

// anyNumber is what a broken metric may hold.
func anyNumber() *rapid.Generator[float64] {
	return rapid.OneOf(rapid.Float64(), rapid.Float64Range(0, 5000),
		rapid.SampledFrom([]float64{0, -1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64}))
}

func anyTime(t *rapid.T, label string) time.Time {
	if rapid.IntRange(0, 9).Draw(t, label+" is zero") == 0 {
		return time.Time{}
	}
	return noon.Add(time.Duration(rapid.Int64Range(-int64(time.Hour), int64(time.Hour)).Draw(t, label)))
}

// anything draws inputs as bad as they come, what was remembered included.
func anything(t *rapid.T) scaling.Input {
	in := scaling.Input{Now: noon, Budget: rapid.IntRange(-10, 3000).Draw(t, "budget"), Previous: scaling.Decision{Lanes: anyLanes(t)}}
	for _, name := range names[:rapid.IntRange(0, len(names)).Draw(t, "queues")] {
		in.Queues = append(in.Queues, scaling.Queue{
			Name: name, Lane: rapid.SampledFrom([]scaling.Lane{scaling.Interactive, scaling.Bulk, ""}).Draw(t, "lane"),
			Promise: anyNumber().Draw(t, "promise"), Weight: anyNumber().Draw(t, "weight"),
			Min: rapid.IntRange(-5, 50).Draw(t, "min"), Max: rapid.IntRange(-5, 1500).Draw(t, "max"), Unit: rapid.IntRange(-1, 20).Draw(t, "unit"),
			Reading: scaling.Reading{At: anyTime(t, "at"), Visible: anyNumber().Draw(t, "visible"),
				InFlight: anyNumber().Draw(t, "in flight"), Oldest: anyNumber().Draw(t, "oldest"), Service: anyNumber().Draw(t, "service")},
		})
		in.Previous.Ceilings = append(in.Previous.Ceilings, scaling.Ceiling{
			Name: name, Workers: rapid.IntRange(-10, 2000).Draw(t, "before"), Wanted: rapid.Int().Draw(t, "wanted before"),
			Memory: scaling.Memory{Since: anyTime(t, "since"), Recent: rapid.Int().Draw(t, "recent"),
				Former: rapid.Int().Draw(t, "former"), Need: rapid.Int().Draw(t, "need"),
				Was: rapid.Int().Draw(t, "was"), Cut: anyTime(t, "cut"),
				From: rapid.Int().Draw(t, "from"), Fell: anyTime(t, "fell")},
		})
	}
	return in
}

func anyLanes(t *rapid.T) scaling.Lanes {
	splits := []scaling.Split{scaling.Usual, scaling.Loan, scaling.Due, scaling.Behind, "?"}
	return scaling.Lanes{Split: rapid.SampledFrom(splits).Draw(t, "split"), Since: anyTime(t, "split since")}
}

// sensible draws inputs as they are on a good day: sound readings and no history.
func sensible(t *rapid.T) scaling.Input {
	in := scaling.Input{Now: noon, Budget: rapid.IntRange(10, 1000).Draw(t, "budget")}
	for i, name := range names[:rapid.IntRange(1, len(names)).Draw(t, "queues")] {
		in.Queues = append(in.Queues, scaling.Queue{
			Name: name, Lane: []scaling.Lane{scaling.Interactive, scaling.Bulk}[i%2],
			Promise: rapid.Float64Range(1, 600).Draw(t, "promise"), Weight: rapid.Float64Range(0.5, 8).Draw(t, "weight"),
			Unit: rapid.SampledFrom([]int{1, 10}).Draw(t, "unit"),
			Reading: scaling.Reading{At: noon, Visible: float64(rapid.IntRange(0, 2000).Draw(t, "visible")),
				InFlight: float64(rapid.IntRange(0, 300).Draw(t, "in flight")), Oldest: rapid.Float64Range(0, 900).Draw(t, "oldest"),
				Service: rapid.Float64Range(0.1, 180).Draw(t, "service")},
		})
	}
	in.Budget = max(in.Budget, fewestOf(in.Queues))
	return in
}

// fewest is the least ceiling that a queue can have.
func fewest(q scaling.Queue) int {
	unit := max(1, q.Unit)
	return (scaling.Least + unit - 1) / unit * unit
}

func fewestOf(queues []scaling.Queue) (n int) {
	for _, q := range queues {
		n += fewest(q)
	}
	return n
}

func total(d scaling.Decision) (n int) {
	for _, c := range d.Ceilings {
		n += c.Workers
	}
	return n
}

func TestPromise12_CeilingsStayWithinTheirBoundsAndTheBudget(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anything(t)
		d := scaling.Decide(in)
		if len(d.Ceilings) != len(in.Queues) {
			t.Fatalf("%d ceilings for %d queues", len(d.Ceilings), len(in.Queues))
		}
		for i, c := range d.Ceilings {
			least, most := fewest(in.Queues[i]), scaling.Most
			if m := in.Queues[i].Max; m != 0 {
				most = max(least, min(m, scaling.Most))
			}
			if unit := max(1, in.Queues[i].Unit); c.Workers < least || c.Workers > most || c.Workers%unit != 0 {
				t.Errorf("%s: %d, not within %d–%d, by %d", c.Name, c.Workers, least, most, unit)
			}
			if c.Reason == "" {
				t.Errorf("%s: no reason", c.Name)
			}
		}
		if n := total(d); n > max(in.Budget, fewestOf(in.Queues)) {
			t.Errorf("%d workers of %d", n, in.Budget)
		}
		if d.Again < 0 || d.Again > 3*time.Minute {
			t.Errorf("decide again in %v", d.Again)
		}
	})
}

func TestPromise12_MinimumsAreKept(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := sensible(t)
		for i := range in.Queues {
			most := in.Budget / len(in.Queues)
			in.Queues[i].Min = rapid.IntRange(0, most).Draw(t, "min")
			in.Queues[i].Unit = min(in.Queues[i].Unit, max(1, most-max(scaling.Least, in.Queues[i].Min)+1))
		}
		for i, c := range scaling.Decide(in).Ceilings {
			if c.Workers < in.Queues[i].Min {
				t.Errorf("%s: %d, less than %d", c.Name, c.Workers, in.Queues[i].Min)
			}
		}
	})
}

func TestPromise12_CeilingsAreMonotoneInBacklogAndAge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := sensible(t)
		if rapid.Bool().Draw(t, "has a history") {
			in.Previous = scaling.Decide(in)
			in.Now = in.Now.Add(time.Minute)
		}
		i := rapid.IntRange(0, len(in.Queues)-1).Draw(t, "queue")
		less := scaling.Decide(in).Ceilings[i]
		r := &in.Queues[i].Reading
		r.Visible += float64(rapid.IntRange(0, 2000).Draw(t, "more messages"))
		r.Oldest += rapid.Float64Range(0, 900).Draw(t, "older")
		if more := scaling.Decide(in).Ceilings[i]; more.Workers < less.Workers {
			t.Errorf("more backlog, fewer workers: %+v, then %+v", less, more)
		}
	})
}

func TestPromise12_HoldsOnBrokenReadings(t *testing.T) {
	t.Parallel()
	broken := map[string]func(*scaling.Reading){
		"missing":            func(r *scaling.Reading) { *r = scaling.Reading{} },
		"stale":              func(r *scaling.Reading) { r.At = noon.Add(-5 * time.Minute) },
		"from the future":    func(r *scaling.Reading) { r.At = noon.Add(5 * time.Minute) },
		"negative":           func(r *scaling.Reading) { r.Visible = -1 },
		"not a number":       func(r *scaling.Reading) { r.InFlight = math.NaN() },
		"infinite":           func(r *scaling.Reading) { r.Oldest = math.Inf(1) },
		"no service time":    func(r *scaling.Reading) { r.Service = 0 },
		"absurd service":     func(r *scaling.Reading) { r.Service = 1e6 },
		"service not number": func(r *scaling.Reading) { r.Service = math.NaN() },
	}
	for name, breaks := range broken {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				in := sensible(t)
				in.Previous = scaling.Decide(in)
				i := rapid.IntRange(0, len(in.Queues)-1).Draw(t, "queue")
				for n := range in.Queues {
					in.Queues[n].Reading.Visible *= 10
				}
				breaks(&in.Queues[i].Reading)
				before, c := in.Previous.Ceilings[i].Workers, scaling.Decide(in).Ceilings[i]
				if c.Workers != before || c.Reason != scaling.Held {
					t.Errorf("%s: %d, then, as the others grow, %d: %s", c.Name, before, c.Workers, c.Reason)
				}
			})
		})
	}
}

func TestPromise12_NeverZeroWithWorkWaiting(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := sensible(t)
		in.Budget = rapid.IntRange(0, 1000).Draw(t, "any budget")
		for _, c := range scaling.Decide(in).Ceilings {
			if c.Workers < scaling.Least {
				t.Errorf("%s: %d", c.Name, c.Workers)
			}
		}
	})
}

// The bulk lane, of queues that can wait, has its part, to half a unit, or all that it wants, unless it lends; and that it
// does only if it could still wait for three quarters of what it promises and then had no more than its part.
func TestPromise12_BulkHasItsPartOrTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := sensible(t)
		in.Budget = max(in.Budget, 2*fewestOf(in.Queues))
		in.Previous, in.Now = scaling.Decide(in), in.Now.Add(10*time.Minute)
		for i := range in.Queues {
			in.Queues[i].Reading.At = in.Now
			in.Queues[i].Reading.Visible = float64(rapid.IntRange(0, 2000).Draw(t, "then visible"))
		}
		has, wanted, unit, work := 0, 0, 1, 0.0
		for i, c := range scaling.Decide(in).Ceilings {
			if q := in.Queues[i]; q.Lane == scaling.Bulk && q.Promise >= 300 {
				if c.Reason == scaling.Waiting {
					t.Skip("another has to give back")
				}
				has, wanted, unit = has+c.Workers, wanted+c.Wanted, max(unit, q.Unit)
				work += (q.Reading.Visible + q.Reading.InFlight) * q.Reading.Service
			}
		}
		part := 0.4 * float64(in.Budget)
		if has >= min(wanted, int(part)-unit/2) {
			return
		}
		for _, q := range in.Queues {
			if q.Lane == scaling.Bulk && q.Promise >= 300 && q.Reading.Visible > 0 && q.Reading.Oldest+work/part > q.Promise/4+1 {
				t.Errorf("bulk wants %d and has %d, with %v s of work for %v and %v s of %v gone", wanted, has, work, part, q.Reading.Oldest, q.Promise)
			}
		}
	})
}

func TestPromise12_NoFlapping(t *testing.T) {
	t.Parallel()
	const most = 5 // changes of one ceiling in any ten minutes
	rapid.Check(t, func(t *rapid.T) {
		in := sensible(t)
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
			d := scaling.Decide(in)
			for i, c := range d.Ceilings {
				if before, ok := in.Previous.Of(c.Name); ok && before.Workers != c.Workers && at > 10*time.Minute {
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
		in := anything(t)
		queues := append([]scaling.Queue{}, in.Queues...)
		first, second := scaling.Decide(in), scaling.Decide(in)
		if diff := cmp.Diff(first, second); diff != "" {
			t.Error(diff)
		}
		for i := range queues {
			queues[i].Reading, in.Queues[i].Reading = scaling.Reading{}, scaling.Reading{} // NaN is not NaN
			queues[i].Promise, in.Queues[i].Promise, queues[i].Weight, in.Queues[i].Weight = 0, 0, 0, 0
		}
		if diff := cmp.Diff(append([]scaling.Queue{}, in.Queues...), queues); diff != "" {
			t.Error("the input has changed: ", diff)
		}
	})
}

// worker is one message in work, in a queue; it ends at a second.
type worker struct{ queue, ends int }

// The API's share: however the lanes take turns, there are never more workers at once than the budget has. The lever
// is at its worst here: as fast as the law itself, so that nothing but the law holds back.
func TestPromise12_TheAPIsShareIsUntouched(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := sensible(t)
		waiting := make([]int, len(in.Queues))
		var work []worker
		for second := range 300 {
			work = end(work, second)
			in.Now = noon.Add(time.Duration(second) * time.Second)
			busy := count(work, len(in.Queues))
			if second%10 == 0 {
				for i := range in.Queues {
					if rapid.IntRange(0, 5).Draw(t, "burst") == 0 {
						waiting[i] += rapid.IntRange(0, 500).Draw(t, "messages")
					}
					r := &in.Queues[i].Reading
					r.At, r.Visible, r.InFlight, r.Service = in.Now, float64(waiting[i]), float64(busy[i]), math.Round(min(r.Service, 40))+1
				}
				in.Previous = scaling.Decide(in)
			}
			for i, c := range in.Previous.Ceilings {
				for ; busy[i] < c.Workers && waiting[i] > 0; busy[i]++ {
					waiting[i]--
					work = append(work, worker{i, second + int(in.Queues[i].Reading.Service)})
				}
			}
			if len(work) > in.Budget {
				t.Fatalf("%d workers at once, of %d", len(work), in.Budget)
			}
		}
	})
}

func end(work []worker, second int) (left []worker) {
	for _, w := range work {
		if w.ends > second {
			left = append(left, w)
		}
	}
	return left
}

func count(work []worker, queues int) []int {
	n := make([]int, queues)
	for _, w := range work {
		n[w.queue]++
	}
	return n
}
