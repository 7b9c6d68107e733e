// Package publish owns the videos' rows: it applies each event to its video, writes the playlists, requests encode
// tasks within the tenant's in-flight limit (see FairShare), and tells subscribers what has changed.
//
// Rights: read and write of video rows, task results, quotas, in-flight limits, wait queues and the deny list in the
// table; read and write of playlists in the media bucket. After a video is created, no other service writes its row,
// but for the Details that clients may edit.
package publish

import (
	"context"
	"log/slog"
	"time"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/video"
	"sluice/shared/platform/queue"
)

// VideoStore keeps the rows of videos.
type VideoStore interface {
	// LoadVideos returns those of the videos that exist, without the sets of their finished tasks.
	LoadVideos(ctx context.Context, refs ...video.Ref) (map[video.Ref]video.Video, error)
	// SaveVideo writes a video and an entry of its timeline for each new version. It fails with Conflict unless the
	// stored version is the one before these, and with Exhausted if the tenant's limits don't allow to encode the
	// video.
	SaveVideo(ctx context.Context, v video.Video, entries ...video.TimelineEntry) error
}

// TaskStore keeps the results of the videos' tasks.
type TaskStore interface {
	// FinishTasks stores the results of tasks of a video that has a number of tasks, adds the tasks to the set of
	// finished ones and returns the set as it was before. It is idempotent.
	FinishTasks(ctx context.Context, tenant, id string, tasks int, results ...video.EncodeDone) (map[int]bool, error)
	// LoadFinishedTasks returns the set of finished tasks.
	LoadFinishedTasks(ctx context.Context, tenant, id string) (map[int]bool, error)
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
	Tasks     TaskStore
	Playlists PlaylistStore
	DenyList  DenyList
	FairShare FairShare
	Now       func() time.Time
	Log       *slog.Logger
}

// Handle applies an event to its video and returns the events that follow. It may see an event twice, late or out of
// order. NotFound: there is no such video.
func (o VideoOwner) Handle(ctx context.Context, e events.Event) ([]events.Event, error) {
	const op = "publish.Handle"
	if _, err := events.DataAs[video.Event](op, e); err != nil {
		return nil, err
	}
	ref := video.Ref{Tenant: e.Tenant, ID: e.Video}
	rows, err := o.Videos.LoadVideos(ctx, ref)
	if err != nil {
		return nil, err
	}
	v, ok := rows[ref]
	if !ok {
		return nil, videoMissing.ToError(op, errs.NotFound, nil)
	}
	item := &queue.Item{Context: ctx, Event: e}
	requests, err := o.applyEvents(ctx, v, item)
	if err != nil {
		return nil, err
	}
	tasks, err := o.FairShare.RequestTasks(ctx, requests...)
	if err != nil {
		return nil, err
	}
	return append(item.Out, tasks[0]...), nil
}

var videoMissing = errs.NewProblem("video_not_found", "There is no such video; check its id.")

// HandleBatch handles events of several videos together, as a [queue.BatchHandler]: it reads all rows with one call,
// saves what several tasks of a video have changed once, and the in-flight limit of a tenant once. Events of a video
// that it can't apply together, or that fail, are left to Handle.
func (o VideoOwner) HandleBatch(ctx context.Context, items []*queue.Item) {
	var refs []video.Ref
	byVideo := map[video.Ref][]*queue.Item{}
	for _, i := range items {
		ref := video.Ref{Tenant: i.Event.Tenant, ID: i.Event.Video}
		if byVideo[ref] == nil {
			refs = append(refs, ref)
		}
		byVideo[ref] = append(byVideo[ref], i)
	}
	rows, err := o.Videos.LoadVideos(ctx, refs...)
	if err != nil {
		o.Log.WarnContext(ctx, "a batch can't be handled together", "error", err)
		return
	}
	var tenants []string
	applied, requests := map[string][]*queue.Item{}, map[string][]TaskRequest{}
	for _, ref := range refs {
		v, ok := rows[ref]
		if !ok || !canApplyTogether(byVideo[ref]) {
			continue
		}
		some, err := o.applyEvents(byVideo[ref][0].Context, v, byVideo[ref]...)
		if err != nil {
			o.Log.WarnContext(byVideo[ref][0].Context, "events can't be applied together", "error", err)
			continue
		}
		if applied[ref.Tenant] == nil {
			tenants = append(tenants, ref.Tenant)
		}
		applied[ref.Tenant] = append(applied[ref.Tenant], byVideo[ref]...)
		requests[ref.Tenant] = append(requests[ref.Tenant], some...)
	}
	for _, tenant := range tenants {
		o.requestTogether(ctx, applied[tenant], requests[tenant])
	}
}

// requestTogether requests the tasks for a tenant's events that were applied, and marks the events as handled.
func (o VideoOwner) requestTogether(ctx context.Context, applied []*queue.Item, requests []TaskRequest) {
	tasks, err := o.FairShare.RequestTasks(ctx, requests...)
	if err != nil {
		o.Log.WarnContext(ctx, "tasks can't be requested together", "error", err)
		return
	}
	for n, i := range applied {
		i.Out, i.Handled = append(i.Out, tasks[n]...), true
	}
}

// canApplyTogether reports whether the events of a video can be applied before any of them is announced: a single
// event, or several finished tasks. A duplicate of a finished task gives the same events in every later state that
// finished tasks lead to; other events would lose theirs.
func canApplyTogether(items []*queue.Item) bool {
	for _, i := range items {
		_, isDone := i.Event.Data.(video.EncodeDone)
		if _, ok := i.Event.Data.(video.Event); !ok || !isDone && len(items) > 1 {
			return false
		}
	}
	return true
}
