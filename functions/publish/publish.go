package publish

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/telemetry/metrics"
)

// VideoStore are the videos as Publisher sees them.
type VideoStore interface {
	// LoadVideo returns the row with the set of its finished tasks; NotFound if there is none.
	LoadVideo(ctx context.Context, tenant, id string) (video.Video, error)
	// SaveVideo writes the row and an entry of its timeline; Conflict unless the stored version is the one before v's.
	SaveVideo(ctx context.Context, v video.Video, why video.TimelineEntry) error
	// FinishTask keeps a task's result, adds the task to the finished ones and returns them all. It is idempotent.
	FinishTask(ctx context.Context, tenant, id string, d video.TaskDone) (map[int]bool, error)
	// ListTaskResults returns the results of all finished tasks.
	ListTaskResults(ctx context.Context, tenant, id string) ([]video.Result, error)
}

// VideoOwner is the only writer of a video's row. Its inbox is FIFO with the video as group, so that there is one
// writer for each video; the version in the row holds even where that fails.
type VideoOwner struct {
	Videos    VideoStore
	Playlists PlaylistStore
	FairShare FairShare
	Now       func() time.Time
	Log       *slog.Logger
}

// Handle applies an event to the video's row. The order holds the promises: results are kept before the set is
// looked at, playlists are written before the row says so, and the row is saved before anybody is told.
func (p VideoOwner) Handle(ctx context.Context, e events.Event) ([]events.Event, error) {
	const op = "publish.Handle"
	what, ok := e.Data.(video.Event)
	if !ok {
		return nil, errs.E(op, errs.Invalid, fmt.Errorf("%s carries %T", e.Type, e.Data))
	}
	before, err := p.Videos.LoadVideo(ctx, e.Tenant, e.Video)
	if err != nil {
		return nil, err
	}
	if err := p.recordFinishedTask(ctx, &before, what); err != nil {
		return nil, err
	}
	after, out := video.Apply(before, what)
	switch err := p.publishProgress(ctx, before, &after); {
	case errs.IsRejection(err):
		after, out = video.Fail(before, p.eventTime(what), errs.ProblemOf(err))
	case err != nil:
		return nil, err
	}
	if err := p.saveVideo(ctx, e, before, after); err != nil {
		return nil, err
	}
	if err := p.closePlaylists(ctx, after, out); err != nil {
		return nil, err
	}
	facts, asks := splitTasks(out)
	tasks, err := p.FairShare.ReserveTasks(ctx, e, after, asks)
	if err != nil {
		return nil, err
	}
	return append(p.buildEvents(after, facts), tasks...), nil
}

// eventTime returns when an event happened at which a video is found not to fit.
func (p VideoOwner) eventTime(what video.Event) time.Time {
	if d, ok := what.(video.TaskDone); ok {
		return d.At
	}
	return p.Now()
}

// splitTasks takes the tasks out of what follows, and tells whether there were any: whose turn it is, Turns says.
func splitTasks(out []video.Event) (rest []video.Event, asks bool) {
	for _, e := range out {
		if _, task := e.(video.EncodeRequested); task {
			asks = true
		} else {
			rest = append(rest, e)
		}
	}
	return rest, asks
}

// recordFinishedTask keeps a task's result and looks at the set, unless the video waits for none any more.
func (p VideoOwner) recordFinishedTask(ctx context.Context, v *video.Video, what video.Event) error {
	d, ok := what.(video.TaskDone)
	if !ok || !v.State.IsEncoding() {
		return nil
	}
	if !v.Plan.HasTask(d.Result.Task) {
		return errs.E("publish.finish", errs.Invalid, fmt.Errorf("task %d is not of the plan", d.Result.Task.Number))
	}
	if v.Done[d.Result.Task.Number] {
		metrics.MarkDuplicate(ctx)
	}
	done, err := p.Videos.FinishTask(ctx, v.Tenant, v.ID, d)
	if err == nil {
		v.Done = done
	}
	return err
}

func (p VideoOwner) saveVideo(ctx context.Context, e events.Event, before, after video.Video) error {
	if after.Version == before.Version {
		if _, one := e.Data.(video.TaskDone); !one || !before.State.IsEncoding() { // else finish knows
			metrics.MarkDuplicate(ctx)
		}
		return nil
	}
	if err := p.Videos.SaveVideo(ctx, after, after.NewTimelineEntry(string(e.Type), p.Now())); err != nil {
		return err
	}
	p.Log.InfoContext(ctx, "video changes", "was", before.State, "is", after.State, metrics.LogAttr(p.Now(), collectMetrics(before, after)...))
	return nil
}

// buildEvents wraps what follows into events.
func (p VideoOwner) buildEvents(v video.Video, out []video.Event) []events.Event {
	es := make([]events.Event, 0, len(out))
	for _, d := range out {
		e := events.New(v.Tenant, v.ID, p.Now(), d)
		e.Correlation = v.Correlation
		es = append(es, e)
	}
	return es
}
