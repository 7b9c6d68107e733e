package api

import (
	"context"
	"fmt"
	"net/http"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/intake"
)

// Desk takes requests for videos of files that lie elsewhere: the command whose other door is a queue.
type Desk interface {
	// Take makes the rows with create and returns the video and what follows.
	Take(ctx context.Context, r intake.Request, create intake.Create) (video.Video, []video.Event, error)
}

// newVideo is a wish for a video of what a URL leads to.
type newVideo struct {
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
	c := callerOf(r.Context())
	if id := madeBefore(r.Context()); id != "" {
		_, v, err := a.upload(r.Context(), id)
		if err != nil {
			return err
		}
		return reply(w, http.StatusCreated, a.view(v, c))
	}
	in, err := decode[newVideo](r)
	if err != nil {
		return err
	}
	if err := a.validate(in); err != nil {
		return err
	}
	v, out, err := a.take(r.Context(), c.tenant, in)
	if err != nil {
		return err
	}
	a.about(r.Context(), v.Tenant, v.ID)
	a.tell(r.Context(), v.Tenant, v.ID, out...) // should that fail, the file is asked for when the deadline passes
	return reply(w, http.StatusCreated, a.view(v, c))
}

func (a *API) validate(in newVideo) error {
	var c check
	if err := a.CheckURL(in.URL); err != nil {
		p := errs.ProblemOf(err)
		c.that(false, "/url", p.Code, p.Message)
	}
	c.that(video.Written(in.FileName, maxName), "/file_name", "file_name_invalid", fmt.Sprintf("A file name has at most %d characters and no control characters.", maxName))
	c.that(in.ContentType == "" || isContentType(in.ContentType), "/content_type", "content_type_invalid", "A content type looks like video/mp4.")
	c.about(video.About{Title: in.Title, ExternalID: in.ExternalID, Metadata: in.Metadata})
	return c.err()
}

func (a *API) take(ctx context.Context, tenant string, in newVideo) (v video.Video, out []video.Event, err error) {
	r := intake.Request{Tenant: tenant, Trace: a.trace(ctx), Ask: video.UploadRequested{
		Origin: video.Origin{URL: in.URL}, Title: in.Title, FileName: in.FileName, ContentType: in.ContentType,
		ExternalID: in.ExternalID, Metadata: kept(in.Metadata),
	}}
	if r.Video, err = a.newID("vid_", a.now()); err != nil {
		return v, nil, err
	}
	if r.Upload, err = a.newID("upl_", a.now()); err != nil {
		return v, nil, err
	}
	return a.Desk.Take(ctx, r, a.create)
}
