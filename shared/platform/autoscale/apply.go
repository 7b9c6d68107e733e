package autoscale

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/scaling"
	"sluice/shared/platform/telemetry/metrics"
)

// applyCeilings saves the State and gives the mappings their ceilings, unless somebody else has decided meanwhile: mine says that
// nobody has, and all that none is left to be told. It is saved before, so that of two deciders only one goes on, and
// again when mappings were changed: what a crash leaves undone in between is done with the next decision.
func (s Autoscaler) applyCeilings(ctx context.Context, was, is scaling.State) (mine, all bool, err error) {
	is.Queues, all = slices.Clone(is.Queues), true
	var changes []ceilingChange
	for i := range is.Queues {
		share := &is.Queues[i]
		before, there := was.FindQueue(share.Name)
		if !there {
			before.Ceiling = share.Ceiling
		}
		if was.Budget != is.Budget || before.MappingID != share.MappingID || is.At.Sub(before.AppliedAt) >= reapplyInterval {
			before.AppliedAt = time.Time{}
		}
		if before.Workers == share.Workers && !before.AppliedAt.IsZero() {
			share.AppliedAt = before.AppliedAt
			continue
		}
		changes = append(changes, ceilingChange{share, before})
	}
	if mine, err = s.saveState(ctx, is); !mine {
		return false, false, err
	}
	if len(changes) > 0 {
		all, err = s.setCeilings(ctx, is, changes)
		is.Version++
		_, failed := s.saveState(ctx, is)
		err = errors.Join(err, failed)
	}
	s.recordMetrics(ctx, is)
	return true, all, err
}

// recordMetrics says in numbers what was decided.
func (s Autoscaler) recordMetrics(ctx context.Context, is scaling.State) {
	var all []metrics.QueueScaling
	for _, share := range is.Queues {
		r := share.Reading
		all = append(all, metrics.QueueScaling{
			Queue: s.QueueName(share.Name), Depth: int(r.Visible), InFlight: int(r.InFlight), Wanted: share.Wanted,
			OldestAge: time.Duration(r.OldestAge * float64(time.Second)), Ceiling: share.Workers, Reason: string(share.Reason),
		})
	}
	metrics.LogScaling(ctx, s.Log, is.At, all)
}

// ceilingChange is a ceiling that a mapping is to be given, and what it was. If that was not Set, it is not sure.
type ceilingChange struct {
	*scaling.QueueState
	before scaling.QueueState
}

func (c ceilingChange) workerIncrease() int { return c.Workers - c.before.Workers }

// setCeilings gives mappings their ceilings, those that fall first. What a fall that failed does not give back, those that rise
// do not get: the budget is not exceeded. One that Lambda is still changing is left for the next decision, which is no
// error.
func (s Autoscaler) setCeilings(ctx context.Context, is scaling.State, changes []ceilingChange) (all bool, err error) {
	slices.SortStableFunc(changes, func(a, b ceilingChange) int { return cmp.Compare(a.workerIncrease(), b.workerIncrease()) })
	owed, failed, all := 0, []error(nil), true
	for _, c := range changes {
		cut := min(owed, max(0, c.workerIncrease()))
		c.Workers, owed = c.Workers-cut, owed-cut
		if c.workerIncrease() == 0 && !c.before.AppliedAt.IsZero() {
			c.AppliedAt = c.before.AppliedAt
			continue
		}
		if err := s.setMappingLimit(ctx, *c.QueueState); err != nil {
			if all = false; errs.KindOf(err) != errs.Conflict {
				failed = append(failed, err)
			}
			owed += max(0, -c.workerIncrease())
			c.Workers = c.before.Workers
			continue
		}
		c.AppliedAt = is.At
		s.Log.InfoContext(ctx, "workers", "queue", c.Name, "was", c.before.Workers, "is", c.Workers, "wanted", c.Wanted,
			"waiting", c.Reading.Visible, "in_flight", c.Reading.InFlight, "reason", c.Reason)
	}
	return all, errors.Join(failed...)
}

// sameCeilings reports whether the ceilings are the same, of the same mappings. Where nothing was decided before, they are
// those that the mappings were made with.
func sameCeilings(was, is scaling.State) bool {
	if was.Version == 0 {
		return true
	}
	return was.Budget == is.Budget && slices.EqualFunc(was.Queues, is.Queues, func(a, b scaling.QueueState) bool {
		return a.Name == b.Name && a.Workers == b.Workers && a.MappingID == b.MappingID && !a.AppliedAt.IsZero()
	})
}

// setMappingLimit gives the event source mapping of a queue its ceiling: pollers where it has provisioned ones, else a maximum concurrency.
func (s Autoscaler) setMappingLimit(ctx context.Context, share scaling.QueueState) error {
	if n := s.PollersFor(share.Ceiling); n > 0 {
		return s.Mappings.SetMaxPollers(ctx, share.MappingID, n)
	}
	return s.Mappings.SetMaxConcurrency(ctx, share.MappingID, share.Workers)
}
