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

var noSignal autoscale.ScaleSignal

func TestPromise12_IdleWritesNothing(t *testing.T) {
	t.Parallel()
	w := newScalerEnv(100)
	for range 24 * 60 {
		if again, calls := w.adjustAfter(t, time.Minute, noSignal); again != 0 || calls != nil {
			t.Fatalf("next decision in %v, calls %v", again, calls)
		}
	}
	if w.saves > 0 {
		t.Errorf("%d writes in a day without messages", w.saves)
	}
}

// After the burst nothing is written any more.
func TestPromise12_BurstGetsWorkersAndReturnsThem(t *testing.T) {
	t.Parallel()
	w := newScalerEnv(100)
	before := maps.Clone(w.ceilings)
	w.waiting["encode"] = 500
	again, calls := w.adjustAfter(t, 0, noSignal)
	if again == 0 || len(calls) != len(services.ListQueues()) { // the first decision sets each ceiling
		t.Errorf("next decision in %v, calls %v", again, calls)
	}
	for range 6 {
		w.adjustAfter(t, 10*time.Second, noSignal)
	}
	if w.ceilings["encode"] <= before["encode"] || w.ceilings["encode-bulk"] >= before["encode-bulk"] {
		t.Errorf("in a burst: %v, before %v", w.ceilings, before)
	}
	clear(w.waiting)
	for range 30 {
		w.adjustAfter(t, time.Minute, noSignal)
	}
	if w.ceilings["encode-bulk"] < before["encode-bulk"]*4/5 { // small differences are not applied
		t.Errorf("half an hour later: %v, before %v", w.ceilings, before)
	}
	saves := w.saves
	for range 60 {
		if _, calls := w.adjustAfter(t, time.Minute, noSignal); calls != nil {
			t.Errorf("calls %v", calls)
		}
	}
	if w.saves > saves {
		t.Errorf("%d writes while all queues are empty", w.saves-saves)
	}
}

// Before the first decision the mappings have the ceilings that they were created with.
func TestFirstBurstBorrowsBulkCapacity(t *testing.T) {
	t.Parallel()
	w := newScalerEnv(100)
	w.waiting["encode"] = 500
	w.adjustAfter(t, 0, noSignal)
	if s := w.readState(t); s.Split.Current != scaling.SplitLoan {
		t.Errorf("the split is %q", s.Split.Current)
	}
}

func TestOnlyChangedCeilingsAreSet(t *testing.T) {
	t.Parallel()
	w := newDecidedEnv(t)
	for range 5 {
		if _, calls := w.adjustAfter(t, time.Minute, noSignal); calls != nil {
			t.Errorf("nothing has changed, but calls %v", calls)
		}
	}
	before := maps.Clone(w.ceilings)
	w.waiting["inspect"] = 40
	_, calls := w.adjustAfter(t, time.Minute, noSignal)
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

func TestCeilingIsReapplied(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*scalerEnv)
		after  time.Duration
		want   int
	}{
		{"not within an hour", func(*scalerEnv) {}, 59 * time.Minute, 0},
		{"after an hour, as somebody may have changed it", func(*scalerEnv) {}, time.Hour, len(services.ListQueues())},
		{"if it is another mapping", func(w *scalerEnv) {
			delete(w.ceilings, "purge")
			w.MappingID = func(queue string) string { return map[string]string{"purge": "new"}[queue] + queue }
		}, time.Minute, 1},
		{"if the budget is another", func(w *scalerEnv) { w.Budget = 101 }, time.Minute, len(services.ListQueues())},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newDecidedEnv(t)
			tt.change(w)
			if _, calls := w.adjustAfter(t, tt.after, noSignal); len(calls) != tt.want {
				t.Errorf("calls %v, want %d", calls, tt.want)
			}
		})
	}
}

func TestFailedMappingDoesNotBlockOthers(t *testing.T) {
	t.Parallel()
	w := newDecidedEnv(t)
	was := maps.Clone(w.ceilings)
	w.waiting["encode"], w.fails["encode-bulk"] = 500, true
	again, calls, err := w.tryAdjustAfter(t, time.Minute, noSignal)
	if !errors.Is(err, errDown) || again == 0 || len(calls) < 2 {
		t.Errorf("next decision in %v, calls %v, %v", again, calls, err)
	}
	if w.ceilings["encode-bulk"] != was["encode-bulk"] || w.ceilings["fetch"] >= was["fetch"] {
		t.Errorf("ceilings %v, before %v", w.ceilings, was)
	}
	// the workers that a failed decrease does not free are not given away: tryAdjustAfter checks the budget
	for range 3 {
		if _, _, err := w.tryAdjustAfter(t, 30*time.Second, noSignal); !errors.Is(err, errDown) {
			t.Errorf("err %v", err)
		}
	}
	clear(w.fails)
	w.adjustAfter(t, 30*time.Second, noSignal)
	if w.ceilings["encode-bulk"] >= was["encode-bulk"] {
		t.Errorf("when it can be set again: %v", w.ceilings)
	}
}

