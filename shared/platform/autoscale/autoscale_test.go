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
	env := newScalerEnv(100)
	for range 24 * 60 {
		if again, calls := env.adjustAfter(t, time.Minute, noSignal); again != 0 || calls != nil {
			t.Fatalf("next decision in %v, calls %v", again, calls)
		}
	}
	if env.saves > 0 {
		t.Errorf("%d writes in a day without messages", env.saves)
	}
}

// After the burst nothing is written any more.
func TestPromise12_BurstGetsWorkersAndReturnsThem(t *testing.T) {
	t.Parallel()
	env := newScalerEnv(100)
	before := maps.Clone(env.ceilings)
	env.waiting["encode"] = 500
	again, calls := env.adjustAfter(t, 0, noSignal)
	if again == 0 || len(calls) != len(services.ListQueues()) { // the first decision sets each ceiling
		t.Errorf("next decision in %v, calls %v", again, calls)
	}
	for range 6 {
		env.adjustAfter(t, 10*time.Second, noSignal)
	}
	if env.ceilings["encode"] <= before["encode"] || env.ceilings["encode-bulk"] >= before["encode-bulk"] {
		t.Errorf("in a burst: %v, before %v", env.ceilings, before)
	}
	clear(env.waiting)
	for range 30 {
		env.adjustAfter(t, time.Minute, noSignal)
	}
	if env.ceilings["encode-bulk"] < before["encode-bulk"]*4/5 { // small differences are not applied
		t.Errorf("half an hour later: %v, before %v", env.ceilings, before)
	}
	saves := env.saves
	for range 60 {
		if _, calls := env.adjustAfter(t, time.Minute, noSignal); calls != nil {
			t.Errorf("calls %v", calls)
		}
	}
	if env.saves > saves {
		t.Errorf("%d writes while all queues are empty", env.saves-saves)
	}
}

// Before the first decision the mappings have the ceilings that they were created with.
func TestFirstBurstBorrowsBulkCapacity(t *testing.T) {
	t.Parallel()
	env := newScalerEnv(100)
	env.waiting["encode"] = 500
	env.adjustAfter(t, 0, noSignal)
	if s := env.readState(t); s.Split.Current != scaling.SplitLoan {
		t.Errorf("the split is %q", s.Split.Current)
	}
}

func TestOnlyChangedCeilingsAreSet(t *testing.T) {
	t.Parallel()
	env := newDecidedEnv(t)
	for range 5 {
		if _, calls := env.adjustAfter(t, time.Minute, noSignal); calls != nil {
			t.Errorf("nothing has changed, but calls %v", calls)
		}
	}
	before := maps.Clone(env.ceilings)
	env.waiting["inspect"] = 40
	_, calls := env.adjustAfter(t, time.Minute, noSignal)
	var changed []string
	for queue, n := range env.ceilings {
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
		{"if it is another mapping", func(env *scalerEnv) {
			delete(env.ceilings, "purge")
			env.MappingID = func(queue string) string { return map[string]string{"purge": "new"}[queue] + queue }
		}, time.Minute, 1},
		{"if the budget is another", func(env *scalerEnv) {
			env.Budget = 101
		}, time.Minute, len(services.ListQueues())},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env := newDecidedEnv(t)
			tt.change(env)
			if _, calls := env.adjustAfter(t, tt.after, noSignal); len(calls) != tt.want {
				t.Errorf("calls %v, want %d", calls, tt.want)
			}
		})
	}
}

func TestFailedMappingDoesNotBlockOthers(t *testing.T) {
	t.Parallel()
	env := newDecidedEnv(t)
	was := maps.Clone(env.ceilings)
	env.waiting["encode"], env.fails["encode-bulk"] = 500, true
	again, calls, err := env.tryAdjustAfter(t, time.Minute, noSignal)
	if !errors.Is(err, errDown) || again == 0 || len(calls) < 2 {
		t.Errorf("next decision in %v, calls %v, %v", again, calls, err)
	}
	if env.ceilings["encode-bulk"] != was["encode-bulk"] || env.ceilings["fetch"] >= was["fetch"] {
		t.Errorf("ceilings %v, before %v", env.ceilings, was)
	}
	// the workers that a failed decrease does not free are not given away: tryAdjustAfter checks the budget
	for range 3 {
		if _, _, err := env.tryAdjustAfter(t, 30*time.Second, noSignal); !errors.Is(err, errDown) {
			t.Errorf("err %v", err)
		}
	}
	clear(env.fails)
	env.adjustAfter(t, 30*time.Second, noSignal)
	if env.ceilings["encode-bulk"] >= was["encode-bulk"] {
		t.Errorf("when it can be set again: %v", env.ceilings)
	}
}

