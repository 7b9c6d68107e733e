// Package tend looks, every minute, after what no message will move on by itself: videos whose deadline has passed, dead
// letters, and how many workers each queue may have. It finds out what has become of each video and tells publish, which
// decides; the letters it files as rows, for operators; of the workers, package steer decides.
//
// Rights: a query of the table's index of deadlines, the video rows and the tenants' windows by their keys, HEAD of
// originals, and the depth of the inboxes; sqs:SendMessage to publish; to take messages out of the dead-letter queues and
// put the rows of letters (sqs:ReceiveMessage, DeleteMessage, dynamodb:PutItem); and those of package steer. It writes no
// other rows.
package reconcile

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/metric"
	"sluice/shared/domain/video"
	"sluice/shared/platform/autoscale"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/telemetry/metrics"
)

// VideoReader are the videos.
type VideoReader interface {
	// ListOverdueVideos returns the videos whose deadline has passed at now, the longest overdue first, at most limit of them. It may
	// miss what was written in the last second, and name what has moved on since.
	ListOverdueVideos(ctx context.Context, now time.Time, limit int) ([]video.Ref, error)
	// LoadVideo returns NotFound if there is none.
	LoadVideo(ctx context.Context, tenant, id string) (video.Video, error)
}

// Originals are what clients uploaded.
type Originals interface {
	// HeadObject returns what is known of an object; NotFound if there is none.
	HeadObject(ctx context.Context, key string) (blob.Info, error)
}

// InFlightLimitReader are what tenants have in flight.
type InFlightLimitReader interface {
	// LoadInFlightLimit returns a tenant's window of a lane: of one that has none yet, an empty one.
	LoadInFlightLimit(ctx context.Context, tenant string, lane video.Lane) (video.InFlightLimit, error)
}

// QueueDepths are the inboxes.
type QueueDepths interface {
	// ReadServiceDepth returns how many messages wait in a service's inbox, about.
	ReadServiceDepth(ctx context.Context, service string) (int, error)
}

// EventSender sends events to the services that take them.
type EventSender interface {
	Send(ctx context.Context, es ...events.Event) error
}

// Autoscaler decides how many workers each queue may have.
type Autoscaler interface {
	// AdjustConcurrency returns when to decide again; 0: as usual.
	AdjustConcurrency(ctx context.Context, h autoscale.ScaleSignal) (again time.Duration, err error)
}

// Reconciler tends.
type Reconciler struct {
	Videos           VideoReader
	InFlightLimits   InFlightLimitReader
	Originals        Originals
	QueueDepths      QueueDepths
	Sender           EventSender
	DeadLetterQueues DeadLetterQueues
	DeadLetters      DeadLetterStore
	Autoscaler       Autoscaler
	Now              func() time.Time
	Sleep            func(ctx context.Context, d time.Duration) // ends when the context does
	Log              *slog.Logger
}

// maxVideosPerRun is how many videos a run looks at: more wait for the next.
const maxVideosPerRun = 500

// stuckAfter is from when on a video that is overdue is taken to be stuck: a nudge of tend's moves it on, or gives it more
// time, within the minute.
const stuckAfter = 15 * time.Minute

// Run decides how many workers there are, looks at what is due, files dead letters and counts those that are open; then,
// as long as the law asks for it and the time allows it, it decides again. Woken with a hint, it only decides.
func (t Reconciler) Run(ctx context.Context, h autoscale.ScaleSignal) error {
	again, err := t.Autoscaler.AdjustConcurrency(ctx, h)
	if h.IsZero() {
		err = errors.Join(err, t.reconcileDueVideos(ctx), t.drainDeadLetterQueues(ctx), t.countOpenDeadLetters(ctx))
	}
	for again > 0 && t.hasTimeFor(ctx, again) {
		t.Sleep(ctx, again)
		var failed error
		again, failed = t.Autoscaler.AdjustConcurrency(ctx, autoscale.ScaleSignal{})
		err = errors.Join(err, failed)
	}
	return err
}

// hasTimeFor reports whether something can be done after d.
func (t Reconciler) hasTimeFor(ctx context.Context, d time.Duration) bool {
	end, ok := ctx.Deadline()
	return ok && t.Now().Add(d+shutdownReserve).Before(end)
}

