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

// sentPart is one part as the client sent it.
type sentPart struct {
	Number int    `json:"number"`
	ETag   string `json:"etag"` // as S3 answered the PUT, with or without quotes
}

// completeUpload answers POST /v1/uploads/{id}/complete. Called again after it has worked, it says the same again.
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
	a.announceCompletion(r.Context(), u)
	return httpapi.WriteJSON(w, http.StatusOK, struct {
		Video string      `json:"video_id"`
		State video.State `json:"state"`
	}{u.Video, video.Uploaded})
}

// validateParts refuses parts that are not exactly the upload's, each once.
func validateParts(u video.Upload, sent []sentPart) error {
	var c httpapi.Validation
	seen := map[int]bool{}
	for i, p := range sent {
		at := fmt.Sprintf("/parts/%d", i)
		c.Require(p.Number >= 1 && p.Number <= u.PartCount(), at+"/number", "part_unknown", fmt.Sprintf("The parts are 1 to %d.", u.PartCount()))
		c.Require(!seen[p.Number], at+"/number", "part_repeated", fmt.Sprintf("Part %d is there twice.", p.Number))
		c.Require(p.ETag != "", at+"/etag", "etag_missing", "Give the ETag that S3 answered the part with.")
		seen[p.Number] = true
	}
	for n := range u.PartCount() {
		if !seen[n+1] {
			c.Require(false, "/parts", "part_missing", fmt.Sprintf("Part %d is missing.", n+1))
			break // the first is enough: there may be a thousand
		}
	}
	return c.Err()
}

// completeMultipart compares what the client says with what S3 has and lets S3 make the object. It fails with NotFound if S3
// does not know the upload any more.
func (a *API) completeMultipart(ctx context.Context, u video.Upload, sent []sentPart) error {
	listed, err := a.Originals.ListParts(ctx, u.Key, u.MultipartID)
	if err != nil {
		return err
	}
	has := map[int]video.Part{}
	for _, p := range listed {
		has[p.Number] = p
	}
	var c httpapi.Validation
	parts := make([]video.Part, u.PartCount())
	for i, p := range sent {
		got, ok := has[p.Number]
		at := fmt.Sprintf("/parts/%d", i)
		c.Require(ok, at, "part_missing", fmt.Sprintf("Part %d has not been sent.", p.Number))
		c.Require(!ok || trimETagQuotes(got.ETag) == trimETagQuotes(p.ETag), at+"/etag", "part_changed", "The ETag is not that of the part that S3 has; send the part again or give its ETag.")
		c.Require(!ok || got.Size == u.PartBytes(p.Number), at, "size_mismatch", fmt.Sprintf("Part %d has %d bytes, not %d as announced.", p.Number, got.Size, u.PartBytes(p.Number)))
		parts[p.Number-1] = got
	}
	if err := c.Err(); err != nil {
		return err
	}
	_, err = a.Originals.CompleteUpload(ctx, u.Key, u.MultipartID, parts)
	return err
}

// trimETagQuotes takes the quotes off an ETag.
func trimETagQuotes(etag string) string { return strings.Trim(etag, `"`) }

// announceCompletion tells publish at once. S3's own event says the same a little later, so that a failure costs nothing.
func (a *API) announceCompletion(ctx context.Context, u video.Upload) {
	a.sendBestEffort(ctx, u.Tenant, u.Video, video.UploadCompleted{At: a.now()})
}

// sendBestEffort says what somebody else will say too, sooner or later: where that fails it is only logged.
func (a *API) sendBestEffort(ctx context.Context, tenant, id string, what ...video.Event) {
	for _, d := range what {
		e := events.New(tenant, id, a.now(), d)
		if err := a.Publisher.Send(ctx, e); err != nil {
			a.Log.WarnContext(ctx, "not told at once", "type", e.Type, "api_request_id", httpapi.CallerFromContext(ctx).RequestID, "error", err)
		}
	}
}
