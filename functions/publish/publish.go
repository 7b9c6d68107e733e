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

// Rows are the videos as Publisher sees them.
type Rows interface {
	// Video returns the row with the set of its finished tasks; NotFound if there is none.
	Video(ctx context.Context, tenant, id string) (video.Video, error)
	// Save writes the row and an entry of its timeline; Conflict unless the stored version is the one before v's.
	Save(ctx context.Context, v video.Video, why video.Entry) error
	// Finish keeps a task's result, adds the task to the finished ones and returns them all. It is idempotent.
	Finish(ctx context.Context, tenant, id string, d video.TaskDone) (map[int]bool, error)
	// Results returns the results of all finished tasks.
	Results(ctx context.Context, tenant, id string) ([]video.Result, error)
}

// Publisher is the only writer of a video's row. Its inbox is FIFO with the video as group, so that there is one
// writer for each video; the version in the row holds even where that fails.
type Publisher struct {
	Rows  Rows
	Media Playlists
	Turns Turns
	Now   func() time.Time
	Log   *slog.Logger
}

// Handle applies an event to the video's row. The order holds the promises: results are kept before the set is
// looked at, playlists are written before the row says so, and the row is saved before anybody is told.
func (p Publisher) Handle(ctx context.Context, e events.Event) ([]events.Event, error) {
	const op = "publish.Handle"
	what, ok := e.Data.(video.Event)
	if !ok {
		return nil, errs.E(op, errs.Invalid, fmt.Errorf("%s carries %T", e.Type, e.Data))
	}
	before, err := p.Rows.Video(ctx, e.Tenant, e.Video)
	if err != nil {
		return nil, err
	}
	if err := p.finish(ctx, &before, what); err != nil {
		return nil, err
	}
	after, out := video.Apply(before, what)
	switch err := p.show(ctx, before, &after); {
	case errs.IsRejection(err):
		after, out = video.Fail(before, p.moment(what), errs.ProblemOf(err))
	case err != nil:
		return nil, err
	}
	if err := p.save(ctx, e, before, after); err != nil {
		return nil, err
	}
	if err := p.close(ctx, after, out); err != nil {
		return nil, err
	}
	facts, asks := apart(out)
	tasks, err := p.Turns.Take(ctx, e, after, asks)
	if err != nil {
		return nil, err
	}
	return append(p.say(after, facts), tasks...), nil
}

// moment returns when an event happened at which a video is found not to fit.
func (p Publisher) moment(what video.Event) time.Time {
	if d, ok := what.(video.TaskDone); ok {
		return d.At
	}
	return p.Now()
}

// apart takes the tasks out of what follows, and tells whether there were any: whose turn it is, Turns says.
func apart(out []video.Event) (rest []video.Event, asks bool) {
	for _, e := range out {
		if _, task := e.(video.EncodeRequested); task {
			asks = true
		} else {
			rest = append(rest, e)
		}
	}
	return rest, asks
}

// finish keeps a task's result and looks at the set, unless the video waits for none any more.
func (p Publisher) finish(ctx context.Context, v *video.Video, what video.Event) error {
	d, ok := what.(video.TaskDone)
	if !ok || !v.State.Encoding() {
		return nil
	}
	if !v.Plan.Has(d.Result.Task) {
		return errs.E("publish.finish", errs.Invalid, fmt.Errorf("task %d is not of the plan", d.Result.Task.Number))
	}
	if v.Done[d.Result.Task.Number] {
		metrics.Twice(ctx)
	}
	done, err := p.Rows.Finish(ctx, v.Tenant, v.ID, d)
	if err == nil {
		v.Done = done
	}
	return err
}

func (p Publisher) save(ctx context.Context, e events.Event, before, after video.Video) error {
	if after.Version == before.Version {
		if _, one := e.Data.(video.TaskDone); !one || !before.State.Encoding() { // else finish knows
			metrics.Twice(ctx)
		}
		return nil
	}
	if err := p.Rows.Save(ctx, after, after.Entry(string(e.Type), p.Now())); err != nil {
		return err
	}
	p.Log.InfoContext(ctx, "video changes", "was", before.State, "is", after.State, metrics.Line(p.Now(), counts(before, after)...))
	return nil
}

// say wraps what follows into events.
func (p Publisher) say(v video.Video, out []video.Event) []events.Event {
	es := make([]events.Event, 0, len(out))
	for _, d := range out {
		e := events.Of(v.Tenant, v.ID, p.Now(), d)
		e.Correlation = v.Correlation
		es = append(es, e)
	}
	return es
}