// reconcileDueVideos looks at what is due. What fails for one video is logged and does not keep it from the others: it is due until it
// is dealt with.
func (t Reconciler) reconcileDueVideos(ctx context.Context) error {
	refs, err := t.Videos.ListOverdueVideos(ctx, t.Now(), maxVideosPerRun)
	if err != nil {
		return err
	}
	waits, late := map[string]int{}, 0
	for _, ref := range refs {
		if err := ctx.Err(); err != nil {
			return errs.E("tend.due", errs.Transient, err)
		}
		overdue, err := t.reconcileVideo(ctx, ref, waits)
		if err != nil {
			t.Log.ErrorContext(ctx, "a video is not tended", "tenant", ref.Tenant, "video", ref.ID, "error", err)
		}
		if overdue > stuckAfter {
			late++
		}
	}
	if late > 0 {
		t.Log.WarnContext(ctx, "videos are stuck", "videos", late, metrics.LogAttr(t.Now(), metric.Stuck.NewValue(float64(late))))
	}
	t.Log.InfoContext(ctx, "tended", "due", len(refs))
	return nil
}

// reconcileVideo finds out what has become of a video and tells publish. It returns for how long the video is overdue.
func (t Reconciler) reconcileVideo(ctx context.Context, ref video.Ref, waits map[string]int) (overdue time.Duration, err error) {
	v, err := t.Videos.LoadVideo(ctx, ref.Tenant, ref.ID)
	if err != nil {
		return 0, err
	}
	now := t.Now()
	if !v.IsOverdue(now) { // it has moved on since the index was written
		return 0, nil
	}
	overdue = now.Sub(v.Deadline.At)
	passed := video.DeadlinePassed{At: now, State: v.State, Deadline: v.Deadline.At}
	if passed.Stored, err = t.statOriginal(ctx, v); err != nil {
		return overdue, err
	}
	if passed.QueueBusy, err = t.hasBacklog(ctx, awaitedService(v, passed.Stored), waits); err != nil {
		return overdue, err
	}
	if passed.Queued, err = t.isInWaitQueue(ctx, v, now); err != nil {
		return overdue, err
	}
	t.Log.WarnContext(ctx, "a deadline has passed", "tenant", v.Tenant, "video", v.ID, "state", v.State, "nudges", v.Deadline.Retries, "stored", passed.Stored != nil, "busy", passed.QueueBusy, "queued", passed.Queued)
	e := events.New(v.Tenant, v.ID, now, passed)
	e.Trace, e.Correlation = v.Trace, v.Correlation
	return overdue, t.Sender.Send(ctx, e)
}

// statOriginal looks for the original itself where nobody may have heard of it.
func (t Reconciler) statOriginal(ctx context.Context, v video.Video) (*video.StoredObject, error) {
	if v.State != video.Waiting && v.State != video.Uploaded {
		return nil, nil
	}
	o, err := t.Originals.HeadObject(ctx, v.Source.Key)
	switch errs.KindOf(err) {
	case "":
		return &video.StoredObject{Size: o.Size, ETag: o.ETag, At: o.At}, nil
	case errs.NotFound:
		return nil, nil
	default:
		return nil, err
	}
}

// isInWaitQueue looks whether a video waits for its turn among its tenant's.
func (t Reconciler) isInWaitQueue(ctx context.Context, v video.Video, now time.Time) (bool, error) {
	if !v.State.IsEncoding() || v.Plan == nil {
		return false, nil
	}
	var windows []video.InFlightLimit
	for _, lane := range v.Plan.Lanes() {
		w, err := t.InFlightLimits.LoadInFlightLimit(ctx, v.Tenant, lane)
		if err != nil {
			return false, err
		}
		windows = append(windows, w)
	}
	return v.IsQueued(windows, now), nil
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
	}
	return "inspect"
}

// hasBacklog reports whether messages wait for a service, or for publish, which its results go to. Each queue is asked once.
func (t Reconciler) hasBacklog(ctx context.Context, service string, waits map[string]int) (bool, error) {
	for _, name := range []string{service, "publish"} {
		if _, known := waits[name]; !known {
			n, err := t.QueueDepths.ReadServiceDepth(ctx, name)
			if err != nil {
				return false, err
			}
			waits[name] = n
		}
		if waits[name] > 0 {
			return true, nil
		}
	}
	return false, nil
}
