// Package command has what clients and producers may ask of a video that exists: the type, the validator and the effect
// of each command. It is pure and needs no AWS rights.
package command

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// Command is what a client or a producer asks of a video that exists. The JSON of the types is the data of a producer's
// message.
type Command interface {
	// VideoID returns the id of the video.
	VideoID() string
	// Validate returns the problems of the fields, in their order.
	Validate() errs.FieldErrors
	// applyTo returns the video with the details that the command gives it. NotFound: it is too late for the command.
	applyTo(v video.Video) (video.Video, error)
	// ListEvents returns the events that follow from the command when it is accepted at a time.
	ListEvents(at time.Time) []video.Event
}

// The commands.
type (
	// Describe replaces details of a video. nil leaves a field unchanged, and an empty title becomes the name of
	// the file.
	Describe struct {
		Video      string            `json:"video_id"`
		Title      *string           `json:"title,omitempty"`
		ExternalID *string           `json:"external_id,omitempty"`
		Metadata   map[string]string `json:"metadata,omitzero"` // all of it; empty: none
	}
	// Unpublish makes a video unplayable, until Publish. It stays, and is still processed.
	Unpublish struct {
		Video string `json:"video_id"`
	}
	// Publish makes a video playable that was unpublished.
	Publish struct {
		Video string `json:"video_id"`
	}
	// Delete deletes a video and all that belongs to it.
	Delete struct {
		Video string `json:"video_id"`
	}
)

// Accept returns the video after a command that was accepted at a time, and the events that follow. It changes
// only Details; publish does the rest. NotFound, code video_not_found: the video is deleted or, unless that is the
// command, being deleted.
func Accept(v video.Video, c Command, at time.Time) (video.Video, []video.Event, error) {
	v, err := c.applyTo(v)
	if err != nil {
		return v, nil, err
	}
	return v, c.ListEvents(at), nil
}

var videoMissing = errs.NewProblem("video_not_found", "There is no such video; check its id.")

// requireOther returns NotFound if the video is in one of the states.
func requireOther(v video.Video, states ...video.State) error {
	if slices.Contains(states, v.State) {
		return videoMissing.ToError("command.Accept", errs.NotFound, nil)
	}
	return nil
}

// VideoID implements Command.
func (c Describe) VideoID() string { return c.Video }

// Validate implements Command.
func (c Describe) Validate() errs.FieldErrors {
	d := video.Details{Metadata: c.Metadata}
	if c.Title != nil {
		d.Title = strings.TrimSpace(*c.Title)
	}
	if c.ExternalID != nil {
		d.ExternalID = *c.ExternalID
	}
	return d.Validate()
}

func (c Describe) applyTo(v video.Video) (video.Video, error) {
	if c.Title != nil {
		v.Title = cmp.Or(strings.TrimSpace(*c.Title), v.Source.Name)
	}
	if c.ExternalID != nil {
		v.ExternalID = *c.ExternalID
	}
	if c.Metadata != nil {
		v.Metadata = nil // as rows store an empty one
		if len(c.Metadata) > 0 {
			v.Metadata = maps.Clone(c.Metadata)
		}
	}
	return v, requireOther(v, video.Deleting, video.Deleted)
}

// ListEvents implements Command.
func (Describe) ListEvents(time.Time) []video.Event { return nil }

// VideoID implements Command.
func (c Delete) VideoID() string { return c.Video }

// Validate implements Command.
func (Delete) Validate() errs.FieldErrors { return nil }

func (Delete) applyTo(v video.Video) (video.Video, error) { return v, requireOther(v, video.Deleted) }

// ListEvents implements Command.
func (Delete) ListEvents(at time.Time) []video.Event {
	return []video.Event{video.DeleteRequested{At: at}}
}

// VideoID implements Command.
func (c Unpublish) VideoID() string { return c.Video }

// Validate implements Command.
func (Unpublish) Validate() errs.FieldErrors { return nil }

func (Unpublish) applyTo(v video.Video) (video.Video, error) {
	return v, requireOther(v, video.Deleting, video.Deleted)
}

// ListEvents implements Command.
func (Unpublish) ListEvents(at time.Time) []video.Event {
	return []video.Event{video.UnpublishRequested{At: at}}
}

// VideoID implements Command.
func (c Publish) VideoID() string { return c.Video }

// Validate implements Command.
func (Publish) Validate() errs.FieldErrors { return nil }

func (Publish) applyTo(v video.Video) (video.Video, error) {
	return v, requireOther(v, video.Deleting, video.Deleted)
}

// ListEvents implements Command.
func (Publish) ListEvents(at time.Time) []video.Event {
	return []video.Event{video.PublishRequested{At: at}}
}
