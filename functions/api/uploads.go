package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/oklog/ulid/v2"

	"sluice/functions/api/ingest"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/idempotency"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
)

const (
	maxPartURLs     = 100 // signed URLs in one answer: each can be 1.4 kB
	partURLLifetime = time.Hour
)

type createUploadRequest struct {
	Title       string            `json:"title,omitempty"`
	FileName    string            `json:"file_name"`
	Size        int64             `json:"size"` // bytes
	ContentType string            `json:"content_type,omitempty"`
	ExternalID  string            `json:"external_id,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

type partURL struct {
	Number  int               `json:"number"`
	Size    int64             `json:"size"` // bytes: the URL accepts exactly as many
	URL     string            `json:"url"`
	Expires httpapi.Timestamp `json:"expires_at"`
}

// createUpload answers POST /v1/uploads with a new upload and the URLs of its first parts. A repeated request gets the
// same upload, with new URLs if the upload is open and none if it is not.
func (a *API) createUpload(w http.ResponseWriter, r *http.Request, attempt *httpapi.Attempt) error {
	if id := attempt.PreviousID; id != "" {
		u, v, err := a.findUpload(r.Context(), id)
		if err != nil {
			return err
		}
		signed := min(u.PartCount(), maxPartURLs)
		if err := a.requireOpen(r.Context(), u, v); errs.KindOf(err) == errs.Conflict {
			signed = 0
		} else if err != nil {
			return err
		}
		return a.replyWithUpload(w, r, u, signed)
	}
	in, err := httpapi.DecodeBody[createUploadRequest](r)
	if err != nil {
		return err
	}
	command, err := a.newCommand(r, ingest.Request{FromClient: true, Size: in.Size, Spec: video.UploadRequested{
		Title: in.Title, FileName: in.FileName, ContentType: in.ContentType, ExternalID: in.ExternalID,
		Metadata: in.Metadata,
	}}, nil)
	if err != nil {
		return err
	}
	_, u, _, err := a.VideoCreator.CreateVideo(r.Context(), command, a.createRows(attempt))
	if err != nil {
		return err
	}
	return a.replyWithUpload(w, r, u, min(u.PartCount(), maxPartURLs))
}

// newCommand returns the command of a request of the caller's tenant, under new ids. It fails with 422 and all that is
// invalid: urlErr, if there is one, and what NewCommand finds.
func (a *API) newCommand(r *http.Request, in ingest.Request, urlErr error) (command ingest.Command, err error) {
	in.Tenant, in.Trace = httpapi.CallerFromContext(r.Context()).Tenant, a.TraceHeader(r.Context())
	if len(in.Spec.Metadata) == 0 { // as rows store it
		in.Spec.Metadata = nil
	}
	if in.VideoID, err = a.newID("vid_"); err != nil {
		return command, err
	}
	if in.UploadID, err = a.newID("upl_"); err != nil {
		return command, err
	}
	var v httpapi.Validation
	if urlErr != nil {
		p := errs.ProblemOf(urlErr)
		v.Require(false, "/url", p.Code, p.Message)
	}
	command, invalid := ingest.NewCommand(in)
	v.AddAll(invalid)
	if err := v.Err(); err != nil {
		return command, err
	}
	a.AnnotateVideo(r.Context(), in.Tenant, in.VideoID)
	return command, nil
}

// createRows returns a function that adds the rows of an upload, with the idempotency record of the request.
func (a *API) createRows(attempt *httpapi.Attempt) ingest.CreateRows {
	return func(ctx context.Context, v video.Video, u video.Upload) error {
		return attempt.StoreCreated(u.ID, func(record *idempotency.Record) error {
			if record == nil {
				return a.Uploads.CreateVideo(ctx, v, u)
			}
			return a.Uploads.CreateVideoIdempotently(ctx, v, u, *record)
		})
	}
}

// replyWithUpload writes an upload with the URLs of its first n parts.
func (a *API) replyWithUpload(w http.ResponseWriter, r *http.Request, u video.Upload, n int) error {
	first := make([]int, n)
	for i := range first {
		first[i] = i + 1
	}
	urls, err := a.signPartURLs(r.Context(), u, first)
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, http.StatusCreated, struct {
		Upload    string    `json:"upload_id"`
		Video     string    `json:"video_id"`
		PartSize  int64     `json:"part_size"`
		PartCount int       `json:"part_count"`
		Parts     []partURL `json:"parts"`
	}{u.ID, u.Video, u.PartSize, u.PartCount(), urls})
}

// newID returns a new id that begins with prefix and sorts by time.
func (a *API) newID(prefix string) (string, error) {
	id, err := ulid.New(ulid.Timestamp(a.now()), a.Entropy)
	if err != nil {
		return "", errs.E("api.newID", errs.Internal, err)
	}
	return prefix + id.String(), nil
}

// signParts answers POST /v1/uploads/{id}/parts. It may be repeated for the same part until the upload is completed.
func (a *API) signParts(w http.ResponseWriter, r *http.Request, attempt *httpapi.Attempt) error {
	u, v, err := a.findUpload(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	in, err := httpapi.DecodeBody[struct {
		Numbers []int `json:"numbers"`
	}](r)
	if err != nil {
		return err
	}
	var check httpapi.Validation
	check.Require(len(in.Numbers) >= 1 && len(in.Numbers) <= maxPartURLs, "/numbers", "numbers_out_of_range",
		fmt.Sprintf("Ask for 1 to %d parts at a time.", maxPartURLs))
	for i, n := range in.Numbers {
		check.Require(n >= 1 && n <= u.PartCount(), fmt.Sprintf("/numbers/%d", i), "part_unknown",
			fmt.Sprintf("The parts are 1 to %d.", u.PartCount()))
	}
	if err := check.Err(); err != nil {
		return err
	}
	if err := a.requireOpen(r.Context(), u, v); err != nil {
		return err
	}
	attempt.MarkCreated(u.ID) // so that a repeated request gets fresh URLs
	urls, err := a.signPartURLs(r.Context(), u, in.Numbers)
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, http.StatusOK, map[string][]partURL{"parts": urls})
}

func (a *API) signPartURLs(ctx context.Context, u video.Upload, numbers []int) ([]partURL, error) {
	urls := make([]partURL, len(numbers))
	for i, n := range numbers {
		size := u.PartBytes(n)
		url, expires, err := a.Multipart.PresignPart(ctx, u.Key, u.MultipartID, n, size, partURLLifetime)
		if err != nil {
			return nil, err
		}
		urls[i] = partURL{
			Number: n, Size: size, URL: url, Expires: httpapi.Timestamp{Time: expires.Truncate(time.Second)},
		}
	}
	return urls, nil
}
