// Package commands carries out the commands about videos that exist, which clients send by HTTP and producers by queue.
// Both ways lead to one [Runner]; package ingest does the same for the command that creates a video. [MessageHandler]
// takes all messages of producers.
//
// Rights on AWS: reads of the rows of producers and videos, updates of the details of videos, idempotency records, and
// the end of multipart uploads below t/ in the source bucket.
//
// It rejects senders that are not registered, commands that their registrations do not name, and videos of other
// tenants (as unknown ones).
package commands

import (
	"context"
	"time"

	"sluice/events"
	"sluice/shared/domain/command"
	"sluice/shared/domain/video"
)

// VideoStore keeps videos.
type VideoStore interface {
	// LoadVideo returns NotFound if the tenant has no video of that id.
	LoadVideo(ctx context.Context, tenant, id string) (video.Video, error)
	// UpdateDetails replaces the title, external id and metadata of a video. NotFound: it is being deleted.
	UpdateDetails(ctx context.Context, tenant, id string, d video.Details) error
}

// MultipartUploads aborts multipart uploads.
type MultipartUploads interface {
	// AbortUpload ends an upload without an object. It returns nil if the upload is gone.
	AbortUpload(ctx context.Context, key, id string) error
}

// Runner carries out commands.
type Runner struct {
	Videos    VideoStore
	Multipart MultipartUploads
}

// RunCommand carries out a valid command about the video v, which the caller has loaded for the tenant. at is when the
// command was accepted. It returns the video and the events that follow, which the caller sends. NotFound: it is too
// late for the command, as the video is deleted.
func (r Runner) RunCommand(
	ctx context.Context, v video.Video, c command.Command, at time.Time,
) (video.Video, []events.Event, error) {
	after, out, err := command.Accept(v, c, at)
	if err != nil {
		return v, nil, err
	}
	switch c.(type) {
	case command.Describe:
		err = r.Videos.UpdateDetails(ctx, v.Tenant, v.ID, after.Details)
	case command.Delete:
		if v.State == video.Waiting && v.Fetch != nil { // so that no file arrives after the purge
			err = r.Multipart.AbortUpload(ctx, v.Source.Key, v.Fetch.MultipartID)
		}
	}
	if err != nil {
		return v, nil, err
	}
	return after, newEvents(v, out, at), nil
}

func newEvents(v video.Video, data []video.Event, at time.Time) (all []events.Event) {
	for _, d := range data {
		all = append(all, events.New(v.Tenant, v.ID, at, d))
	}
	return all
}
