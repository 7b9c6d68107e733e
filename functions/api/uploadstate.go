package api

import (
	"context"
	"net/http"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
)

// uploadState is the state of an upload.
type uploadState string

const (
	uploadOpen      uploadState = "open"      // accepts parts
	uploadCompleted uploadState = "completed" // see its video
	uploadExpired   uploadState = "expired"   // was not completed in time
	uploadCancelled uploadState = "cancelled"
)

type uploadView struct {
	Upload    string            `json:"upload_id"`
	Video     string            `json:"video_id"`
	State     uploadState       `json:"state"`
	Size      int64             `json:"size"` // bytes
	PartSize  int64             `json:"part_size"`
	PartCount int               `json:"part_count"`
	Parts     []storedPart      `json:"parts"` // that S3 has, while the upload is open
	Created   httpapi.Timestamp `json:"created_at"`
	Expires   httpapi.Timestamp `json:"expires_at"` // when it must be completed
}

type storedPart struct {
	Number int    `json:"number"`
	Size   int64  `json:"size"` // bytes
	ETag   string `json:"etag"`
}

// showUpload answers GET /v1/uploads/{id}: all that a client needs to resume an upload.
func (a *API) showUpload(w http.ResponseWriter, r *http.Request) error {
	u, v, err := a.findUpload(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	out := uploadView{
		Upload: u.ID, Video: u.Video, Size: u.Size, PartSize: u.PartSize, PartCount: u.PartCount(),
		Parts: []storedPart{}, Created: httpapi.Timestamp{Time: u.Created},
		Expires: httpapi.Timestamp{Time: u.Created.Add(video.UploadLifetime)},
	}
	if out.State = abandonedState(v); out.State != "" {
		return httpapi.WriteJSON(w, http.StatusOK, out)
	}
	parts, err := a.Originals.ListParts(r.Context(), u.Key, u.MultipartID)
	switch errs.KindOf(err) {
	case "":
		out.State = uploadOpen
	case errs.NotFound:
		out.State, err = a.resolveEndState(r.Context(), u, v)
	}
	if err != nil {
		return err
	}
	for _, p := range parts {
		out.Parts = append(out.Parts, storedPart{p.Number, p.Size, p.ETag})
	}
	return httpapi.WriteJSON(w, http.StatusOK, out)
}

// findUpload returns an upload of the caller's tenant and its video. NotFound: there is none, or the video is being
// deleted.
func (a *API) findUpload(ctx context.Context, id string) (u video.Upload, v video.Video, err error) {
	u, err = a.Uploads.LoadUpload(ctx, httpapi.CallerFromContext(ctx).Tenant, id)
	if err != nil {
		return u, v, err
	}
	a.AnnotateVideo(ctx, u.Tenant, u.Video)
	v, err = a.Uploads.LoadVideo(ctx, u.Tenant, u.Video)
	if err == nil && (v.State == video.Deleting || v.State == video.Deleted) {
		err = errUploadNotFound
	}
	return u, v, err
}

var errUploadNotFound = errs.New("api.findUpload", errs.NotFound, "upload_not_found",
	"There is no such upload; check its id.")

// abandonedState returns the state of an upload that ended without its file, else "". S3 may keep its parts for another
// day.
func abandonedState(v video.Video) uploadState {
	switch {
	case v.State == video.Cancelled:
		return uploadCancelled
	case v.State == video.Failed && v.Times.Uploaded.IsZero():
		return uploadExpired
	}
	return ""
}

// resolveEndState returns the state of an upload that S3 no longer has. Where the video's row does not tell yet, the
// object does.
func (a *API) resolveEndState(ctx context.Context, u video.Upload, v video.Video) (uploadState, error) {
	switch s := abandonedState(v); {
	case s != "":
		return s, nil
	case v.State != video.Waiting:
		return uploadCompleted, nil
	}
	info, err := a.Originals.HeadObject(ctx, u.Key)
	if errs.KindOf(err) == errs.NotFound || err == nil && info.Size != u.Size {
		return uploadExpired, nil
	}
	return uploadCompleted, err
}

// closedErrors are the errors of uploads that accept no more parts, by their state.
var closedErrors = map[uploadState]error{
	uploadCompleted: errs.New("api.requireOpen", errs.Conflict, "upload_completed",
		"The upload is completed already and takes no more parts; look at its video."),
	uploadExpired: errs.New("api.requireOpen", errs.Conflict, "upload_expired",
		"The upload was not completed in time and is gone; start a new one."),
	uploadCancelled: errs.New("api.requireOpen", errs.Conflict, "upload_cancelled",
		"The upload was cancelled; start a new one."),
}

// requireOpen returns an error if the upload accepts no more parts. It asks S3, since the row may be behind.
func (a *API) requireOpen(ctx context.Context, u video.Upload, v video.Video) error {
	if s := abandonedState(v); s != "" {
		return closedErrors[s]
	}
	_, err := a.Originals.ListParts(ctx, u.Key, u.MultipartID)
	if errs.KindOf(err) != errs.NotFound {
		return err
	}
	state, err := a.resolveEndState(ctx, u, v)
	if err != nil {
		return err
	}
	return closedErrors[state]
}

// cancelUpload answers DELETE /v1/uploads/{id}. It aborts the multipart upload first: after that no object can be made
// of it. It may be repeated.
func (a *API) cancelUpload(w http.ResponseWriter, r *http.Request) error {
	u, v, err := a.findUpload(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := a.Multipart.AbortUpload(r.Context(), u.Key, u.MultipartID); err != nil {
		return err
	}
	state, err := a.resolveEndState(r.Context(), u, v)
	switch {
	case err != nil:
		return err
	case state == uploadCompleted:
		return closedErrors[state]
	case v.State == video.Waiting:
		now := a.now()
		if err := a.Publisher.Send(
			r.Context(), events.New(u.Tenant, u.Video, now, video.UploadCancelled{At: now}),
		); err != nil {
			return err
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
