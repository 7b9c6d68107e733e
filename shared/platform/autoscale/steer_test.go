package autoscale_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/scaling"
	"sluice/shared/domain/services"
	"sluice/shared/platform/autoscale"
)

var none autoscale.Hint

func TestPromise12_IdleIsSilent(t *testing.T) {
	t.Parallel()
	w := newWorld(100)
	for range 24 * 60 {
		if again, calls := w.decide(t, time.Minute, none); again != 0 || calls != nil {
			t.Fatalf("again in %v, calls %v", again, calls)
		}
	}
	if w.saves > 0 {
		t.Errorf("%d writes in a day in which nothing waited", w.saves)
	}
}

// TestPromise12_ABurstIsGivenWorkersAndGivesThemBack: and then it is silent again.
func TestPromise12_ABurstIsGivenWorkersAndGivesThemBack(t *testing.T) {
	t.Parallel()
	w := newWorld(100)
	before := maps.Clone(w.ceilings)
	w.waiting["encode"] = 500
	again, calls := w.decide(t, 0, none)
	if again == 0 || len(calls) != len(services.Queues()) { // it is the first time: each is told what it has
		t.Errorf("again in %v, calls %v", again, calls)
	}
	for range 6 {
		w.decide(t, 10*time.Second, none)
	}
	if w.ceilings["encode"] <= before["encode"] || w.ceilings["encode-bulk"] >= before["encode-bulk"] {
		t.Errorf("in a burst: %v, before %v", w.ceilings, before)
	}
	clear(w.waiting)
	for range 30 {
		w.decide(t, time.Minute, none)
	}
	if w.ceilings["encode-bulk"] < before["encode-bulk"]*4/5 { // trifles are not worth a call
		t.Errorf("half an hour later: %v, before %v", w.ceilings, before)
	}
	saves := w.saves
	for range 60 {
		if _, calls := w.decide(t, time.Minute, none); calls != nil {
			t.Errorf("calls %v", calls)
		}
	}
	if w.saves > saves {
		t.Errorf("%d writes while nothing waits", w.saves-saves)
	}
}

// TestTheFirstBurstIsLentFor: what mappings were made with is known before anything was decided.
func TestTheFirstBurstIsLentFor(t *testing.T) {
	t.Parallel()
	w := newWorld(100)
	w.waiting["encode"] = 500
	w.decide(t, 0, none)
	if s := w.state(t); s.Lanes.Split != scaling.Loan {
		t.Errorf("the split is %q", s.Lanes.Split)
	}
}

func TestOnlyWhatChangesIsSet(t *testing.T) {
	t.Parallel()
	w := decided(t)
	for range 5 {
		if _, calls := w.decide(t, time.Minute, none); calls != nil {
			t.Errorf("nothing has changed: %v", calls)
		}
	}
	before := maps.Clone(w.ceilings)
	w.waiting["inspect"] = 40
	_, calls := w.decide(t, time.Minute, none)
	var changed []string
	for queue, n := range w.ceilings {
		if n != before[queue] {
			changed = append(changed, queue)
		}
	}
	slices.Sort(calls)
	slices.Sort(changed)
	if len(calls) == 0 || len(calls) == len(before) || !slices.Equal(calls, changed) {
		t.Errorf("calls %v, changed %v", calls, changed)
	}
}

func TestAMappingIsToldAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*world)
		after  time.Duration
		want   int
	}{
		{"not as long as it is trusted", func(*world) {}, 59 * time.Minute, 0},
		{"once in an hour, as somebody may have changed it", func(*world) {}, time.Hour, len(services.Queues())},
		{"if it is another", func(w *world) {
			delete(w.ceilings, "purge")
			w.Feed = func(queue string) string { return map[string]string{"purge": "new"}[queue] + queue }
		}, time.Minute, 1},
		{"if a deployment has another budget", func(w *world) { w.Budget = 101 }, time.Minute, len(services.Queues())},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := decided(t)
			tt.change(w)
			if _, calls := w.decide(t, tt.after, none); len(calls) != tt.want {
				t.Errorf("calls %v, want %d", calls, tt.want)
			}
		})
	}
}

