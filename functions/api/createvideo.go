package api

import (
	"context"
	"net/http"
	"strings"

	"sluice/functions/api/ingest"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
)

// VideoCreator runs the command that creates a video, which producers send by queue too.
type VideoCreator interface {
	// CreateVideo adds the rows with create and returns them with the events that follow.
	CreateVideo(
		ctx context.Context, c ingest.Command, create ingest.CreateRows,
	) (video.Video, video.Upload, []video.Event, error)
}

// createVideoRequest is the body of POST /v1/videos.
type createVideoRequest struct {
	URL         string            `json:"url"`
	Title       string            `json:"title,omitempty"`
	FileName    string            `json:"file_name,omitempty"`
	ContentType string            `json:"content_type,omitempty"`
	ExternalID  string            `json:"external_id,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

// createVideo answers POST /v1/videos: the rows of a video whose file is fetched. The URL has not been requested yet
// when the response is sent; a file that can't be fetched fails the video.
func (a *API) createVideo(w http.ResponseWriter, r *http.Request, attempt *httpapi.Attempt) error {
	c := httpapi.CallerFromContext(r.Context())
	if attempt.PreviousID != "" {
		_, v, err := a.findUpload(r.Context(), attempt.PreviousID)
		if err != nil {
			return err
		}
		return httpapi.WriteJSON(w, http.StatusCreated, a.buildVideoView(v, c))
	}
	in, err := httpapi.DecodeBody[createVideoRequest](r)
	if err != nil {
		return err
	}
	command, err := a.newCommand(r, ingest.Request{Spec: video.UploadRequested{
		Origin: video.Origin{URL: lowerScheme(in.URL)},
		Title:  in.Title, FileName: in.FileName, ContentType: in.ContentType,
		ExternalID: in.ExternalID, Metadata: in.Metadata,
	}}, a.CheckURL(in.URL))
	if err != nil {
		return err
	}
	v, _, out, err := a.VideoCreator.CreateVideo(r.Context(), command, a.createRows(attempt))
	if err != nil {
		return err
	}
	a.sendBestEffort(r.Context(), v.Tenant, v.ID, out...) // if it fails, the deadline requests the file again
	return httpapi.WriteJSON(w, http.StatusCreated, a.buildVideoView(v, c))
}

// lowerScheme returns a URL with its scheme in lower case, as the events have it. Both mean the same (RFC 3986, section
// 3.1).
func lowerScheme(address string) string {
	scheme, rest, found := strings.Cut(address, "://")
	if !found {
		return address
	}
	return strings.ToLower(scheme) + "://" + rest
}
