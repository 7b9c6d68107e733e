// Package purge removes all that a deleted video owned, except its row: published media, the original and its
// copy, and task results.
//
// Rights: list and delete on both buckets, deletion of task results in the table.
package purge

import (
	"context"
	"time"

	"sluice/events"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// ObjectDeleter deletes objects of one bucket.
type ObjectDeleter interface {
	// DeletePrefix deletes the objects whose keys begin with prefix and returns their number. It is idempotent.
	DeletePrefix(ctx context.Context, prefix string) (int, error)
}

// TaskResultStore keeps the results of encode tasks.
type TaskResultStore interface {
	// DeleteTaskResults deletes the results of a video's tasks, and the set of those that are done. It is idempotent.
	DeleteTaskResults(ctx context.Context, tenant, id string) error
}

// Purger handles PurgeRequested.
type Purger struct {
	Source, Media ObjectDeleter
	Results       TaskResultStore
	Now           func() time.Time
}

// Handle deletes the published media first, so that the video's links stop working as early as possible, and returns
// PurgeDone.
func (p Purger) Handle(ctx context.Context, e events.Event) ([]events.Event, error) {
	asked, err := events.DataAs[video.PurgeRequested]("purge.Handle", e)
	if err != nil {
		return nil, err
	}
	if _, err := p.Media.DeletePrefix(ctx, playback.ObjectPrefix(asked.Playback)); err != nil {
		return nil, err
	}
	for _, folder := range []string{
		services.SourceFolder(e.Tenant, e.Video), services.CopyFolder(e.Tenant, e.Video),
	} {
		if _, err := p.Source.DeletePrefix(ctx, folder); err != nil {
			return nil, err
		}
	}
	if err := p.Results.DeleteTaskResults(ctx, e.Tenant, e.Video); err != nil {
		return nil, err
	}
	return []events.Event{events.New(e.Tenant, e.Video, p.Now(), video.PurgeDone{At: p.Now(), Round: asked.Round})}, nil
}
