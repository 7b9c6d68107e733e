// Package reconcile is a run of every minute that repairs what no message does. It finds the videos whose deadline has
// passed, checks what has become of each, and tells publish, which decides. It moves dead letters from the dead-letter
// queues to the table, where administrators find them. It makes the CDN follow the deny list. And it runs the
// autoscaler; another function may start it for one of these two alone.
//
// Rights: a query of the table's deadline index, reads of videos, in-flight limits and the deny list; HEAD of
// originals; the depth of the queues; sqs:SendMessage to publish; sqs:ReceiveMessage and DeleteMessage on the
// dead-letter queues, dynamodb:PutItem of dead letters and of the deny list; and those of the packages autoscale and
// cdn. It writes no other rows.
package reconcile

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/fairshare"
	"sluice/shared/domain/metric"
	"sluice/shared/domain/video"
	"sluice/shared/platform/autoscale"
	"sluice/shared/platform/denylist"
	"sluice/shared/platform/telemetry/metrics"
)

// VideoReader reads the rows of videos.
type VideoReader interface {
	// ListOverdueVideos returns the videos whose deadline is before now, the longest overdue first, at most limit of
	// them. The index may lack the writes of the last second, and name videos whose deadline has changed since.
	ListOverdueVideos(ctx context.Context, now time.Time, limit int) ([]video.Ref, error)
	// LoadVideo returns NotFound if there is none.
	LoadVideo(ctx context.Context, tenant, id string) (video.Video, error)
}

// Originals reads the properties of the objects that clients uploaded.
type Originals interface {
	// HeadObject returns an object's properties; NotFound if there is none.
	HeadObject(ctx context.Context, key string) (video.StoredObject, error)
}

// InFlightLimitReader reads the in-flight limits of tenants.
type InFlightLimitReader interface {
	// LoadInFlightLimit returns the limit of a tenant in a lane, an empty one if none was saved.
	LoadInFlightLimit(ctx context.Context, tenant string, lane video.Lane) (fairshare.InFlightLimit, error)
}

// QueueDepths reads how many messages are in queues.
type QueueDepths interface {
	// ReadServiceDepth returns about how many messages of a service's queues wait or are in flight.
	ReadServiceDepth(ctx context.Context, service string) (int, error)
}

// EventSender sends events to the services that handle them.
type EventSender interface {
	Send(ctx context.Context, es ...events.Event) error
}

// Autoscaler sets how many workers each queue may have.
type Autoscaler interface {
	// AdjustConcurrency returns after how long it is to be called again; 0: with the next run.
	AdjustConcurrency(ctx context.Context, signal autoscale.ScaleSignal) (again time.Duration, err error)
}

// Reconciler does what a run has to do.
type Reconciler struct {
	Videos           VideoReader
	InFlightLimits   InFlightLimitReader
	Originals        Originals
	QueueDepths      QueueDepths
	Sender           EventSender
	DeadLetterQueues DeadLetterQueues
	DeadLetters      DeadLetterStore
	Autoscaler       Autoscaler
	DenyList         DenyListUpdater
	Now              func() time.Time
	Sleep            func(ctx context.Context, d time.Duration) // returns early when ctx ends
	Log              *slog.Logger
}

const (
	maxVideosPerRun = 500 // overdue videos that a run checks; the others are checked by the next
	// overdue videos that a run finds, to choose from them: four queries of an index, of some four pages each
	maxVideosFound = 120_000
	// overdue by more, a video counts as stuck: normally publish moves it on within a minute
	stuckAfter = 15 * time.Minute
)

// Signal is the input of a run that another function starts: for the autoscaler, or because the deny list has changed.
// It is zero on the schedule.
type Signal struct {
	autoscale.ScaleSignal
	denylist.Signal
}

// Run adjusts the number of workers, updates the CDN, checks overdue videos, stores dead letters and counts the open
// ones. After that it adjusts the number of workers again, as often as the autoscaler wants and the context's deadline
// allows. With a signal, another function has started it: then it only adjusts the number of workers, or only updates
// the CDN. What fails does not stop the rest; the error joins all.
func (r Reconciler) Run(ctx context.Context, signal Signal) error {
	if signal.DenyListChanged {
		return r.DenyList.Run(ctx)
	}
	again, err := r.Autoscaler.AdjustConcurrency(ctx, signal.ScaleSignal)
	if signal.IsZero() {
		err = errors.Join(err, r.DenyList.Run(ctx), r.reconcileDueVideos(ctx), r.drainDeadLetterQueues(ctx),
			r.countOpenDeadLetters(ctx))
	}
	for again > 0 {
		if end, ok := ctx.Deadline(); !ok || !r.Now().Add(again+shutdownReserve).Before(end) {
			break
		}
		r.Sleep(ctx, again)
		var failed error
		again, failed = r.Autoscaler.AdjustConcurrency(ctx, autoscale.ScaleSignal{})
		err = errors.Join(err, failed)
	}
	return err
}

