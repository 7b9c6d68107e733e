package api

import (
	"context"
	"net/http"
	"time"

	"sluice/events"
	"sluice/shared/domain/command"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
)

// videoPatch is the body of PATCH /v1/videos/{id}. nil leaves a field unchanged.
type videoPatch struct {
	Title      *string           `json:"title,omitempty"`
	ExternalID *string           `json:"external_id,omitempty"`
	Metadata   map[string]string `json:"metadata,omitempty"` // all of it
}

// CommandRunner carries out the commands about videos that exist, which producers send by queue too.
type CommandRunner interface {
	// RunCommand returns the video after a valid command that was accepted at a time, and the events that follow.
	RunCommand(ctx context.Context, v video.Video, c command.Command, at time.Time) (video.Video, []events.Event, error)
}

// runCommand validates a command that was sent at a time, carries it out and sends the events that follow. It fails if
// that fails. Otherwise it returns the video.
func (a *API) runCommand(r *http.Request, v video.Video, c command.Command, at time.Time) (video.Video, error) {
	var check httpapi.Validation
	check.AddAll(c.Validate())
	if err := check.Err(); err != nil {
		return v, err
	}
	v, out, err := a.Commands.RunCommand(r.Context(), v, c, at)
	if err != nil {
		return v, err
	}
	return v, a.Publisher.Send(r.Context(), out...)
}

// editVideo answers PATCH /v1/videos/{id}. Of concurrent changes, the last one wins.
func (a *API) editVideo(w http.ResponseWriter, r *http.Request) error {
	c := httpapi.CallerFromContext(r.Context())
	v, err := a.findVideo(r, c.Tenant)
	if err != nil {
		return err
	}
	in, err := httpapi.DecodeBody[videoPatch](r)
	if err != nil {
		return err
	}
	v, err = a.runCommand(r, v, command.Describe{
		Video: v.ID, Title: in.Title, ExternalID: in.ExternalID, Metadata: in.Metadata,
	}, a.now())
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, http.StatusOK, a.buildVideoView(v, c))
}

// unpublishVideo answers POST /v1/videos/{id}/unpublish, and publishVideo POST /v1/videos/{id}/publish. The row is
// publish's, to which the commands are sent on.
func (a *API) unpublishVideo(w http.ResponseWriter, r *http.Request) error {
	return a.acceptCommand(w, r, func(id string) command.Command { return command.Unpublish{Video: id} })
}

func (a *API) publishVideo(w http.ResponseWriter, r *http.Request) error {
	return a.acceptCommand(w, r, func(id string) command.Command { return command.Publish{Video: id} })
}

// acceptCommand runs a command about the video that a request names, and answers with the id of the video, whose
// resource shows what it has led to: with 200 if it has been carried out while the client preferred to wait, else 202.
func (a *API) acceptCommand(w http.ResponseWriter, r *http.Request, build func(id string) command.Command) error {
	v, err := a.findVideo(r, httpapi.CallerFromContext(r.Context()).Tenant)
	if err != nil {
		return err
	}
	at := a.now()
	if _, err := a.runCommand(r, v, build(v.ID), at); err != nil {
		return err
	}
	status := http.StatusAccepted
	if a.awaitPublication(r, v, at) {
		status = http.StatusOK
		w.Header().Set("Preference-Applied", "wait")
	}
	return httpapi.WriteJSON(w, status, struct {
		ID string `json:"video_id"`
	}{v.ID})
}

// deleteVideo answers DELETE /v1/videos/{id}. The row is publish's, to which the command is sent on.
func (a *API) deleteVideo(w http.ResponseWriter, r *http.Request) error {
	v, err := a.findVideo(r, httpapi.CallerFromContext(r.Context()).Tenant)
	if err != nil {
		return err
	}
	if _, err := a.runCommand(r, v, command.Delete{Video: v.ID}, a.now()); err != nil {
		return err
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}

// findVideo returns the video that a request names. NotFound: there is none, or it is deleted.
func (a *API) findVideo(r *http.Request, tenant string) (video.Video, error) {
	v, err := a.Uploads.LoadVideo(r.Context(), tenant, r.PathValue("id"))
	if err != nil {
		return v, err
	}
	a.AnnotateVideo(r.Context(), v.Tenant, v.ID)
	if v.State == video.Deleted {
		return v, errVideoNotFound
	}
	return v, nil
}

var errVideoNotFound = errs.New("api.findVideo", errs.NotFound, "video_not_found",
	"There is no such video; check its id.")
