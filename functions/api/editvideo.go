package api

import (
	"cmp"
	"maps"
	"net/http"
	"strings"

	"sluice/events"
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
	if err := in.applyTo(&v); err != nil {
		return err
	}
	if err := a.Videos.UpdateDetails(r.Context(), v.Tenant, v.ID, v.Details); err != nil {
		return err
	}
	return httpapi.WriteJSON(w, http.StatusOK, a.buildVideoView(v, c))
}

// applyTo changes v, or returns an HTTPError of 422. An empty title becomes the file name.
func (p videoPatch) applyTo(v *video.Video) error {
	title := v.Title
	v.Title = "" // the old title may be a file name, which may be longer than a title
	if p.Title != nil {
		v.Title = strings.TrimSpace(*p.Title)
		title = cmp.Or(v.Title, v.Source.Name)
	}
	if p.ExternalID != nil {
		v.ExternalID = *p.ExternalID
	}
	if p.Metadata != nil {
		v.Metadata = cloneMetadata(p.Metadata)
	}
	var check httpapi.Validation
	check.AddAll(v.Details.Validate())
	v.Title = title
	return check.Err()
}

// cloneMetadata returns a copy of metadata, nil for an empty one, as rows store it.
func cloneMetadata(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	return maps.Clone(m)
}

// deleteVideo answers DELETE /v1/videos/{id}: it sends delete.requested to publish, the owner of the row. It fails if
// that fails.
func (a *API) deleteVideo(w http.ResponseWriter, r *http.Request) error {
	v, err := a.findVideo(r, httpapi.CallerFromContext(r.Context()).Tenant)
	if err != nil {
		return err
	}
	if v.State == video.Waiting && v.Fetch != nil { // so that no file arrives after the purge
		if err := a.Multipart.AbortUpload(r.Context(), v.Source.Key, v.Fetch.MultipartID); err != nil {
			return err
		}
	}
	now := a.now()
	if err := a.Publisher.Send(
		r.Context(), events.New(v.Tenant, v.ID, now, video.DeleteRequested{At: now}),
	); err != nil {
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
