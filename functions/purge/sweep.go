package purge

import (
	"context"
	"time"

	"sluice/events"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// Objects are those of one bucket.
type Objects interface {
	// DeleteAll deletes the objects whose keys begin with prefix; it may be repeated.
	DeleteAll(ctx context.Context, prefix string) (int, error)
}

// Leavings are what the tasks of videos have left in the table.
type Leavings interface {
	// Forget deletes the results of a video's tasks, and which are done; it may be repeated.
	Forget(ctx context.Context, tenant, id string) error
}

// Sweeper removes all that a deleted video owned, but for its row.
type Sweeper struct {
	Source, Media Objects
	Rows          Leavings
	Now           func() time.Time
}

// Handle removes what is published first: the links end with it.
func (s Sweeper) Handle(ctx context.Context, e events.Event) ([]events.Event, error) {
	asked, err := events.DataAs[video.SweepRequested]("sweep.Handle", e)
	if err != nil {
		return nil, err
	}
	if _, err := s.Media.DeleteAll(ctx, playback.Prefix(asked.Playback)); err != nil {
		return nil, err
	}
	if _, err := s.Source.DeleteAll(ctx, services.SourcePrefix+e.Tenant+"/"+e.Video+"/"); err != nil {
		return nil, err
	}
	if err := s.Rows.Forget(ctx, e.Tenant, e.Video); err != nil {
		return nil, err
	}
	return []events.Event{events.Of(e.Tenant, e.Video, s.Now(), video.SweepDone{At: s.Now(), Round: asked.Round})}, nil
}
