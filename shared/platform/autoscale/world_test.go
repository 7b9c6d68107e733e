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
	noon    = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	errDown = errors.New("down")
)

// world has queues of any depth, mappings that keep what they are given, a table and a clock. It is a Steerer's.
type world struct {
	autoscale.Steerer
	*store.Memory
	now      time.Time
	waiting  map[string]int
	inFlight map[string]int
	oldest   map[string]time.Duration
	asked    [][]string     // for ages
	ceilings map[string]int // by queue; at first as deployed
	calls    []string       // ids of mappings
	fails    map[string]bool
	changing map[string]bool // mappings that Lambda is changing
	saves    int
	pollers  int    // calls that set pollers
	race     func() // before a State is saved, once
}

func newWorld(budget int) *world {
	w := &world{
		Memory: &store.Memory{}, now: noon, waiting: map[string]int{}, inFlight: map[string]int{}, oldest: map[string]time.Duration{},
		ceilings: map[string]int{}, fails: map[string]bool{}, changing: map[string]bool{},
	}
	w.Steerer = autoscale.Steerer{
		Depths: w, Ages: w, Feeds: w, Rows: w, Budget: budget, Feed: func(queue string) string { return queue },
		Name: func(queue string) string { return "sluice-" + queue },
		Now:  func() time.Time { return w.now }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	for _, c := range w.Idle(budget) {
		w.ceilings[c.Name] = c.Workers
	}
	return w
}

// decided returns a world of 100 workers in which somebody has decided, as something waited.
func decided(t *testing.T) *world {
	t.Helper()
	w := newWorld(100)
	w.waiting["inspect"] = 1
	w.decide(t, 0, none)
	return w
}

func (w *world) Counts(_ context.Context, queue string) (waiting, inFlight int, err error) {
	if w.fails["count "+queue] {
		return 0, 0, errDown
	}
	return w.waiting[queue], w.inFlight[queue], nil
}

func (w *world) Oldest(_ context.Context, queues []string) (map[string]time.Duration, error) {
	w.asked = append(w.asked, queues)
	if w.fails["ages"] {
		return nil, errDown
	}
	return w.oldest, nil
}

func (w *world) Limit(_ context.Context, id string, workers int) error {
	w.calls = append(w.calls, id)
	switch {
	case w.fails[id]:
		return errDown
	case w.changing[id]:
		return errs.E("feed.Limit", errs.Conflict, errors.New("it is being changed"))
	}
	w.ceilings[id] = workers
	return nil
}

func (w *world) SaveScaling(ctx context.Context, s scaling.State) error {
	if w.race != nil {
		race := w.race
		w.race = nil
		race()
	}
	w.saves++
	return w.Memory.SaveScaling(ctx, s)
}

func (w *world) Provision(ctx context.Context, id string, pollers int) error {
	w.pollers++
	return w.Limit(ctx, id, 10*pollers)
}

// decide lets time pass, decides, and returns what was called.
func (w *world) decide(t *testing.T, after time.Duration, h autoscale.Hint) (again time.Duration, calls []string) {
	t.Helper()
	again, calls, err := w.try(t, after, h)
	if err != nil {
		t.Fatal(err)
	}
	return again, calls
}

func (w *world) try(t *testing.T, after time.Duration, h autoscale.Hint) (again time.Duration, calls []string, err error) {
	t.Helper()
	w.now, w.calls = w.now.Add(after), nil
	again, err = w.Decide(t.Context(), h)
	if sum := w.sum(); sum > max(w.Budget, services.LeastConcurrency()) {
		t.Errorf("%d workers in all, more than %d: %v", sum, w.Budget, w.ceilings)
	}
	return again, w.calls, err
}

func (w *world) sum() (n int) {
	for _, c := range w.ceilings {
		n += c
	}
	return n
}

func (w *world) state(t *testing.T) scaling.State {
	t.Helper()
	s, err := w.Scaling(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}