// Lambda rejects a change while it makes another one, as in every burst: that is no error, and is tried again soon.
func TestMappingBeingUpdatedIsRetriedLater(t *testing.T) {
	t.Parallel()
	w := newDecidedEnv(t)
	was := maps.Clone(w.ceilings)
	w.waiting["encode"], w.changing["encode-bulk"] = 500, true
	if again, _ := w.adjustAfter(t, time.Minute, noSignal); again == 0 ||
		w.ceilings["encode-bulk"] != was["encode-bulk"] {
		t.Errorf("next decision in %v, ceilings %v", again, w.ceilings)
	}
	clear(w.waiting)
	if again, _ := w.adjustAfter(t, time.Hour, noSignal); again == 0 {
		t.Error("no next decision")
	}
	clear(w.changing)
	w.waiting["encode"] = 500
	// when bulk may lend workers again
	if w.adjustAfter(t, 15*time.Minute, noSignal); w.ceilings["encode-bulk"] >= was["encode-bulk"] {
		t.Errorf("when Lambda has made its change: %v", w.ceilings)
	}
}

func TestUnreadableQueueKeepsItsCeiling(t *testing.T) {
	t.Parallel()
	w := newScalerEnv(100)
	w.waiting["encode-bulk"] = 3000
	for range 12 {
		w.adjustAfter(t, 10*time.Second, noSignal)
	}
	was := w.ceilings["encode-bulk"]
	w.fails["count encode-bulk"] = true
	if _, _, err := w.tryAdjustAfter(t, time.Minute, noSignal); !errors.Is(err, errDown) {
		t.Errorf("err %v", err)
	}
	if s, _ := w.readState(t).FindQueue("encode-bulk"); w.ceilings["encode-bulk"] != was ||
		s.Reason != scaling.ReasonHeld {
		t.Errorf("%d workers, before %d: %s", w.ceilings["encode-bulk"], was, s.Reason)
	}
}

func TestMessageAgesAreReadForNonEmptyQueues(t *testing.T) {
	t.Parallel()
	w := newScalerEnv(100)
	w.adjustAfter(t, time.Minute, noSignal)
	if w.ageQueries != nil {
		t.Errorf("all queues are empty, but the ages of %v are read", w.ageQueries)
	}
	w.waiting["encode"], w.waiting["encode-bulk"], w.inFlight["fetch"] = 3, 40, 2
	w.oldest = map[string]time.Duration{"encode-bulk": 700 * time.Second}
	w.adjustAfter(t, time.Minute, noSignal)
	if d := cmp.Diff([][]string{{"encode", "encode-bulk"}}, w.ageQueries); d != "" {
		t.Errorf("ages read: %s", d)
	}
	interactive, _ := w.readState(t).FindQueue("encode")
	bulk, _ := w.readState(t).FindQueue("encode-bulk")
	if interactive.Reading.OldestAge != 0 || bulk.Reading.OldestAge != 700 || bulk.Reason != scaling.ReasonLate {
		t.Errorf("%v s and %v s: %s", interactive.Reading.OldestAge, bulk.Reading.OldestAge, bulk.Reason)
	}
}

func TestUnknownMessageAgeCountsAsZero(t *testing.T) {
	t.Parallel()
	w := newScalerEnv(100)
	w.waiting["encode-bulk"], w.oldest["encode-bulk"], w.fails["ages"] = 40, 700*time.Second, true
	w.adjustAfter(t, time.Minute, noSignal)
	if bulk, _ := w.readState(t).FindQueue("encode-bulk"); bulk.Reading.OldestAge != 0 ||
		bulk.Reason != scaling.ReasonEnough {
		t.Errorf("%v s: %s", bulk.Reading.OldestAge, bulk.Reason)
	}
}

func TestConcurrentDecisionsApplyOnce(t *testing.T) {
	t.Parallel()
	w := newScalerEnv(100)
	w.waiting["encode"] = 500
	other := w.Autoscaler
	other.Mappings, other.Store = newScalerEnv(100), w.Store
	w.beforeSave = func() {
		if _, err := other.AdjustConcurrency(t.Context(), noSignal); err != nil {
			t.Error(err)
		}
	}
	if again, calls := w.adjustAfter(t, 0, noSignal); again != 0 || calls != nil {
		t.Errorf("the second process decides again in %v, and calls %v", again, calls)
	}
}

// The state is saved before the mappings are changed.
func TestCrashBeforeApplyIsCompletedNextTime(t *testing.T) {
	t.Parallel()
	w := newScalerEnv(100)
	w.waiting["encode"] = 500
	deployed := maps.Clone(w.ceilings)
	w.adjustAfter(t, 0, noSignal)
	s := w.readState(t)
	s.Version++
	for i := range s.Queues {
		s.Queues[i].AppliedAt = time.Time{}
	}
	if err := w.Store.SaveScalingState(t.Context(), s); err != nil { // as if the process had died there
		t.Fatal(err)
	}
	w.ceilings = deployed
	if _, calls := w.adjustAfter(t, time.Minute, noSignal); len(calls) != len(services.ListQueues()) {
		t.Errorf("calls %v", calls)
	}
}

