package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
)

// sentPart is a part in a client's request.
type sentPart struct {
	Number int    `json:"number"`
	ETag   string `json:"etag"` // as S3 answered the PUT, with or without quotes
}

// completeUpload answers POST /v1/uploads/{id}/complete. Repeated after success, it returns the same response.
func (a *API) completeUpload(w http.ResponseWriter, r *http.Request) error {
	u, v, err := a.findUpload(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	in, err := httpapi.DecodeBody[struct {
		Parts []sentPart `json:"parts"`
	}](r)
	if err != nil {
		return err
	}
	if err := validateParts(u, in.Parts); err != nil {
		return err
	}
	if s := abandonedState(v); s != "" {
		return closedErrors[s]
	}
	err = a.completeMultipart(r.Context(), u, in.Parts)
	if errs.KindOf(err) == errs.NotFound {
		var state uploadState
		if state, err = a.resolveEndState(r.Context(), u, v); err == nil && state != uploadCompleted {
			err = closedErrors[state]
		}
	}
	if err != nil {
		return err
	}
	// If it fails, S3's notification says the same a little later.
	a.sendBestEffort(r.Context(), u.Tenant, u.Video, video.UploadCompleted{At: a.now()})
	return httpapi.WriteJSON(w, http.StatusOK, struct {
		Video string      `json:"video_id"`
		State video.State `json:"state"`
	}{u.Video, video.Uploaded})
}

// validateParts returns an HTTPError unless sent has each part of the upload exactly once.
func validateParts(u video.Upload, sent []sentPart) error {
	var v httpapi.Validation
	seen := map[int]bool{}
	for i, p := range sent {
		at := fmt.Sprintf("/parts/%d", i)
		v.Require(p.Number >= 1 && p.Number <= u.PartCount(), at+"/number", "part_unknown",
			fmt.Sprintf("The parts are 1 to %d.", u.PartCount()))
		v.Require(!seen[p.Number], at+"/number", "part_repeated", fmt.Sprintf("Part %d is there twice.", p.Number))
		v.Require(p.ETag != "", at+"/etag", "etag_missing", "Give the ETag that S3 answered the part with.")
		seen[p.Number] = true
	}
	for n := range u.PartCount() {
		if !seen[n+1] {
			v.Require(false, "/parts", "part_missing", fmt.Sprintf("Part %d is missing.", n+1))
			break // one is enough: there may be a thousand
		}
	}
	return v.Err()
}

// completeMultipart compares the client's parts with S3's and completes the multipart upload. NotFound: S3 no longer
// has the upload.
func (a *API) completeMultipart(ctx context.Context, u video.Upload, sent []sentPart) error {
	listed, err := a.Originals.ListParts(ctx, u.Key, u.MultipartID)
	if err != nil {
		return err
	}
	stored := map[int]video.Part{}
	for _, p := range listed {
		stored[p.Number] = p
	}
	var v httpapi.Validation
	parts := make([]video.Part, u.PartCount())
	for i, p := range sent {
		got, ok := stored[p.Number]
		at := fmt.Sprintf("/parts/%d", i)
		v.Require(ok, at, "part_missing", fmt.Sprintf("Part %d has not been sent.", p.Number))
		v.Require(!ok || got.ETag == strings.Trim(p.ETag, `"`), at+"/etag", "part_changed",
			"The ETag is not that of the part that S3 has; send the part again or give its ETag.")
		v.Require(!ok || got.Size == u.PartBytes(p.Number), at, "size_mismatch",
			fmt.Sprintf("Part %d has %d bytes, not %d as announced.", p.Number, got.Size, u.PartBytes(p.Number)))
		parts[p.Number-1] = got
	}
	if err := v.Err(); err != nil {
		return err
	}
	_, err = a.Originals.CompleteUpload(ctx, u.Key, u.MultipartID, parts)
	return err
}

// sendBestEffort sends events of a video that something else replaces if it fails. A failure is only logged.
func (a *API) sendBestEffort(ctx context.Context, tenant, id string, data ...video.Event) {
	for _, d := range data {
		e := events.New(tenant, id, a.now(), d)
		if err := a.Publisher.Send(ctx, e); err != nil {
			a.Log.WarnContext(ctx, "event not sent at once", "type", e.Type, "api_request_id",
				httpapi.CallerFromContext(ctx).RequestID, "error", err)
		}
	}
}
