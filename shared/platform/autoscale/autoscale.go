// Package autoscale decides how many workers may take messages of each queue at once, and tells Lambda. Autoscaler
// reads the depths of the queues and the ages of their oldest messages, lets package scaling decide, and changes the
// event source mappings whose maximum concurrency (or number of pollers) is another than before. While all queues are
// empty it writes nothing. ScaleNotifier runs in a service that sends many messages: it starts the Autoscaler at once
// instead of at its next scheduled run.
//
// Rights: sqs:GetQueueAttributes on the queues, cloudwatch:GetMetricData, lambda:UpdateEventSourceMapping on the
// queues' event source mappings, read and put of the row that holds the last decision; for ScaleNotifier,
// lambda:InvokeFunction on the function that runs the Autoscaler.
//
// It rejects nothing: a queue that can't be read keeps its ceiling, and a mapping that can't be changed is changed with
// the next decision. Several processes may decide at the same time: the row has a version, and the one that saves
// second gives up.
package autoscale

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/scaling"
	"sluice/shared/domain/services"
)

// QueueDepths reads how many messages are in queues.
type QueueDepths interface {
	// ReadQueueCounts returns how many messages wait in a queue, and how many a worker has taken and not deleted yet.
	ReadQueueCounts(ctx context.Context, queue string) (waiting, inFlight int, err error)
}

// QueueAges reads how long messages have waited.
type QueueAges interface {
	// OldestMessageAges returns the age of the oldest message of each queue, as it was up to three minutes ago. Queues
	// of which the age is not known are left out.
	OldestMessageAges(ctx context.Context, queues []string) (map[string]time.Duration, error)
}

// EventSourceMappings changes how many workers Lambda lets take messages of a queue.
type EventSourceMappings interface {
	// SetMaxConcurrency sets the most workers that a mapping may have at once. Conflict: Lambda is making another
	// change of the mapping.
	SetMaxConcurrency(ctx context.Context, id string, workers int) error
	// SetMaxPollers sets the most pollers that a mapping with provisioned pollers may have. Conflict: as above.
	SetMaxPollers(ctx context.Context, id string, pollers int) error
}

// ScalingStore keeps the last decision.
type ScalingStore interface {
	// LoadScalingState returns the zero State if there is none.
	LoadScalingState(ctx context.Context) (scaling.State, error)
	// SaveScalingState fails with Conflict unless the stored version is the one before s's.
	SaveScalingState(ctx context.Context, s scaling.State) error
}

// Autoscaler decides for all queues of the service map.
type Autoscaler struct {
	Depths    QueueDepths
	Ages      QueueAges
	Mappings  EventSourceMappings
	MappingID func(queue string) string // id of the queue's event source mapping
	QueueName func(queue string) string // name that the queue has on AWS
	Store     ScalingStore
	Budget    int // workers for all queues together
	scaling.ProvisionedQueues
	Now func() time.Time
	Log *slog.Logger
}

const (
	minDecisionInterval = 10 * time.Second // between two decisions
	agesTimeout         = 3 * time.Second  // after that, the decision is made without the ages
	// after that, a ceiling is set again: somebody may have changed the mapping by hand
	reapplyInterval = time.Hour
)

// AdjustConcurrency observes the queues, decides what the event source mappings are to have, and applies the
// difference. It returns after how long to call it again; 0: at the next scheduled run. Less than minDecisionInterval
// after a decision it only keeps the service times of the signal. It does as much as it can: an error says what could
// not be read or set.
func (a Autoscaler) AdjustConcurrency(ctx context.Context, signal ScaleSignal) (again time.Duration, err error) {
	previous, err := a.Store.LoadScalingState(ctx)
	if err != nil {
		return 0, err
	}
	next := previous
	next.Version, next.ServiceTimes = previous.Version+1, mergeServiceTimes(previous.ServiceTimes, signal.ServiceTimes)
	if age := a.Now().Sub(previous.At); 0 <= age && age < minDecisionInterval {
		if len(signal.ServiceTimes) > 0 {
			_, err = a.saveState(ctx, next)
		}
		return 0, err
	}
	observed, err := a.observeQueues(ctx, next.ServiceTimes, signal)
	desired, again := a.decideState(next, observed)
	if desired.IsIdle() && previous.IsIdle() && signal.IsZero() && !needsUpdate(previous, desired) {
		return 0, err
	}
	decided, complete, failed := a.applyDifference(ctx, previous, desired)
	err = errors.Join(err, failed)
	if !decided || err == nil && complete && again == 0 {
		return 0, err
	}
	return max(again, minDecisionInterval), err
}

