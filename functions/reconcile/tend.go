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

// Rows are the videos.
type Rows interface {
	// Due returns the videos whose deadline has passed at now, the longest overdue first, at most limit of them. It may
	// miss what was written in the last second, and name what has moved on since.
	Due(ctx context.Context, now time.Time, limit int) ([]video.Ref, error)
	// Video returns NotFound if there is none.
	Video(ctx context.Context, tenant, id string) (video.Video, error)
}

// Originals are what clients uploaded.
type Originals interface {
	// Head returns what is known of an object; NotFound if there is none.
	Head(ctx context.Context, key string) (blob.Info, error)
}

// Windows are what tenants have in flight.
type Windows interface {
	// Window returns a tenant's window of a lane: of one that has none yet, an empty one.
	Window(ctx context.Context, tenant string, lane video.Lane) (video.Window, error)
}

// Queues are the inboxes.
type Queues interface {
	// Depth returns how many messages wait in a service's inbox, about.
	Depth(ctx context.Context, service string) (int, error)
}

// Publisher sends events to the services that take them.
type Publisher interface {
	Send(ctx context.Context, es ...events.Event) error
}

// Steering decides how many workers each queue may have.
type Steering interface {
	// Decide returns when to decide again; 0: as usual.
	Decide(ctx context.Context, h autoscale.Hint) (again time.Duration, err error)
}

// Tender tends.
type Tender struct {
	Rows      Rows
	Windows   Windows
	Originals Originals
	Queues    Queues
	Send      Publisher
	Dead      Dead
	Letters   Letters
	Steer     Steering
	Now       func() time.Time
	Wait      func(ctx context.Context, d time.Duration) // ends when the context does
	Log       *slog.Logger
}

// most is how many videos a run looks at: more wait for the next.
const most = 500

// stuck is from when on a video that is overdue is taken to be stuck: a nudge of tend's moves it on, or gives it more
// time, within the minute.
const stuck = 15 * time.Minute

// Run decides how many workers there are, looks at what is due, files dead letters and counts those that are open; then,
// as long as the law asks for it and the time allows it, it decides again. Woken with a hint, it only decides.
func (t Tender) Run(ctx context.Context, h autoscale.Hint) error {
	again, err := t.Steer.Decide(ctx, h)
	if h.IsZero() {
		err = errors.Join(err, t.due(ctx), t.drain(ctx), t.open(ctx))
	}
	for again > 0 && t.hasTime(ctx, again) {
		t.Wait(ctx, again)
		var failed error
		again, failed = t.Steer.Decide(ctx, autoscale.Hint{})
		err = errors.Join(err, failed)
	}
	return err
}

// hasTime reports whether something can be done after d.
func (t Tender) hasTime(ctx context.Context, d time.Duration) bool {
	end, ok := ctx.Deadline()
	return ok && t.Now().Add(d+toEnd).Before(end)
}

// due looks at what is due. What fails for one video is logged and does not keep it from the others: it is due until it
// is dealt with.
func (t Tender) due(ctx context.Context) error {
	refs, err := t.Rows.Due(ctx, t.Now(), most)
	if err != nil {
		return err
	}
	waits, late := map[string]int{}, 0
	for _, ref := range refs {
		if err := ctx.Err(); err != nil {
			return errs.E("tend.due", errs.Transient, err)
		}
		overdue, err := t.look(ctx, ref, waits)
		if err != nil {
			t.Log.ErrorContext(ctx, "a video is not tended", "tenant", ref.Tenant, "video", ref.ID, "error", err)
		}
		if overdue > stuck {
			late++
		}
	}
	if late > 0 {
		t.Log.WarnContext(ctx, "videos are stuck", "videos", late, metrics.Line(t.Now(), metric.Stuck.Is(float64(late))))
	}
	t.Log.InfoContext(ctx, "tended", "due", len(refs))
	return nil
}

// look finds out what has become of a video and tells publish. It returns for how long the video is overdue.
func (t Tender) look(ctx context.Context, ref video.Ref, waits map[string]int) (overdue time.Duration, err error) {
	v, err := t.Rows.Video(ctx, ref.Tenant, ref.ID)
	if err != nil {
		return 0, err
	}
	now := t.Now()
	if !v.Due(now) { // it has moved on since the index was written
		return 0, nil
	}
	overdue = now.Sub(v.Watch.Deadline)
	passed := video.DeadlinePassed{At: now, State: v.State, Deadline: v.Watch.Deadline}
	if passed.Stored, err = t.stored(ctx, v); err != nil {
		return overdue, err
	}
	if passed.Busy, err = t.busy(ctx, step(v, passed.Stored), waits); err != nil {
		return overdue, err
	}
	if passed.Queued, err = t.queued(ctx, v, now); err != nil {
		return overdue, err
	}
	t.Log.WarnContext(ctx, "a deadline has passed", "tenant", v.Tenant, "video", v.ID, "state", v.State, "nudges", v.Watch.Nudges, "stored", passed.Stored != nil, "busy", passed.Busy, "queued", passed.Queued)
	e := events.Of(v.Tenant, v.ID, now, passed)
	e.Trace, e.Correlation = v.Trace, v.Correlation
	return overdue, t.Send.Send(ctx, e)
}

// stored looks for the original itself where nobody may have heard of it.
func (t Tender) stored(ctx context.Context, v video.Video) (*video.Stored, error) {
	if v.State != video.Waiting && v.State != video.Uploaded {
		return nil, nil
	}
	o, err := t.Originals.Head(ctx, v.Source.Key)
	switch errs.KindOf(err) {
	case "":
		return &video.Stored{Size: o.Size, ETag: o.ETag, At: o.At}, nil
	case errs.NotFound:
		return nil, nil
	default:
		return nil, err
	}
}

// queued looks whether a video waits for its turn among its tenant's.
func (t Tender) queued(ctx context.Context, v video.Video, now time.Time) (bool, error) {
	if !v.State.Encoding() || v.Plan == nil {
		return false, nil
	}
	var windows []video.Window
	for _, lane := range v.Plan.Lanes() {
		w, err := t.Windows.Window(ctx, v.Tenant, lane)
		if err != nil {
			return false, err
		}
		windows = append(windows, w)
	}
	return v.Queued(windows, now), nil
}

// step returns the service whose work a video waits for.
func step(v video.Video, stored *video.Stored) string {
	switch {
	case v.State.Encoding():
		return "encode"
	case v.State == video.Deleting:
		return "purge"
	case v.Fetch != nil && stored == nil:
		return "fetch"
	}
	return "inspect"
}

// busy reports whether messages wait for a service, or for publish, which its results go to. Each queue is asked once.
func (t Tender) busy(ctx context.Context, service string, waits map[string]int) (bool, error) {
	for _, name := range []string{service, "publish"} {
		if _, known := waits[name]; !known {
			n, err := t.Queues.Depth(ctx, name)
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
