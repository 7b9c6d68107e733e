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
	env := &scalerEnv{
		Store: store.NewMemory(), now: metricsTime, waiting: map[string]int{}, inFlight: map[string]int{},
		oldest:   map[string]time.Duration{},
		ceilings: map[string]int{}, fails: map[string]bool{}, changing: map[string]bool{},
	}
	env.Autoscaler = autoscale.Autoscaler{
		Depths: env, Ages: env, Mappings: env, Store: env, Budget: budget,
		MappingID: func(queue string) string { return queue },
		QueueName: func(queue string) string { return "sluice-" + queue },
		Now:       func() time.Time { return env.now }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	for _, c := range env.IdleCeilings(budget) {
		env.ceilings[c.Name] = c.Workers
	}
	return env
}

// newDecidedEnv returns an env with a budget of 100 workers after the first decision.
func newDecidedEnv(t *testing.T) *scalerEnv {
	t.Helper()
	env := newScalerEnv(100)
	env.waiting["inspect"] = 1
	env.adjustAfter(t, 0, noSignal)
	return env
}

func (env *scalerEnv) ReadQueueCounts(_ context.Context, queue string) (waiting, inFlight int, err error) {
	if env.fails["count "+queue] {
		return 0, 0, errDown
	}
	return env.waiting[queue], env.inFlight[queue], nil
}

func (env *scalerEnv) OldestMessageAges(_ context.Context, queues []string) (map[string]time.Duration, error) {
	env.ageQueries = append(env.ageQueries, queues)
	if env.fails["ages"] {
		return nil, errDown
	}
	return env.oldest, nil
}

func (env *scalerEnv) SetMaxConcurrency(_ context.Context, id string, workers int) error {
	env.updatedMappings = append(env.updatedMappings, id)
	switch {
	case env.fails[id]:
		return errDown
	case env.changing[id]:
		return errs.E("autoscale.SetMaxConcurrency", errs.Conflict, errors.New("it is being changed"))
	}
	env.ceilings[id] = workers
	return nil
}

func (env *scalerEnv) SaveScalingState(ctx context.Context, s scaling.State) error {
	if env.beforeSave != nil {
		race := env.beforeSave
		env.beforeSave = nil
		race()
	}
	env.saves++
	return env.Store.SaveScalingState(ctx, s)
}

func (env *scalerEnv) SetMaxPollers(ctx context.Context, id string, pollers int) error {
	env.pollers++
	return env.SetMaxConcurrency(ctx, id, 10*pollers)
}

// adjustAfter advances the clock, adjusts the concurrency, and returns the ids of the mappings that were changed.
func (env *scalerEnv) adjustAfter(
	t *testing.T, after time.Duration, s autoscale.ScaleSignal,
) (again time.Duration, calls []string) {
	t.Helper()
	again, calls, err := env.tryAdjustAfter(t, after, s)
	if err != nil {
		t.Fatal(err)
	}
	return again, calls
}

func (env *scalerEnv) tryAdjustAfter(
	t *testing.T, after time.Duration, s autoscale.ScaleSignal,
) (again time.Duration, calls []string, err error) {
	t.Helper()
	env.now, env.updatedMappings = env.now.Add(after), nil
	again, err = env.AdjustConcurrency(t.Context(), s)
	if sum := env.sumCeilings(); sum > max(env.Budget, services.MinConcurrency()) {
		t.Errorf("%d workers in all, more than %d: %v", sum, env.Budget, env.ceilings)
	}
	return again, env.updatedMappings, err
}

func (env *scalerEnv) sumCeilings() (n int) {
	for _, c := range env.ceilings {
		n += c
	}
	return n
}

func (env *scalerEnv) readState(t *testing.T) scaling.State {
	t.Helper()
	s, err := env.LoadScalingState(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}