// observeQueues returns the queues with what is read of them. Those that can't be read have the zero Reading, and are
// in the error.
func (a Autoscaler) observeQueues(
	ctx context.Context, serviceTimes map[string]float64, signal ScaleSignal,
) (observed []scaling.Queue, err error) {
	for _, q := range services.ListQueues() {
		in := a.QueueInput(q)
		waiting, inFlight, failed := a.Depths.ReadQueueCounts(ctx, q.Name)
		if failed == nil {
			waiting = max(waiting, signal.MessagesSent[q.Name]) // SQS takes some seconds to count sent messages
			in.Reading = scaling.Reading{
				At: a.Now(), Visible: float64(waiting), InFlight: float64(inFlight),
				ServiceTime: q.Inbox.ServiceTime.Seconds(),
			}
			if measured := serviceTimes[q.Service]; measured > 0 {
				in.Reading.ServiceTime = measured
			}
		}
		err = errors.Join(err, failed)
		observed = append(observed, in)
	}
	a.addMessageAges(ctx, observed)
	return observed, err
}

// addMessageAges adds to the readings of queues in which messages wait how old the oldest message is. An age that is
// not known counts as zero.
func (a Autoscaler) addMessageAges(ctx context.Context, queues []scaling.Queue) {
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
	ages, err := a.Ages.OldestMessageAges(ctx, waiting)
	if err != nil {
		a.Log.WarnContext(ctx, "the ages of messages can't be read", "error", err)
	}
	for i := range queues {
		queues[i].Reading.OldestAge = ages[queues[i].Name].Seconds()
	}
}

// decideState returns the state that the scaling law wants after a state, and after how long to decide again; 0: no
// need to.
func (a Autoscaler) decideState(
	state scaling.State, observed []scaling.Queue,
) (desired scaling.State, again time.Duration) {
	state.At, state.Budget = a.Now(), a.Budget
	previous := state.ToDecision()
	if previous.Ceilings == nil {
		previous.Ceilings = a.IdleCeilings(state.Budget) // those with which the mappings are created
	}
	d := scaling.DecideCeilings(scaling.Input{
		Budget: state.Budget, Now: state.At, Queues: observed, Previous: previous,
	})
	state.Split, state.Queues = d.Split, make([]scaling.QueueState, len(d.Ceilings))
	for i, c := range d.Ceilings {
		state.Queues[i] = scaling.QueueState{Ceiling: c, Reading: observed[i].Reading, MappingID: a.MappingID(c.Name)}
	}
	return state, d.NextDecisionIn
}

// mergeServiceTimes returns the known times with the signal's: of a service that has both, the mean of the two.
func mergeServiceTimes(known, signal map[string]float64) map[string]float64 {
	if len(signal) == 0 {
		return known
	}
	merged := map[string]float64{}
	maps.Copy(merged, known)
	for service, seconds := range signal {
		if before := merged[service]; before > 0 {
			seconds = (before + seconds) / 2
		}
		merged[service] = seconds
	}
	return merged
}

// saveState writes a state; saved is false if another process has decided meanwhile.
func (a Autoscaler) saveState(ctx context.Context, state scaling.State) (saved bool, err error) {
	err = a.Store.SaveScalingState(ctx, state)
	if errs.KindOf(err) == errs.Conflict {
		return false, nil
	}
	return err == nil, err
}
