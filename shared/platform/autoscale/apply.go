package autoscale

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/scaling"
	"sluice/shared/domain/services"
	"sluice/shared/platform/telemetry/metrics"
)

// ceilingChange is one difference between what the mappings have and what they are to have.
type ceilingChange struct {
	queue     int       // index in the desired state's Queues
	from      int       // workers that the mapping has
	appliedAt time.Time // when it was given them; zero if it may have another number
}

// diffCeilings compares a state with the one before. It returns the desired queues, with AppliedAt set for those whose
// mapping already has its ceiling, and a change for each of the others. What a mapping has is uncertain if it is
// another mapping, if the budget is another, or if its ceiling was applied reapplyInterval ago.
func diffCeilings(previous, desired scaling.State) (queues []scaling.QueueState, changes []ceilingChange) {
	queues = slices.Clone(desired.Queues)
	for i, q := range queues {
		c := ceilingChange{queue: i, from: q.Workers}
		if before, known := previous.FindQueue(q.Name); known {
			c.from = before.Workers
			if previous.Budget == desired.Budget && before.MappingID == q.MappingID &&
				desired.At.Sub(before.AppliedAt) < reapplyInterval {
				c.appliedAt = before.AppliedAt
			}
		}
		if c.from == q.Workers && !c.appliedAt.IsZero() {
			queues[i].AppliedAt = c.appliedAt
			continue
		}
		changes = append(changes, c)
	}
	return queues, changes
}

// needsUpdate reports whether a mapping is to have another ceiling than before, is another mapping, or is not known to
// have its ceiling, or whether the budget is another. Before the first decision the mappings have the ceilings that
// they were created with.
func needsUpdate(previous, desired scaling.State) bool {
	if previous.Version == 0 {
		return false
	}
	return previous.Budget != desired.Budget || !slices.EqualFunc(
		previous.Queues, desired.Queues, func(a, b scaling.QueueState) bool {
			return a.Name == b.Name && a.Workers == b.Workers && a.MappingID == b.MappingID && !a.AppliedAt.IsZero()
		},
	)
}

// applyDifference saves the desired state and changes the mappings that differ from it. decided is false if another
// process has decided meanwhile; then no mapping is changed. complete says that no change is left to make.
//
// The state is saved before the changes, so that only one process makes them, and again after them. If the process dies
// in between, AppliedAt is not set in the stored state, and the next decision makes the changes.
func (a Autoscaler) applyDifference(
	ctx context.Context, previous, desired scaling.State,
) (decided, complete bool, err error) {
	var changes []ceilingChange
	desired.Queues, changes = diffCeilings(previous, desired)
	if decided, err = a.saveState(ctx, desired); !decided {
		return false, false, err
	}
	complete = true
	if len(changes) > 0 {
		complete, err = a.makeChanges(ctx, desired, changes)
		desired.Version++
		_, failed := a.saveState(ctx, desired)
		err = errors.Join(err, failed)
	}
	a.recordMetrics(ctx, desired)
	return true, complete, err
}

// makeChanges gives the mappings their ceilings and notes in the state's Queues what they have then. Decreases come
// first: what a failed decrease does not free, increases do not get, so that the budget is not exceeded. A mapping that
// Lambda is still changing is left for the next decision; that is no error.
func (a Autoscaler) makeChanges(
	ctx context.Context, state scaling.State, changes []ceilingChange,
) (complete bool, err error) {
	increase := func(c ceilingChange) int { return state.Queues[c.queue].Workers - c.from }
	slices.SortStableFunc(changes, func(x, y ceilingChange) int { return cmp.Compare(increase(x), increase(y)) })
	missing := 0 // workers that failed decreases did not free
	complete = true
	for _, c := range changes {
		q := &state.Queues[c.queue]
		cut := min(missing, max(0, increase(c)))
		q.Workers, missing = q.Workers-cut, missing-cut
		if increase(c) == 0 && !c.appliedAt.IsZero() {
			q.AppliedAt = c.appliedAt
			continue
		}
		if failed := a.setMappingLimit(ctx, *q); failed != nil {
			if complete = false; errs.KindOf(failed) != errs.Conflict {
				err = errors.Join(err, failed)
			}
			missing += max(0, -increase(c))
			q.Workers = c.from
			continue
		}
		q.AppliedAt = state.At
		a.Log.InfoContext(ctx, "worker limit set", "queue", q.Name, "was", c.from, "is", q.Workers, "wanted", q.Wanted,
			"waiting", q.Reading.Visible, "in_flight", q.Reading.InFlight, "reason", q.Reason)
	}
	return complete, err
}

// setMappingLimit sets a mapping's number of pollers if it has provisioned ones, else its maximum concurrency.
func (a Autoscaler) setMappingLimit(ctx context.Context, q scaling.QueueState) error {
	if n := a.PollersFor(q.Ceiling); n > 0 {
		return a.Mappings.SetMaxPollers(ctx, q.MappingID, n)
	}
	return a.Mappings.SetMaxConcurrency(ctx, q.MappingID, q.Workers)
}

// recordMetrics writes one metric line for each queue.
func (a Autoscaler) recordMetrics(ctx context.Context, state scaling.State) {
	maxWaits := map[string]time.Duration{}
	for _, q := range services.ListQueues() {
		maxWaits[q.Name] = q.Lane.MaxWait
	}
	var all []metrics.QueueScaling
	for _, q := range state.Queues {
		all = append(all, metrics.QueueScaling{
			Queue: a.QueueName(q.Name), Depth: int(q.Reading.Visible), InFlight: int(q.Reading.InFlight),
			Wanted: q.Wanted, OldestAge: time.Duration(q.Reading.OldestAge * float64(time.Second)),
			MaxWait: maxWaits[q.Name], Ceiling: q.Workers, Reason: string(q.Reason),
		})
	}
	metrics.LogScaling(ctx, a.Log, state.At, all)
}
