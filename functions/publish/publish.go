// Package publish owns the videos' rows: it applies each event to its video, writes the playlists, requests encode
// tasks within the tenant's in-flight limit (see FairShare), and tells subscribers what has changed.
//
// Rights: read and write of video rows, task results, in-flight limits, wait queues and the deny list in the table;
// read and write of playlists in the media bucket. After a video is created, no other service writes its row, but for
// the Details that clients may edit.
package publish

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/metric"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/video"
	"sluice/shared/platform/telemetry/metrics"
)

// VideoStore keeps videos and the results of their tasks.
type VideoStore interface {
	// LoadVideo returns a video with the set of its finished tasks; NotFound if there is none.
	LoadVideo(ctx context.Context, tenant, id string) (video.Video, error)
	// SaveVideo writes a video and an entry of its timeline. It fails with Conflict unless the stored version is the
	// one before v's, and with Exhausted if the tenant's limits don't allow to encode the video.
	SaveVideo(ctx context.Context, v video.Video, why video.TimelineEntry) error
	// FinishTask stores a task's result, adds the task to the set of finished ones and returns the set. It is
	// idempotent.
	FinishTask(ctx context.Context, tenant, id string, d video.EncodeDone) (map[int]bool, error)
	// ListTaskResults returns the results of all finished tasks.
	ListTaskResults(ctx context.Context, tenant, id string) ([]video.Result, error)
}

// DenyList has the playback ids that may not be played.
type DenyList interface {
	// ApplyDenyRule changes the entry of a playback id; changed is false if it was so already. It is idempotent. It
	// fails with Conflict if the entry changed at the same time.
	ApplyDenyRule(ctx context.Context, r playback.DenyRule) (changed bool, err error)
}

// VideoOwner is the only writer of videos' rows after their creation, but for their Details. Its queue is FIFO with the
// video's id as message group, so that normally one process at a time writes a row; the version in the row protects it
// where that fails.
type VideoOwner struct {
	Videos    VideoStore
	Playlists PlaylistStore
	DenyList  DenyList
	FairShare FairShare
	Now       func() time.Time
	Log       *slog.Logger
}

// Handle applies an event to its video and returns the events that follow. It may see an event twice, late or out of
// order. The order of the writes is what keeps the promises: a task's result is stored before the set of finished tasks
// is read, playlists are written before the row says that they exist, and the row is saved before the events that
// announce it are returned.
func (o VideoOwner) Handle(ctx context.Context, e events.Event) ([]events.Event, error) {
	data, err := events.DataAs[video.Event]("publish.Handle", e)
	if err != nil {
		return nil, err
	}
	before, err := o.Videos.LoadVideo(ctx, e.Tenant, e.Video)
	if err != nil {
		return nil, err
	}
	if err := o.recordFinishedTask(ctx, &before, data); err != nil {
		return nil, err
	}
	after, out := video.Apply(before, data)
	switch err := o.publishProgress(ctx, before, &after); {
	case errs.IsRejection(err):
		// The results of the tasks don't fit together. A redelivery of the event fails the video at the same time.
		at := o.Now()
		if d, ok := data.(video.EncodeDone); ok {
			at = d.At
		}
		after, out = video.Fail(before, at, errs.ProblemOf(err))
	case err != nil:
		return nil, err
	}
	err = o.saveVideo(ctx, e, before, after)
	if inspected, ok := data.(video.MediaInspected); ok && errs.KindOf(err) == errs.Exhausted {
		after, out = video.Apply(before, video.MediaRefused{
			UploadedAt: inspected.UploadedAt, At: inspected.At, Problem: errs.ProblemOf(err),
		})
		err = o.saveVideo(ctx, e, before, after)
	}
	if err != nil {
		return nil, err
	}
	if rule, ok := playback.DecideDenyRule(after); ok {
		if _, err := o.DenyList.ApplyDenyRule(ctx, rule); err != nil {
			return nil, err
		}
	}
	if err := o.closePlaylists(ctx, after, out); err != nil {
		return nil, err
	}
	all, wantsTasks := []events.Event{}, false
	for _, d := range out {
		if _, isTask := d.(video.EncodeRequested); isTask { // FairShare decides which ones are sent
			wantsTasks = true
			continue
		}
		next := events.New(after.Tenant, after.ID, o.Now(), d)
		next.Correlation = after.Correlation
		all = append(all, next)
	}
	tasks, err := o.FairShare.RequestTasks(ctx, e, after, wantsTasks)
	if err != nil {
		return nil, err
	}
	return append(all, tasks...), nil
}

// recordFinishedTask stores the result of an EncodeDone and updates v.Done, if the video still waits for tasks.
// Invalid: the task is not in the video's plan.
func (o VideoOwner) recordFinishedTask(ctx context.Context, v *video.Video, data video.Event) error {
	d, ok := data.(video.EncodeDone)
	if !ok || !v.State.IsEncoding() {
		return nil
	}
	if !v.Plan.HasTask(d.Result.Task) {
		return errs.E("publish.recordFinishedTask", errs.Invalid,
			fmt.Errorf("task %d is not in the plan", d.Result.Task.Number))
	}
	if v.Done[d.Result.Task.Number] {
		metrics.MarkDuplicate(ctx)
	}
	done, err := o.Videos.FinishTask(ctx, v.Tenant, v.ID, d)
	if err == nil {
		v.Done = done
	}
	return err
}

// saveVideo writes the video's row if the event has changed it. An event that changes nothing counts as a duplicate.
func (o VideoOwner) saveVideo(ctx context.Context, e events.Event, before, after video.Video) error {
	if after.Version == before.Version {
		// else recordFinishedTask has decided that
		if _, done := e.Data.(video.EncodeDone); !done || !before.State.IsEncoding() {
			metrics.MarkDuplicate(ctx)
		}
		return nil
	}
	if err := o.Videos.SaveVideo(ctx, after, after.NewTimelineEntry(string(e.Type), o.Now())); err != nil {
		return err
	}
	o.Log.InfoContext(ctx, "video has changed", "was", before.State, "is", after.State,
		metrics.LogAttr(o.Now(), collectMetrics(before, after)...))
	return nil
}

// collectMetrics returns the metrics of a change of a video: the duration of each stage that has ended with it, in
// milliseconds, and a failure with its code.
func collectMetrics(before, after video.Video) (all []metric.Value) {
	was, is := before.Times, after.Times
	ended := func(m metric.Metric, already, from, to time.Time) {
		if already.IsZero() && !from.IsZero() && !to.IsZero() {
			all = append(all, m.NewValue(metric.ToMilliseconds(to.Sub(from))))
		}
	}
	ended(metric.InspectTime, was.Inspected, is.Uploaded, is.Inspected)
	ended(metric.EncodeTime, was.Encoded, is.Inspected, is.Encoded)
	ended(metric.PublishTime, was.Ready, is.Encoded, is.Ready)
	ended(metric.PlayableTime, was.Playable, is.Uploaded, is.Playable)
	ended(metric.ReadyTime, was.Ready, is.Uploaded, is.Ready)
	if after.State == video.Failed && before.State != video.Failed {
		all = append(all, metric.Failed.NewValueFor(string(after.Problem.Code), 1))
	}
	return all
}
