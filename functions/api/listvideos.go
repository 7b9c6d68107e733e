package api

import (
	"fmt"
	"net/http"
	"slices"

	"sluice/shared/domain/plaintext"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
)

// listableStates are the values of the parameter state. Videos that are being deleted are in no list.
var listableStates = []video.State{
	video.Waiting, video.Uploaded, video.Processing, video.Playable, video.Ready, video.Failed, video.Cancelled,
}

// listVideos answers GET /v1/videos.
func (a *API) listVideos(w http.ResponseWriter, r *http.Request) error {
	q, err := httpapi.ParseQuery(r.URL.Query(), "cursor", "external_id", "limit", "state")
	if err != nil {
		return err
	}
	limit, err := httpapi.ParseLimit(q["limit"])
	if err != nil {
		return err
	}
	f := video.Filter{State: video.State(q["state"]), ExternalID: q["external_id"]}
	if f.State != "" && !slices.Contains(listableStates, f.State) {
		return httpapi.NewParameterError("`state` is one of " + httpapi.QuoteList(listableStates) + ".")
	}
	if !plaintext.IsValid(f.ExternalID, video.MaxExternalID) {
		return httpapi.NewParameterError(fmt.Sprintf(
			"`external_id` has at most %d characters and no control characters.", video.MaxExternalID,
		))
	}
	c := httpapi.CallerFromContext(r.Context())
	videos, next, err := a.Videos.ListVideos(r.Context(), c.Tenant, f, q["cursor"], limit)
	if err != nil {
		return err
	}
	page := struct {
		Videos []videoSummary `json:"videos"`
		Next   string         `json:"next_cursor,omitempty"` // absent on the last page
	}{make([]videoSummary, 0, len(videos)), next}
	for _, v := range videos {
		page.Videos = append(page.Videos, a.buildVideoSummary(v, c))
	}
	return httpapi.WriteJSON(w, http.StatusOK, page)
}