// reconcileDueVideos checks the overdue videos, those of each tenant in turn, so that a tenant with 100,000 of them
// does not delay another's. An error of one video is logged and does not stop the others: the video stays overdue, and
// the next run checks it again.
func (r Reconciler) reconcileDueVideos(ctx context.Context) error {
	all, err := r.Videos.ListOverdueVideos(ctx, r.Now(), maxVideosFound)
	if err != nil {
		return err
	}
	refs := fairshare.TakeTurns(all, maxVideosPerRun)
	depths, stuck := map[string]int{}, 0
	for _, ref := range refs {
		if err := ctx.Err(); err != nil {
			return errs.E("reconcile.reconcileDueVideos", errs.Transient, err)
		}
		overdue, err := r.reconcileVideo(ctx, ref, depths)
		if err != nil {
			r.Log.ErrorContext(ctx, "an overdue video can't be checked", "tenant", ref.Tenant, "video", ref.ID, "error",
				err)
		}
		if overdue > stuckAfter {
			stuck++
		}
	}
	if stuck > 0 {
		r.Log.WarnContext(ctx, "videos are stuck", "videos", stuck,
			metrics.LogAttr(r.Now(), metric.Stuck.NewValue(float64(stuck))))
	}
	r.Log.InfoContext(ctx, "overdue videos checked", "due", len(all), "checked", len(refs))
	return nil
}

// reconcileVideo collects what publish needs to decide about an overdue video, and sends it DeadlinePassed. It returns
// by how much the deadline has passed; 0 if it has not. depths holds the depths of queues that were read in this run.
func (r Reconciler) reconcileVideo(
	ctx context.Context, ref video.Ref, depths map[string]int,
) (overdue time.Duration, err error) {
	v, err := r.Videos.LoadVideo(ctx, ref.Tenant, ref.ID)
	if err != nil {
		return 0, err
	}
	now := r.Now()
	if !v.IsOverdue(now) { // its deadline has changed since the index was written
		return 0, nil
	}
	overdue = now.Sub(v.Deadline.At)
	passed := video.DeadlinePassed{At: now, State: v.State, Deadline: v.Deadline.At}
	if passed.Stored, err = r.statOriginal(ctx, v); err != nil {
		return overdue, err
	}
	if passed.QueueBusy, err = r.hasBacklog(ctx, awaitedService(v, passed.Stored), depths); err != nil {
		return overdue, err
	}
	if passed.Queued, err = r.isInWaitQueue(ctx, v, now); err != nil {
		return overdue, err
	}
	r.Log.WarnContext(ctx, "a deadline has passed", "tenant", v.Tenant, "video", v.ID, "state", v.State, "retries",
		v.Deadline.Retries, "stored", passed.Stored != nil, "busy", passed.QueueBusy, "queued", passed.Queued)
	e := events.New(v.Tenant, v.ID, now, passed)
	e.Trace, e.Correlation = v.Trace, v.Correlation
	return overdue, r.Sender.Send(ctx, e)
}

// statOriginal returns the properties of the original of a video that waits for it, as S3's event may have been lost;
// nil if there is no object, or if the video does not wait.
func (r Reconciler) statOriginal(ctx context.Context, v video.Video) (*video.StoredObject, error) {
	if v.State != video.Waiting && v.State != video.Uploaded {
		return nil, nil
	}
	o, err := r.Originals.HeadObject(ctx, v.Source.Key)
	switch errs.KindOf(err) {
	case "":
		return &o, nil
	case errs.NotFound:
		return nil, nil
	default:
		return nil, err
	}
}

// isInWaitQueue reports whether a video waits for slots in its tenant's in-flight limit while other videos make
// progress.
func (r Reconciler) isInWaitQueue(ctx context.Context, v video.Video, now time.Time) (bool, error) {
	if !v.State.IsEncoding() || v.Plan == nil {
		return false, nil
	}
	var limits []fairshare.InFlightLimit
	for _, lane := range v.Plan.Lanes() {
		limit, err := r.InFlightLimits.LoadInFlightLimit(ctx, v.Tenant, lane)
		if err != nil {
			return false, err
		}
		limits = append(limits, limit)
	}
	return fairshare.IsQueued(v, limits, now), nil
}

// awaitedService returns the service whose work a video waits for.
func awaitedService(v video.Video, stored *video.StoredObject) string {
	switch {
	case v.State.IsEncoding():
		return "encode"
	case v.State == video.Deleting:
		return "purge"
	case v.Fetch != nil && stored == nil:
		return "fetch"
	case v.AwaitsRemux():
		return "remux"
	}
	return "inspect"
}

// hasBacklog reports whether messages wait in the queues of a service, or of publish, to which its results go. It reads
// the depth of each queue once, and keeps it in depths.
func (r Reconciler) hasBacklog(ctx context.Context, service string, depths map[string]int) (bool, error) {
	for _, name := range []string{service, "publish"} {
		if _, known := depths[name]; !known {
			n, err := r.QueueDepths.ReadServiceDepth(ctx, name)
			if err != nil {
				return false, err
			}
			depths[name] = n
		}
		if depths[name] > 0 {
			return true, nil
		}
	}
	return false, nil
}
