package purge

import (
	"context"
	"time"

	"sluice/events"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// ObjectDeleter are those of one bucket.
type ObjectDeleter interface {
	// DeletePrefix deletes the objects whose keys begin with prefix; it may be repeated.
	DeletePrefix(ctx context.Context, prefix string) (int, error)
}

// TaskResultStore are what the tasks of videos have left in the table.
type TaskResultStore interface {
	// DeleteTaskResults deletes the results of a video's tasks, and which are done; it may be repeated.
	DeleteTaskResults(ctx context.Context, tenant, id string) error
}

// Purger removes all that a deleted video owned, but for its row.
type Purger struct {
	Source, Media ObjectDeleter
	Results       TaskResultStore
	Now           func() time.Time
}

// Handle removes what is published first: the links end with it.
func (s Purger) Handle(ctx context.Context, e events.Event) ([]events.Event, error) {
	asked, err := events.DataAs[video.PurgeRequested]("sweep.Handle", e)
	if err != nil {
		return nil, err
	}
	if _, err := s.Media.DeletePrefix(ctx, playback.ObjectPrefix(asked.Playback)); err != nil {
		return nil, err
	}
	if _, err := s.Source.DeletePrefix(ctx, services.SourcePrefix+e.Tenant+"/"+e.Video+"/"); err != nil {
		return nil, err
	}
	if err := s.Results.DeleteTaskResults(ctx, e.Tenant, e.Video); err != nil {
		return nil, err
	}
	return []events.Event{events.New(e.Tenant, e.Video, s.Now(), video.PurgeDone{At: s.Now(), Round: asked.Round})}, nil
}
