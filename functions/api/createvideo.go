package api

import (
	"context"
	"fmt"
	"net/http"

	"sluice/functions/api/ingest"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
)

// VideoCreator takes requests for videos of files that lie elsewhere: the command whose other door is a queue.
type VideoCreator interface {
	// CreateVideo makes the rows with create and returns the video and what follows.
	CreateVideo(ctx context.Context, r ingest.Request, create ingest.CreateRows) (video.Video, []video.Event, error)
}

// createVideoRequest is a wish for a video of what a URL leads to.
type createVideoRequest struct {
	URL         string            `json:"url"`
	Title       string            `json:"title,omitempty"`
	FileName    string            `json:"file_name,omitempty"`
	ContentType string            `json:"content_type,omitempty"`
	ExternalID  string            `json:"external_id,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

// createVideo answers POST /v1/videos: the rows of a video whose file is fetched. Nobody has looked at the URL yet when
// the answer goes out; a file that can't be had fails the video.
func (a *API) createVideo(w http.ResponseWriter, r *http.Request) error {
	c := httpapi.CallerFromContext(r.Context())
	if id := httpapi.PreviouslyCreatedID(r.Context()); id != "" {
		_, v, err := a.findUpload(r.Context(), id)
		if err != nil {
			return err
		}
		return httpapi.WriteJSON(w, http.StatusCreated, a.buildVideoView(v, c))
	}
	in, err := httpapi.DecodeBody[createVideoRequest](r)
	if err != nil {
		return err
	}
	if err := a.validateRequest(in); err != nil {
		return err
	}
	v, out, err := a.createFromURL(r.Context(), c.Tenant, in)
	if err != nil {
		return err
	}
	a.annotateVideo(r.Context(), v.Tenant, v.ID)
	a.sendBestEffort(r.Context(), v.Tenant, v.ID, out...) // should that fail, the file is asked for when the deadline passes
	return httpapi.WriteJSON(w, http.StatusCreated, a.buildVideoView(v, c))
}

func (a *API) validateRequest(in createVideoRequest) error {
	var c httpapi.Validation
	if err := a.CheckURL(in.URL); err != nil {
		p := errs.ProblemOf(err)
		c.Require(false, "/url", p.Code, p.Message)
	}
	c.Require(video.ValidText(in.FileName, maxFileName), "/file_name", "file_name_invalid", fmt.Sprintf("A file name has at most %d characters and no control characters.", maxFileName))
	c.Require(in.ContentType == "" || isContentType(in.ContentType), "/content_type", "content_type_invalid", "A content type looks like video/mp4.")
	requireValidAbout(&c, video.Details{Title: in.Title, ExternalID: in.ExternalID, Metadata: in.Metadata})
	return c.Err()
}

func (a *API) createFromURL(ctx context.Context, tenant string, in createVideoRequest) (v video.Video, out []video.Event, err error) {
	r := ingest.Request{Tenant: tenant, Trace: a.traceHeader(ctx), Spec: video.UploadRequested{
		Origin: video.Origin{URL: in.URL}, Title: in.Title, FileName: in.FileName, ContentType: in.ContentType,
		ExternalID: in.ExternalID, Metadata: cloneMetadata(in.Metadata),
	}}
	if r.VideoID, err = a.newID("vid_", a.now()); err != nil {
		return v, nil, err
	}
	if r.UploadID, err = a.newID("upl_", a.now()); err != nil {
		return v, nil, err
	}
	return a.VideoCreator.CreateVideo(ctx, r, a.createRows)
}
