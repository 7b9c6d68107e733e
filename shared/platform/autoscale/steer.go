// Package steer puts the law of package scale to work: it reads how deep the queues are and how old what waits in them,
// decides how many workers each may have, and tells the event source mappings of those for which that has changed. While
// nothing waits anywhere it writes nothing.
//
// Rights: sqs:GetQueueAttributes on the inboxes, cloudwatch:GetMetricData, lambda:UpdateEventSourceMapping on the
// mappings of the inboxes, and to read and put the one row of decisions. It refuses nothing: what it cannot read the law
// holds, and what cannot be set is set with the next decision.
//
// Several may decide at the same time: the row has a version, and who comes second leaves it at that.
package autoscale

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/scaling"
	"sluice/shared/domain/services"
)

// Depths are the queues.
type Depths interface {
	// Counts returns how many messages wait in a queue, and how many are worked on.
	Counts(ctx context.Context, queue string) (waiting, inFlight int, err error)
}

// Ages are how long messages have waited.
type Ages interface {
	// Oldest returns how old the oldest message of each queue is, or was some minutes ago; nothing of those of which that
	// is not known.
	Oldest(ctx context.Context, queues []string) (map[string]time.Duration, error)
}

// Feeds are the event source mappings.
type Feeds interface {
	// Limit lets a mapping have at most so many workers at once. Conflict: it is being changed just now.
	Limit(ctx context.Context, id string, workers int) error
	// Provision lets one that has provisioned pollers have at most so many of them. Conflict: as Limit's.
	Provision(ctx context.Context, id string, pollers int) error
}

// Rows keeps the last decision.
type Rows interface {
	// Scaling returns the zero State if there is none.
	Scaling(ctx context.Context) (scaling.State, error)
	// SaveScaling fails with Conflict unless the stored version is the one before s's.
	SaveScaling(ctx context.Context, s scaling.State) error
}

// Steerer decides for all queues of the map.
type Steerer struct {
	Depths Depths
	Ages   Ages
	Feeds  Feeds
	Feed   func(queue string) string // id of the mapping that takes messages from a queue
	Name   func(queue string) string // of the queue, as AWS has it
	Rows   Rows
	Budget int // workers for all queues together
	scaling.Provisioned
	Now func() time.Time
	Log *slog.Logger
}

const (
	gap   = 10 * time.Second // decisions are at least that far apart
	brief = 3 * time.Second  // so long ages are waited for: without them the law goes on
	trust = time.Hour        // so long a mapping is taken to have the ceiling that it was given: somebody may change it
)

// Decide decides, unless that was done just now, and returns when to decide again; 0: as usual. It does what it can: an
// error says what could not be read or set.
func (s Steerer) Decide(ctx context.Context, h Hint) (again time.Duration, err error) {
	was, err := s.Rows.Scaling(ctx)
	if err != nil {
		return 0, err
	}
	now := s.Now()
	is := was
	is.Version, is.Service = was.Version+1, learn(was.Service, h.Service)
	if age := now.Sub(was.At); 0 <= age && age < gap {
		return 0, s.note(ctx, is, h)
	}
	is, again, err = s.decide(ctx, is, h)
	if is.Quiet() && was.Quiet() && same(was, is) && h.IsZero() {
		return 0, err
	}
	mine, all, failed := s.apply(ctx, was, is)
	err = errors.Join(err, failed)
	switch {
	case !mine:
		return 0, err
	case err == nil && all && again == 0:
		return 0, nil
	}
	return max(again, gap), err // sooner, nothing is decided
}

// note keeps what was learned between decisions.
func (s Steerer) note(ctx context.Context, is scaling.State, h Hint) error {
	if len(h.Service) == 0 {
		return nil
	}
	_, err := s.save(ctx, is)
	return err
}

// decide returns what follows a State, by what the law says of the queues as they are, and when to decide again.
func (s Steerer) decide(ctx context.Context, is scaling.State, h Hint) (scaling.State, time.Duration, error) {
	var queues []scaling.Queue
	var failed []error
	for _, q := range services.Queues() {
		l := s.QueueInput(q)
		var err error
		l.Reading, err = s.read(ctx, q, is.Service, h)
		failed = append(failed, err)
		queues = append(queues, l)
	}
	s.age(ctx, queues)
	is.At, is.Budget = s.Now(), s.Budget
	before := is.Decision()
	if before.Ceilings == nil {
		before.Ceilings = s.Idle(is.Budget) // those that mappings are made with
	}
	d := scaling.Decide(scaling.Input{Budget: is.Budget, Now: is.At, Queues: queues, Previous: before})
	is.Lanes, is.Queues = d.Lanes, make([]scaling.Share, len(d.Ceilings))
	for i, c := range d.Ceilings {
		is.Queues[i] = scaling.Share{Ceiling: c, Reading: queues[i].Reading, Feed: s.Feed(c.Name)}
	}
	return is, d.Again, errors.Join(failed...)
}

// read returns the zero Reading of a queue that can't be read. SQS counts what was sent some seconds ago.
func (s Steerer) read(ctx context.Context, q services.Queue, service map[string]float64, h Hint) (scaling.Reading, error) {
	waiting, inFlight, err := s.Depths.Counts(ctx, q.Name)
	if err != nil {
		return scaling.Reading{}, err
	}
	r := scaling.Reading{At: s.Now(), Visible: float64(max(waiting, h.Sent[q.Name])), InFlight: float64(inFlight), Service: q.Inbox.Typical.Seconds()}
	if measured := service[q.Service]; measured > 0 {
		r.Service = measured
	}
	return r, nil
}

// age adds to the readings how old the oldest messages are, where some wait. If nobody says, they count as new.
func (s Steerer) age(ctx context.Context, queues []scaling.Queue) {
	var waiting []string
	for _, q := range queues {
		if q.Reading.Visible > 0 {
			waiting = append(waiting, q.Name)
		}
	}
	if waiting == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, brief)
	defer cancel()
	ages, err := s.Ages.Oldest(ctx, waiting)
	if err != nil {
		s.Log.WarnContext(ctx, "how old messages are is not known", "error", err)
	}
	for i := range queues {
		queues[i].Reading.Oldest = ages[queues[i].Name].Seconds()
	}
}

// learn returns the times of work with what is told of them.
func learn(known, told map[string]float64) map[string]float64 {
	if len(told) == 0 {
		return known
	}
	all := map[string]float64{}
	for service, seconds := range known {
		all[service] = seconds
	}
	for service, seconds := range told {
		if before := all[service]; before > 0 {
			seconds = (before + seconds) / 2
		}
		all[service] = seconds
	}
	return all
}

// save reports whether the State was saved: nobody else decided meanwhile.
func (s Steerer) save(ctx context.Context, is scaling.State) (saved bool, err error) {
	err = s.Rows.SaveScaling(ctx, is)
	if errs.KindOf(err) == errs.Conflict {
		return false, nil
	}
	return err == nil, err
}
