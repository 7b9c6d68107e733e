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

// QueueDepths are the queues.
type QueueDepths interface {
	// ReadQueueCounts returns how many messages wait in a queue, and how many are worked on.
	ReadQueueCounts(ctx context.Context, queue string) (waiting, inFlight int, err error)
}

// QueueAges are how long messages have waited.
type QueueAges interface {
	// OldestMessageAges returns how old the oldest message of each queue is, or was some minutes ago; nothing of those of which that
	// is not known.
	OldestMessageAges(ctx context.Context, queues []string) (map[string]time.Duration, error)
}

// EventSourceMappings are the event source mappings.
type EventSourceMappings interface {
	// SetMaxConcurrency lets a mapping have at most so many workers at once. Conflict: it is being changed just now.
	SetMaxConcurrency(ctx context.Context, id string, workers int) error
	// SetMaxPollers lets one that has provisioned pollers have at most so many of them. Conflict: as Limit's.
	SetMaxPollers(ctx context.Context, id string, pollers int) error
}

// ScalingStore keeps the last decision.
type ScalingStore interface {
	// LoadScalingState returns the zero State if there is none.
	LoadScalingState(ctx context.Context) (scaling.State, error)
	// SaveScalingState fails with Conflict unless the stored version is the one before s's.
	SaveScalingState(ctx context.Context, s scaling.State) error
}

// Autoscaler decides for all queues of the map.
type Autoscaler struct {
	Depths    QueueDepths
	Ages      QueueAges
	Mappings  EventSourceMappings
	MappingID func(queue string) string // id of the mapping that takes messages from a queue
	QueueName func(queue string) string // of the queue, as AWS has it
	Store     ScalingStore
	Budget    int // workers for all queues together
	scaling.ProvisionedQueues
	Now func() time.Time
	Log *slog.Logger
}

const (
	minDecisionInterval = 10 * time.Second // decisions are at least that far apart
	agesTimeout         = 3 * time.Second  // so long ages are waited for: without them the law goes on
	reapplyInterval     = time.Hour        // so long a mapping is taken to have the ceiling that it was given: somebody may change it
)

// AdjustConcurrency decides, unless that was done just now, and returns when to decide again; 0: as usual. It does what it can: an
// error says what could not be read or set.
func (s Autoscaler) AdjustConcurrency(ctx context.Context, h ScaleSignal) (again time.Duration, err error) {
	was, err := s.Store.LoadScalingState(ctx)
	if err != nil {
		return 0, err
	}
	now := s.Now()
	is := was
	is.Version, is.ServiceTimes = was.Version+1, mergeServiceTimes(was.ServiceTimes, h.ServiceTimes)
	if age := now.Sub(was.At); 0 <= age && age < minDecisionInterval {
		return 0, s.saveServiceTimes(ctx, is, h)
	}
	is, again, err = s.decideCeilings(ctx, is, h)
	if is.IsIdle() && was.IsIdle() && sameCeilings(was, is) && h.IsZero() {
		return 0, err
	}
	mine, all, failed := s.applyCeilings(ctx, was, is)
	err = errors.Join(err, failed)
	switch {
	case !mine:
		return 0, err
	case err == nil && all && again == 0:
		return 0, nil
	}
	return max(again, minDecisionInterval), err // sooner, nothing is decided
}

// saveServiceTimes keeps what was learned between decisions.
func (s Autoscaler) saveServiceTimes(ctx context.Context, is scaling.State, h ScaleSignal) error {
	if len(h.ServiceTimes) == 0 {
		return nil
	}
	_, err := s.saveState(ctx, is)
	return err
}

// decideCeilings returns what follows a State, by what the law says of the queues as they are, and when to decide again.
func (s Autoscaler) decideCeilings(ctx context.Context, is scaling.State, h ScaleSignal) (scaling.State, time.Duration, error) {
	var queues []scaling.Queue
	var failed []error
	for _, q := range services.ListQueues() {
		l := s.QueueInput(q)
		var err error
		l.Reading, err = s.readQueue(ctx, q, is.ServiceTimes, h)
		failed = append(failed, err)
		queues = append(queues, l)
	}
	s.addMessageAges(ctx, queues)
	is.At, is.Budget = s.Now(), s.Budget
	before := is.ToDecision()
	if before.Ceilings == nil {
		before.Ceilings = s.IdleCeilings(is.Budget) // those that mappings are made with
	}
	d := scaling.DecideCeilings(scaling.Input{Budget: is.Budget, Now: is.At, Queues: queues, Previous: before})
	is.Split, is.Queues = d.Split, make([]scaling.QueueState, len(d.Ceilings))
	for i, c := range d.Ceilings {
		is.Queues[i] = scaling.QueueState{Ceiling: c, Reading: queues[i].Reading, MappingID: s.MappingID(c.Name)}
	}
	return is, d.NextDecisionIn, errors.Join(failed...)
}

// readQueue returns the zero Reading of a queue that can't be read. SQS counts what was sent some seconds ago.
func (s Autoscaler) readQueue(ctx context.Context, q services.Queue, service map[string]float64, h ScaleSignal) (scaling.Reading, error) {
	waiting, inFlight, err := s.Depths.ReadQueueCounts(ctx, q.Name)
	if err != nil {
		return scaling.Reading{}, err
	}
	r := scaling.Reading{At: s.Now(), Visible: float64(max(waiting, h.MessagesSent[q.Name])), InFlight: float64(inFlight), ServiceTime: q.Inbox.ServiceTime.Seconds()}
	if measured := service[q.Service]; measured > 0 {
		r.ServiceTime = measured
	}
	return r, nil
}

// addMessageAges adds to the readings how old the oldest messages are, where some wait. If nobody says, they count as new.
func (s Autoscaler) addMessageAges(ctx context.Context, queues []scaling.Queue) {
	var waiting []string
	for _, q := range queues {
		if q.Reading.Visible > 0 {
			waiting = append(waiting, q.Name)
		}
	}
	if waiting == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, agesTimeout)
	defer cancel()
	ages, err := s.Ages.OldestMessageAges(ctx, waiting)
	if err != nil {
		s.Log.WarnContext(ctx, "how old messages are is not known", "error", err)
	}
	for i := range queues {
		queues[i].Reading.OldestAge = ages[queues[i].Name].Seconds()
	}
}

// mergeServiceTimes returns the times of work with what is told of them.
func mergeServiceTimes(known, told map[string]float64) map[string]float64 {
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

// saveState reports whether the State was saved: nobody else decided meanwhile.
func (s Autoscaler) saveState(ctx context.Context, is scaling.State) (saved bool, err error) {
	err = s.Store.SaveScalingState(ctx, is)
	if errs.KindOf(err) == errs.Conflict {
		return false, nil
	}
	return err == nil, err
}
