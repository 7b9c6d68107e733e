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

// apply saves the State and gives the mappings their ceilings, unless somebody else has decided meanwhile: mine says that
// nobody has, and all that none is left to be told. It is saved before, so that of two deciders only one goes on, and
// again when mappings were changed: what a crash leaves undone in between is done with the next decision.
func (s Steerer) apply(ctx context.Context, was, is scaling.State) (mine, all bool, err error) {
	is.Queues, all = slices.Clone(is.Queues), true
	var changes []change
	for i := range is.Queues {
		share := &is.Queues[i]
		before, there := was.Of(share.Name)
		if !there {
			before.Ceiling = share.Ceiling
		}
		if was.Budget != is.Budget || before.Feed != share.Feed || is.At.Sub(before.Set) >= trust {
			before.Set = time.Time{}
		}
		if before.Workers == share.Workers && !before.Set.IsZero() {
			share.Set = before.Set
			continue
		}
		changes = append(changes, change{share, before})
	}
	if mine, err = s.save(ctx, is); !mine {
		return false, false, err
	}
	if len(changes) > 0 {
		all, err = s.set(ctx, is, changes)
		is.Version++
		_, failed := s.save(ctx, is)
		err = errors.Join(err, failed)
	}
	s.count(ctx, is)
	return true, all, err
}

// count says in numbers what was decided.
func (s Steerer) count(ctx context.Context, is scaling.State) {
	var all []metrics.Scaled
	for _, share := range is.Queues {
		r := share.Reading
		all = append(all, metrics.Scaled{
			Queue: s.Name(share.Name), Depth: int(r.Visible), InFlight: int(r.InFlight), Wanted: share.Wanted,
			Oldest: time.Duration(r.Oldest * float64(time.Second)), Ceiling: share.Workers, Reason: string(share.Reason),
		})
	}
	metrics.Scaling(ctx, s.Log, is.At, all)
}

// change is a ceiling that a mapping is to be given, and what it was. If that was not Set, it is not sure.
type change struct {
	*scaling.Share
	was scaling.Share
}

func (c change) rise() int { return c.Workers - c.was.Workers }

// set gives mappings their ceilings, those that fall first. What a fall that failed does not give back, those that rise
// do not get: the budget is not exceeded. One that Lambda is still changing is left for the next decision, which is no
// error.
func (s Steerer) set(ctx context.Context, is scaling.State, changes []change) (all bool, err error) {
	slices.SortStableFunc(changes, func(a, b change) int { return cmp.Compare(a.rise(), b.rise()) })
	owed, failed, all := 0, []error(nil), true
	for _, c := range changes {
		cut := min(owed, max(0, c.rise()))
		c.Workers, owed = c.Workers-cut, owed-cut
		if c.rise() == 0 && !c.was.Set.IsZero() {
			c.Set = c.was.Set
			continue
		}
		if err := s.setMappingLimit(ctx, *c.Share); err != nil {
			if all = false; errs.KindOf(err) != errs.Conflict {
				failed = append(failed, err)
			}
			owed += max(0, -c.rise())
			c.Workers = c.was.Workers
			continue
		}
		c.Set = is.At
		s.Log.InfoContext(ctx, "workers", "queue", c.Name, "was", c.was.Workers, "is", c.Workers, "wanted", c.Wanted,
			"waiting", c.Reading.Visible, "in_flight", c.Reading.InFlight, "reason", c.Reason)
	}
	return all, errors.Join(failed...)
}

// same reports whether the ceilings are the same, of the same mappings. Where nothing was decided before, they are
// those that the mappings were made with.
func same(was, is scaling.State) bool {
	if was.Version == 0 {
		return true
	}
	return was.Budget == is.Budget && slices.EqualFunc(was.Queues, is.Queues, func(a, b scaling.Share) bool {
		return a.Name == b.Name && a.Workers == b.Workers && a.Feed == b.Feed && !a.Set.IsZero()
	})
}

// setMappingLimit gives the event source mapping of a queue its ceiling: pollers where it has provisioned ones, else a maximum concurrency.
func (s Steerer) setMappingLimit(ctx context.Context, share scaling.Share) error {
	if n := s.Pollers(share.Ceiling); n > 0 {
		return s.Feeds.Provision(ctx, share.Feed, n)
	}
	return s.Feeds.Limit(ctx, share.Feed, share.Workers)
}