// Lambda rejects a change while it makes another one, as in every burst: that is no error, and is tried again soon.
func TestMappingBeingUpdatedIsRetriedLater(t *testing.T) {
	t.Parallel()
	env := newDecidedEnv(t)
	was := maps.Clone(env.ceilings)
	env.waiting["encode"], env.changing["encode-bulk"] = 500, true
	if again, _ := env.adjustAfter(t, time.Minute, noSignal); again == 0 ||
		env.ceilings["encode-bulk"] != was["encode-bulk"] {
		t.Errorf("next decision in %v, ceilings %v", again, env.ceilings)
	}
	clear(env.waiting)
	if again, _ := env.adjustAfter(t, time.Hour, noSignal); again == 0 {
		t.Error("no next decision")
	}
	clear(env.changing)
	env.waiting["encode"] = 500
	// when bulk may lend workers again
	if env.adjustAfter(t, 15*time.Minute, noSignal); env.ceilings["encode-bulk"] >= was["encode-bulk"] {
		t.Errorf("when Lambda has made its change: %v", env.ceilings)
	}
}

func TestUnreadableQueueKeepsItsCeiling(t *testing.T) {
	t.Parallel()
	env := newScalerEnv(100)
	env.waiting["encode-bulk"] = 3000
	for range 12 {
		env.adjustAfter(t, 10*time.Second, noSignal)
	}
	was := env.ceilings["encode-bulk"]
	env.fails["count encode-bulk"] = true
	if _, _, err := env.tryAdjustAfter(t, time.Minute, noSignal); !errors.Is(err, errDown) {
		t.Errorf("err %v", err)
	}
	if s, _ := env.readState(t).FindQueue("encode-bulk"); env.ceilings["encode-bulk"] != was ||
		s.Reason != scaling.ReasonHeld {
		t.Errorf("%d workers, before %d: %s", env.ceilings["encode-bulk"], was, s.Reason)
	}
}

func TestMessageAgesAreReadForNonEmptyQueues(t *testing.T) {
	t.Parallel()
	env := newScalerEnv(100)
	env.adjustAfter(t, time.Minute, noSignal)
	if env.ageQueries != nil {
		t.Errorf("all queues are empty, but the ages of %v are read", env.ageQueries)
	}
	env.waiting["encode"], env.waiting["encode-bulk"], env.inFlight["fetch"] = 3, 40, 2
	env.oldest = map[string]time.Duration{"encode-bulk": 700 * time.Second}
	env.adjustAfter(t, time.Minute, noSignal)
	if d := cmp.Diff([][]string{{"encode", "encode-bulk"}}, env.ageQueries); d != "" {
		t.Errorf("ages read: %s", d)
	}
	interactive, _ := env.readState(t).FindQueue("encode")
	bulk, _ := env.readState(t).FindQueue("encode-bulk")
	if interactive.Reading.OldestAge != 0 || bulk.Reading.OldestAge != 700 || bulk.Reason != scaling.ReasonLate {
		t.Errorf("%v s and %v s: %s", interactive.Reading.OldestAge, bulk.Reading.OldestAge, bulk.Reason)
	}
}

func TestUnknownMessageAgeCountsAsZero(t *testing.T) {
	t.Parallel()
	env := newScalerEnv(100)
	env.waiting["encode-bulk"], env.oldest["encode-bulk"], env.fails["ages"] = 40, 700*time.Second, true
	env.adjustAfter(t, time.Minute, noSignal)
	if bulk, _ := env.readState(t).FindQueue("encode-bulk"); bulk.Reading.OldestAge != 0 ||
		bulk.Reason != scaling.ReasonEnough {
		t.Errorf("%v s: %s", bulk.Reading.OldestAge, bulk.Reason)
	}
}

func TestConcurrentDecisionsApplyOnce(t *testing.T) {
	t.Parallel()
	env := newScalerEnv(100)
	env.waiting["encode"] = 500
	other := env.Autoscaler
	other.Mappings, other.Store = newScalerEnv(100), env.Store
	env.beforeSave = func() {
		if _, err := other.AdjustConcurrency(t.Context(), noSignal); err != nil {
			t.Error(err)
		}
	}
	if again, calls := env.adjustAfter(t, 0, noSignal); again != 0 || calls != nil {
		t.Errorf("the second process decides again in %v, and calls %v", again, calls)
	}
}

// The state is saved before the mappings are changed.
func TestCrashBeforeApplyIsCompletedNextTime(t *testing.T) {
	t.Parallel()
	env := newScalerEnv(100)
	env.waiting["encode"] = 500
	deployed := maps.Clone(env.ceilings)
	env.adjustAfter(t, 0, noSignal)
	s := env.readState(t)
	s.Version++
	for i := range s.Queues {
		s.Queues[i].AppliedAt = time.Time{}
	}
	if err := env.Store.SaveScalingState(t.Context(), s); err != nil { // as if the process had died there
		t.Fatal(err)
	}
	env.ceilings = deployed
	if _, calls := env.adjustAfter(t, time.Minute, noSignal); len(calls) != len(services.ListQueues()) {
		t.Errorf("calls %v", calls)
	}
}

