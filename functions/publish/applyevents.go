package publish

import (
	"context"
	"fmt"
	"slices"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/media"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/video"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/telemetry/metrics"
)

// applyEvents applies the events of items to a video, one after the other, and saves the result once. It sets what
// follows each item, and returns what each asks of the in-flight limits. Several items are finished tasks only.
//
// The order of the writes is what keeps the promises: the tasks' results are stored before the set of finished tasks is
// read, playlists are written before the row says that they exist, and the row is saved before the events that announce
// it are returned.
func (o VideoOwner) applyEvents(
	ctx context.Context, before video.Video, items ...*queue.Item,
) (requests []TaskRequest, err error) {
	if before.Done, err = o.finishTasks(ctx, before, items); err != nil {
		return nil, err
	}
	after, out, entries := o.applyAll(before, items)
	switch err := o.publishProgress(ctx, before, &after); {
	case errs.IsRejection(err) && len(items) == 1:
		// The results of the tasks don't fit together. A redelivery of the event fails the video at the same time.
		at := o.Now()
		if d, ok := items[0].Event.Data.(video.EncodeDone); ok {
			at = d.At
		}
		after, out[0] = video.Fail(before, at, errs.ProblemOf(err))
		entries = []video.TimelineEntry{after.NewTimelineEntry(string(items[0].Event.Type), o.Now())}
	case err != nil:
		return nil, err
	}
	err = o.saveVideo(ctx, before, after, entries)
	if inspected, ok := items[0].Event.Data.(video.MediaInspected); ok && errs.KindOf(err) == errs.Exhausted {
		after, out[0] = video.Apply(before, video.MediaRefused{
			UploadedAt: inspected.UploadedAt, At: inspected.At, Size: inspected.Size, Problem: errs.ProblemOf(err),
		})
		entries = []video.TimelineEntry{after.NewTimelineEntry(string(items[0].Event.Type), o.Now())}
		err = o.saveVideo(ctx, before, after, entries)
	}
	if err != nil {
		return nil, err
	}
	if rule, ok := playback.DecideDenyRule(after); ok {
		if _, err := o.DenyList.ApplyDenyRule(ctx, rule); err != nil {
			return nil, err
		}
	}
	if err := o.closePlaylists(ctx, after, slices.Concat(out...)); err != nil {
		return nil, err
	}
	return o.announce(after, items, out), nil
}

// finishTasks stores the results of the tasks that have finished, if the video still waits for tasks. It returns the
// set of tasks that were finished before; nil if the video has no tasks yet. Invalid: a task is not in the video's
// plan, or was done without its audio.
func (o VideoOwner) finishTasks(
	ctx context.Context, v video.Video, items []*queue.Item,
) (before map[int]bool, err error) {
	if v.Plan == nil {
		return nil, nil
	}
	var results []video.EncodeDone
	for _, i := range items {
		d, ok := i.Event.Data.(video.EncodeDone)
		if !ok || !v.State.IsEncoding() {
			return o.Tasks.LoadFinishedTasks(ctx, v.Tenant, v.ID)
		}
		if !v.Plan.HasTask(d.Result.Task) {
			return nil, errs.E("publish.finishTasks", errs.Invalid,
				fmt.Errorf("task %d is not in the plan", d.Result.Task.Number))
		}
		if !media.HasAudio(*v.Plan, d.Result) { // the task stays unfinished and is requested again
			return nil, errs.E("publish.finishTasks", errs.Invalid,
				fmt.Errorf("task %d was done without its audio", d.Result.Task.Number))
		}
		results = append(results, d)
	}
	return o.Tasks.FinishTasks(ctx, v.Tenant, v.ID, v.Plan.TaskCount(), results...)
}

// applyAll applies the events of items to a video. It returns the video, what follows each item, and an entry of the
// timeline for each new version. An event that changes nothing counts as a duplicate.
func (o VideoOwner) applyAll(
	before video.Video, items []*queue.Item,
) (after video.Video, out [][]video.Event, entries []video.TimelineEntry) {
	after, out = before, make([][]video.Event, len(items))
	for n, i := range items {
		was, data := after, i.Event.Data.(video.Event)
		after, out[n] = video.Apply(was, data)
		if after.Version != was.Version {
			entries = append(entries, after.NewTimelineEntry(string(i.Event.Type), o.Now()))
		}
		isDuplicate := after.Version == was.Version
		if d, ok := data.(video.EncodeDone); ok && was.State.IsEncoding() {
			isDuplicate = was.Done[d.Result.Task.Number]
		}
		if isDuplicate {
			metrics.MarkDuplicate(i.Context)
		}
	}
	return after, out, entries
}

// saveVideo writes the video's row if the events have changed it.
func (o VideoOwner) saveVideo(ctx context.Context, before, after video.Video, entries []video.TimelineEntry) error {
	if after.Version == before.Version {
		return nil
	}
	if err := o.Videos.SaveVideo(ctx, after, entries...); err != nil {
		return err
	}
	o.Log.InfoContext(ctx, "video has changed", "was", before.State, "is", after.State,
		metrics.LogAttr(o.Now(), collectMetrics(before, after)...))
	return nil
}

// announce sets what follows each item, each event once, without the tasks: FairShare decides which of them are sent.
// It returns what each item asks of it.
func (o VideoOwner) announce(v video.Video, items []*queue.Item, out [][]video.Event) (requests []TaskRequest) {
	sent := map[string]bool{}
	for n, i := range items {
		i.Out = nil
		wantsTasks := false
		for _, d := range out[n] {
			if _, isTask := d.(video.EncodeRequested); isTask {
				wantsTasks = true
				continue
			}
			next := events.New(v.Tenant, v.ID, o.Now(), d)
			next.Correlation = v.Correlation
			if !sent[next.ID] {
				sent[next.ID], i.Out = true, append(i.Out, next)
			}
		}
		requests = append(requests, TaskRequest{Event: i.Event, Video: v, WantsTasks: wantsTasks})
	}
	return requests
}
