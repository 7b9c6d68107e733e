// Package rejection reports producers' commands that are not carried out, by events to the tenant: a producer does not
// see the dead letters of Sluice. It needs no rights on AWS beside sns:Publish on the topic.
package rejection

import (
	"cmp"
	"errors"
	"time"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// rejectedError is the error of a command, with the tenant to whom it is reported and the video that it is about.
type rejectedError struct {
	error
	about video.Ref
}

// Unwrap returns the error of the command.
func (r rejectedError) Unwrap() error { return r.error }

// WithVideo returns err with the tenant and the video of a command, for BuildEvents. It returns err itself without a
// tenant: nobody can be told then.
func WithVideo(err error, tenant, id string) error {
	if err == nil || tenant == "" {
		return err
	}
	return rejectedError{err, video.Ref{Tenant: tenant, ID: id}}
}

// BuildEvents returns the event that reports the error of a command, none if its tenant is not known. now is the time
// of the event.
func BuildEvents(e events.Event, err error, now time.Time) []events.Event {
	r, ok := errors.AsType[rejectedError](err)
	if !ok {
		return nil
	}
	out := events.New(r.about.Tenant, r.about.ID, now, video.CommandRejected{
		Command: string(e.Type), Source: e.Source, ID: e.ID, Problem: errs.ProblemOf(err),
	})
	out.Correlation = cmp.Or(e.Correlation, e.ID)
	return []events.Event{out}
}
