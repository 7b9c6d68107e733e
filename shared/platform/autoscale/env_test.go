package autoscale_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/scaling"
	"sluice/shared/domain/services"
	"sluice/shared/platform/autoscale"
	"sluice/shared/platform/store"
)

var (
	metricsTime = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	errDown     = errors.New("down")
)

// scalerEnv is an Autoscaler with fakes of all its ports: queues, mappings, a table and a clock.
type scalerEnv struct {
	autoscale.Autoscaler
	store.Store
	now             time.Time
	waiting         map[string]int
	inFlight        map[string]int
	oldest          map[string]time.Duration
	ageQueries      [][]string     // queues whose ages were read
	ceilings        map[string]int // by queue; at first those of a new deployment
	updatedMappings []string       // ids of mappings
	fails           map[string]bool
	changing        map[string]bool // mappings that Lambda is changing
	saves           int
	pollers         int    // calls that set pollers
	beforeSave      func() // called before the next state is saved
}

func newScalerEnv(budget int) *scalerEnv {
	w := &scalerEnv{
		Store: store.NewMemory(), now: metricsTime, waiting: map[string]int{}, inFlight: map[string]int{},
		oldest:   map[string]time.Duration{},
		ceilings: map[string]int{}, fails: map[string]bool{}, changing: map[string]bool{},
	}
	w.Autoscaler = autoscale.Autoscaler{
		Depths: w, Ages: w, Mappings: w, Store: w, Budget: budget,
		MappingID: func(queue string) string { return queue },
		QueueName: func(queue string) string { return "sluice-" + queue },
		Now:       func() time.Time { return w.now }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	for _, c := range w.IdleCeilings(budget) {
		w.ceilings[c.Name] = c.Workers
	}
	return w
}

// newDecidedEnv returns an env with a budget of 100 workers after the first decision.
func newDecidedEnv(t *testing.T) *scalerEnv {
	t.Helper()
	w := newScalerEnv(100)
	w.waiting["inspect"] = 1
	w.adjustAfter(t, 0, noSignal)
	return w
}

func (w *scalerEnv) ReadQueueCounts(_ context.Context, queue string) (waiting, inFlight int, err error) {
	if w.fails["count "+queue] {
		return 0, 0, errDown
	}
	return w.waiting[queue], w.inFlight[queue], nil
}

func (w *scalerEnv) OldestMessageAges(_ context.Context, queues []string) (map[string]time.Duration, error) {
	w.ageQueries = append(w.ageQueries, queues)
	if w.fails["ages"] {
		return nil, errDown
	}
	return w.oldest, nil
}

func (w *scalerEnv) SetMaxConcurrency(_ context.Context, id string, workers int) error {
	w.updatedMappings = append(w.updatedMappings, id)
	switch {
	case w.fails[id]:
		return errDown
	case w.changing[id]:
		return errs.E("autoscale.SetMaxConcurrency", errs.Conflict, errors.New("it is being changed"))
	}
	w.ceilings[id] = workers
	return nil
}

func (w *scalerEnv) SaveScalingState(ctx context.Context, s scaling.State) error {
	if w.beforeSave != nil {
		race := w.beforeSave
		w.beforeSave = nil
		race()
	}
	w.saves++
	return w.Store.SaveScalingState(ctx, s)
}

func (w *scalerEnv) SetMaxPollers(ctx context.Context, id string, pollers int) error {
	w.pollers++
	return w.SetMaxConcurrency(ctx, id, 10*pollers)
}

// adjustAfter advances the clock, adjusts the concurrency, and returns the ids of the mappings that were changed.
func (w *scalerEnv) adjustAfter(
	t *testing.T, after time.Duration, h autoscale.ScaleSignal,
) (again time.Duration, calls []string) {
	t.Helper()
	again, calls, err := w.tryAdjustAfter(t, after, h)
	if err != nil {
		t.Fatal(err)
	}
	return again, calls
}

func (w *scalerEnv) tryAdjustAfter(
	t *testing.T, after time.Duration, h autoscale.ScaleSignal,
) (again time.Duration, calls []string, err error) {
	t.Helper()
	w.now, w.updatedMappings = w.now.Add(after), nil
	again, err = w.AdjustConcurrency(t.Context(), h)
	if sum := w.sumCeilings(); sum > max(w.Budget, services.MinConcurrency()) {
		t.Errorf("%d workers in all, more than %d: %v", sum, w.Budget, w.ceilings)
	}
	return again, w.updatedMappings, err
}

func (w *scalerEnv) sumCeilings() (n int) {
	for _, c := range w.ceilings {
		n += c
	}
	return n
}

func (w *scalerEnv) readState(t *testing.T) scaling.State {
	t.Helper()
	s, err := w.LoadScalingState(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}