func TestAMappingThatFailsKeepsNoOther(t *testing.T) {
	t.Parallel()
	w := decided(t)
	was := maps.Clone(w.ceilings)
	w.waiting["encode"], w.fails["encode-bulk"] = 500, true
	again, calls, err := w.try(t, time.Minute, none)
	if !errors.Is(err, errDown) || again == 0 || len(calls) < 2 {
		t.Errorf("again in %v, calls %v, %v", again, calls, err)
	}
	if w.ceilings["encode-bulk"] != was["encode-bulk"] || w.ceilings["fetch"] >= was["fetch"] {
		t.Errorf("ceilings %v, before %v", w.ceilings, was)
	}
	for range 3 { // a ceiling that did not fall is nobody's to have: the budget holds, see try
		if _, _, err := w.try(t, 30*time.Second, none); !errors.Is(err, errDown) {
			t.Errorf("err %v", err)
		}
	}
	clear(w.fails)
	w.decide(t, 30*time.Second, none)
	if w.ceilings["encode-bulk"] >= was["encode-bulk"] {
		t.Errorf("when it answers again: %v", w.ceilings)
	}
}

// Lambda refuses a change while it makes another, as in every burst: that is no error, but is done soon.
func TestAMappingThatIsBeingChangedIsLeftForLater(t *testing.T) {
	t.Parallel()
	w := decided(t)
	was := maps.Clone(w.ceilings)
	w.waiting["encode"], w.changing["encode-bulk"] = 500, true
	if again, _ := w.decide(t, time.Minute, none); again == 0 || w.ceilings["encode-bulk"] != was["encode-bulk"] {
		t.Errorf("again in %v, ceilings %v", again, w.ceilings)
	}
	clear(w.waiting)
	if again, _ := w.decide(t, time.Hour, none); again == 0 {
		t.Error("nobody comes back for it")
	}
	clear(w.changing)
	w.waiting["encode"] = 500
	if w.decide(t, 15*time.Minute, none); w.ceilings["encode-bulk"] >= was["encode-bulk"] { // when it may be lent for again
		t.Errorf("when it is done: %v", w.ceilings)
	}
}

func TestWhatCannotBeReadIsHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(100)
	w.waiting["encode-bulk"] = 3000
	for range 12 {
		w.decide(t, 10*time.Second, none)
	}
	was := w.ceilings["encode-bulk"]
	w.fails["count encode-bulk"] = true
	if _, _, err := w.try(t, time.Minute, none); !errors.Is(err, errDown) {
		t.Errorf("err %v", err)
	}
	if s, _ := w.state(t).Of("encode-bulk"); w.ceilings["encode-bulk"] != was || s.Reason != scaling.Held {
		t.Errorf("%d workers, before %d: %s", w.ceilings["encode-bulk"], was, s.Reason)
	}
}

func TestAgesCountWhereMessagesWait(t *testing.T) {
	t.Parallel()
	w := newWorld(100)
	w.decide(t, time.Minute, none)
	if w.asked != nil {
		t.Errorf("nothing waits, and it asks for the ages of %v", w.asked)
	}
	w.waiting["encode"], w.waiting["encode-bulk"], w.inFlight["fetch"] = 3, 40, 2
	w.oldest = map[string]time.Duration{"encode-bulk": 700 * time.Second}
	w.decide(t, time.Minute, none)
	if d := cmp.Diff([][]string{{"encode", "encode-bulk"}}, w.asked); d != "" {
		t.Errorf("asked for ages: %s", d)
	}
	interactive, _ := w.state(t).Of("encode")
	bulk, _ := w.state(t).Of("encode-bulk")
	if interactive.Reading.Oldest != 0 || bulk.Reading.Oldest != 700 || bulk.Reason != scaling.Late {
		t.Errorf("%v s and %v s: %s", interactive.Reading.Oldest, bulk.Reading.Oldest, bulk.Reason)
	}
}

func TestWhoseAgeIsNotKnownIsNew(t *testing.T) {
	t.Parallel()
	w := newWorld(100)
	w.waiting["encode-bulk"], w.oldest["encode-bulk"], w.fails["ages"] = 40, 700*time.Second, true
	w.decide(t, time.Minute, none)
	if bulk, _ := w.state(t).Of("encode-bulk"); bulk.Reading.Oldest != 0 || bulk.Reason != scaling.Enough {
		t.Errorf("%v s: %s", bulk.Reading.Oldest, bulk.Reason)
	}
}

func TestOfTwoDecidersOneGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(100)
	w.waiting["encode"] = 500
	other := w.Steerer
	other.Feeds, other.Rows = newWorld(100), w.Memory
	w.race = func() {
		if _, err := other.Decide(t.Context(), none); err != nil {
			t.Error(err)
		}
	}
	if again, calls := w.decide(t, 0, none); again != 0 || calls != nil {
		t.Errorf("who lost decides again in %v, and calls %v", again, calls)
	}
}