func TestDecisionsAreTenSecondsApart(t *testing.T) {
	t.Parallel()
	w := newScalerEnv(100)
	w.waiting["encode"] = 500
	w.adjustAfter(t, 0, noSignal)
	at := w.readState(t).At
	told := autoscale.ScaleSignal{
		MessagesSent: map[string]int{"encode": 900}, ServiceTimes: map[string]float64{"encode": 3},
	}
	if again, calls := w.adjustAfter(t, 9*time.Second, told); again != 0 || calls != nil ||
		!w.readState(t).At.Equal(at) {
		t.Errorf("9 s later: next decision in %v, calls %v", again, calls)
	}
	if d := cmp.Diff(map[string]float64{"encode": 3}, w.readState(t).ServiceTimes); d != "" {
		t.Errorf("service times: %s", d)
	}
	w.adjustAfter(t, time.Second, noSignal)
	if s := w.readState(t); s.At.Equal(at) {
		t.Error("no decision after 10 s")
	}
	w.adjustAfter(t, -time.Hour, noSignal)
	if s := w.readState(t); !s.At.Equal(w.now) {
		t.Error("no decision, as the last one is in the future")
	}
}

func TestScaleSignalOverridesReadings(t *testing.T) {
	t.Parallel()
	w := newScalerEnv(100)
	w.waiting["encode"] = 3
	w.adjustAfter(
		t, 0,
		autoscale.ScaleSignal{
			MessagesSent: map[string]int{"encode": 2, "encode-bulk": 900},
			ServiceTimes: map[string]float64{"encode": 4},
		},
	)
	s := w.readState(t)
	interactive, _ := s.FindQueue("encode")
	bulk, _ := s.FindQueue("encode-bulk")
	if got := []float64{
		interactive.Reading.Visible, bulk.Reading.Visible, interactive.Reading.ServiceTime, bulk.Reading.ServiceTime,
	}; !slices.Equal(got, []float64{3, 900, 4, 4}) {
		t.Errorf("the readings are %v", got)
	}
	w.adjustAfter(t, time.Minute, autoscale.ScaleSignal{ServiceTimes: map[string]float64{"encode": 8}})
	if got := w.readState(t).ServiceTimes["encode"]; got != 6 {
		t.Errorf("4 s and then 8 s make %v s", got)
	}
}

func TestTooSmallBudgetGivesEachQueueMinimum(t *testing.T) {
	t.Parallel()
	w := newScalerEnv(10)
	w.waiting["encode"] = 500
	w.adjustAfter(t, 0, noSignal)
	for queue, n := range w.ceilings {
		if n != services.MinWorkers {
			t.Errorf("%s has %d workers", queue, n)
		}
	}
}

// Workers that another queue gives back are free after some seconds. A decision at the time that was returned must not
// be too early to give them away.
func TestScheduledDecisionIsNotTooEarly(t *testing.T) {
	t.Parallel()
	w := newScalerEnv(2*len(services.ListQueues()) + 1)
	w.waiting["encode-bulk"] = 500
	for range 3 {
		w.adjustAfter(t, time.Minute, noSignal)
	}
	clear(w.waiting)
	for range 30 {
		w.adjustAfter(t, time.Minute, noSignal)
	}
	spare := w.ceilings["encode-bulk"]
	again, _ := w.adjustAfter(
		t, time.Minute,
		autoscale.ScaleSignal{
			MessagesSent: map[string]int{"encode": 500}, ServiceTimes: map[string]float64{"encode": 1.1},
		},
	)
	if w.ceilings["encode-bulk"] >= spare || w.ceilings["encode"] != 2 {
		t.Fatalf("no queue waits for the workers of another: %v", w.ceilings)
	}
	if w.adjustAfter(t, again, noSignal); w.ceilings["encode"] != 3 {
		t.Errorf("decided again after %v: %v", again, w.ceilings)
	}
}

func TestProvisionedQueuesGetMaxPollers(t *testing.T) {
	t.Parallel()
	w := newScalerEnv(100)
	w.ProvisionedQueues = scaling.ProvisionedQueues{"encode"}
	for _, c := range w.IdleCeilings(100) {
		w.ceilings[c.Name] = c.Workers
	}
	w.waiting["encode"] = 500
	for range 6 {
		w.adjustAfter(t, 10*time.Second, noSignal)
	}
	if n := w.ceilings["encode"]; n < 40 || n%10 != 0 || w.pollers == 0 {
		t.Errorf("%d workers, by %d calls", n, w.pollers)
	}
	if share, _ := w.readState(t).FindQueue("encode"); share.Workers != w.ceilings["encode"] {
		t.Errorf("%d are kept, and there are %d", share.Workers, w.ceilings["encode"])
	}
}