func TestDecisionsAreTenSecondsApart(t *testing.T) {
	t.Parallel()
	env := newScalerEnv(100)
	env.waiting["encode"] = 500
	env.adjustAfter(t, 0, noSignal)
	at := env.readState(t).At
	told := autoscale.ScaleSignal{
		MessagesSent: map[string]int{"encode": 900}, ServiceTimes: map[string]float64{"encode": 3},
	}
	if again, calls := env.adjustAfter(t, 9*time.Second, told); again != 0 || calls != nil ||
		!env.readState(t).At.Equal(at) {
		t.Errorf("9 s later: next decision in %v, calls %v", again, calls)
	}
	if d := cmp.Diff(map[string]float64{"encode": 3}, env.readState(t).ServiceTimes); d != "" {
		t.Errorf("service times: %s", d)
	}
	env.adjustAfter(t, time.Second, noSignal)
	if s := env.readState(t); s.At.Equal(at) {
		t.Error("no decision after 10 s")
	}
	env.adjustAfter(t, -time.Hour, noSignal)
	if s := env.readState(t); !s.At.Equal(env.now) {
		t.Error("no decision, as the last one is in the future")
	}
}

func TestScaleSignalOverridesReadings(t *testing.T) {
	t.Parallel()
	env := newScalerEnv(100)
	env.waiting["encode"] = 3
	env.adjustAfter(
		t, 0,
		autoscale.ScaleSignal{
			MessagesSent: map[string]int{"encode": 2, "encode-bulk": 900},
			ServiceTimes: map[string]float64{"encode": 4},
		},
	)
	s := env.readState(t)
	interactive, _ := s.FindQueue("encode")
	bulk, _ := s.FindQueue("encode-bulk")
	if got := []float64{
		interactive.Reading.Visible, bulk.Reading.Visible, interactive.Reading.ServiceTime, bulk.Reading.ServiceTime,
	}; !slices.Equal(got, []float64{3, 900, 4, 4}) {
		t.Errorf("the readings are %v", got)
	}
	env.adjustAfter(t, time.Minute, autoscale.ScaleSignal{ServiceTimes: map[string]float64{"encode": 8}})
	if got := env.readState(t).ServiceTimes["encode"]; got != 6 {
		t.Errorf("4 s and then 8 s make %v s", got)
	}
}

func TestTooSmallBudgetGivesEachQueueMinimum(t *testing.T) {
	t.Parallel()
	env := newScalerEnv(10)
	env.waiting["encode"] = 500
	env.adjustAfter(t, 0, noSignal)
	for queue, n := range env.ceilings {
		if n != services.MinWorkers {
			t.Errorf("%s has %d workers", queue, n)
		}
	}
}

// Workers that another queue gives back are free after some seconds. A decision at the time that was returned must not
// be too early to give them away.
func TestScheduledDecisionIsNotTooEarly(t *testing.T) {
	t.Parallel()
	env := newScalerEnv(2*len(services.ListQueues()) + 1)
	env.waiting["encode-bulk"] = 500
	for range 3 {
		env.adjustAfter(t, time.Minute, noSignal)
	}
	clear(env.waiting)
	for range 30 {
		env.adjustAfter(t, time.Minute, noSignal)
	}
	spare := env.ceilings["encode-bulk"]
	again, _ := env.adjustAfter(
		t, time.Minute,
		autoscale.ScaleSignal{
			MessagesSent: map[string]int{"encode": 500}, ServiceTimes: map[string]float64{"encode": 1.1},
		},
	)
	if env.ceilings["encode-bulk"] >= spare || env.ceilings["encode"] != 2 {
		t.Fatalf("no queue waits for the workers of another: %v", env.ceilings)
	}
	if env.adjustAfter(t, again, noSignal); env.ceilings["encode"] != 3 {
		t.Errorf("decided again after %v: %v", again, env.ceilings)
	}
}

func TestProvisionedQueuesGetMaxPollers(t *testing.T) {
	t.Parallel()
	env := newScalerEnv(100)
	env.ProvisionedQueues = scaling.ProvisionedQueues{"encode"}
	for _, c := range env.IdleCeilings(100) {
		env.ceilings[c.Name] = c.Workers
	}
	env.waiting["encode"] = 500
	for range 6 {
		env.adjustAfter(t, 10*time.Second, noSignal)
	}
	if n := env.ceilings["encode"]; n < 40 || n%10 != 0 || env.pollers == 0 {
		t.Errorf("%d workers, by %d calls", n, env.pollers)
	}
	if share, _ := env.readState(t).FindQueue("encode"); share.Workers != env.ceilings["encode"] {
		t.Errorf("%d are kept, and there are %d", share.Workers, env.ceilings["encode"])
	}
}