// TestWhatACrashLeavesUndoneIsDone: the State is saved before the mappings are told.
func TestWhatACrashLeavesUndoneIsDone(t *testing.T) {
	t.Parallel()
	w := newWorld(100)
	w.waiting["encode"] = 500
	deployed := maps.Clone(w.ceilings)
	w.decide(t, 0, none)
	s := w.state(t)
	s.Version++
	for i := range s.Queues {
		s.Queues[i].Set = time.Time{}
	}
	if err := w.Memory.SaveScaling(t.Context(), s); err != nil { // as if it had ended there
		t.Fatal(err)
	}
	w.ceilings = deployed
	if _, calls := w.decide(t, time.Minute, none); len(calls) != len(services.Queues()) {
		t.Errorf("calls %v", calls)
	}
}

func TestDecisionsAreApart(t *testing.T) {
	t.Parallel()
	w := newWorld(100)
	w.waiting["encode"] = 500
	w.decide(t, 0, none)
	at := w.state(t).At
	told := autoscale.Hint{Sent: map[string]int{"encode": 900}, Service: map[string]float64{"encode": 3}}
	if again, calls := w.decide(t, 9*time.Second, told); again != 0 || calls != nil || !w.state(t).At.Equal(at) {
		t.Errorf("9 s later: again in %v, calls %v", again, calls)
	}
	if d := cmp.Diff(map[string]float64{"encode": 3}, w.state(t).Service); d != "" {
		t.Errorf("but what was learned is kept: %s", d)
	}
	w.decide(t, time.Second, none)
	if s := w.state(t); s.At.Equal(at) {
		t.Error("10 s later nothing is decided")
	}
	w.decide(t, -time.Hour, none)
	if s := w.state(t); !s.At.Equal(w.now) {
		t.Error("a decision of the future keeps the present from deciding")
	}
}

func TestAHintCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(100)
	w.waiting["encode"] = 3
	w.decide(t, 0, autoscale.Hint{Sent: map[string]int{"encode": 2, "encode-bulk": 900}, Service: map[string]float64{"encode": 4}})
	s := w.state(t)
	interactive, _ := s.Of("encode")
	bulk, _ := s.Of("encode-bulk")
	if got := []float64{interactive.Reading.Visible, bulk.Reading.Visible, interactive.Reading.Service, bulk.Reading.Service}; !slices.Equal(got, []float64{3, 900, 4, 4}) {
		t.Errorf("decided by %v", got)
	}
	w.decide(t, time.Minute, autoscale.Hint{Service: map[string]float64{"encode": 8}})
	if got := w.state(t).Service["encode"]; got != 6 {
		t.Errorf("4 s and then 8 s make %v s", got)
	}
}

func TestABudgetThatIsTooSmall(t *testing.T) {
	t.Parallel()
	w := newWorld(10)
	w.waiting["encode"] = 500
	w.decide(t, 0, none)
	for queue, n := range w.ceilings {
		if n != services.LeastWorkers {
			t.Errorf("%s may have %d", queue, n)
		}
	}
}

// A worker that another queue gives back is free after seconds; who is told to decide then must not find it too soon, and
// the one who waits for it go without.
func TestWhoIsToDecideAgainDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(2*len(services.Queues()) + 1)
	w.waiting["encode-bulk"] = 500
	for range 3 {
		w.decide(t, time.Minute, none)
	}
	clear(w.waiting)
	for range 30 {
		w.decide(t, time.Minute, none)
	}
	spare := w.ceilings["encode-bulk"]
	again, _ := w.decide(t, time.Minute, autoscale.Hint{Sent: map[string]int{"encode": 500}, Service: map[string]float64{"encode": 1.1}})
	if w.ceilings["encode-bulk"] >= spare || w.ceilings["encode"] != 2 {
		t.Fatalf("nobody waits for another's: %v", w.ceilings)
	}
	if w.decide(t, again, none); w.ceilings["encode"] != 3 {
		t.Errorf("decided again after %v: %v", again, w.ceilings)
	}
}

func TestPollersAreSetWhereTheyAreProvisioned(t *testing.T) {
	t.Parallel()
	w := newWorld(100)
	w.Provisioned = scaling.Provisioned{"encode"}
	for _, c := range w.Idle(100) {
		w.ceilings[c.Name] = c.Workers
	}
	w.waiting["encode"] = 500
	for range 6 {
		w.decide(t, 10*time.Second, none)
	}
	if n := w.ceilings["encode"]; n < 40 || n%10 != 0 || w.pollers == 0 {
		t.Errorf("%d workers, by %d calls", n, w.pollers)
	}
	if share, _ := w.state(t).Of("encode"); share.Workers != w.ceilings["encode"] {
		t.Errorf("%d are kept, and there are %d", share.Workers, w.ceilings["encode"])
	}
}
