package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sluice/shared/domain/video"
)

const (
	defaultLimit = 20 // videos on a page
	maxLimit     = 100
)

// listed are the states that can be asked for: what is being deleted is in no list.
var listed = []video.State{video.Waiting, video.Uploaded, video.Processing, video.Playable, video.Ready, video.Failed, video.Cancelled}

// listVideos answers GET /v1/videos.
func (a *API) listVideos(w http.ResponseWriter, r *http.Request) error {
	q, err := params(r.URL.Query(), "cursor", "external_id", "limit", "state")
	if err != nil {
		return err
	}
	limit, err := limitOf(q["limit"])
	if err != nil {
		return err
	}
	f := video.Filter{State: video.State(q["state"]), ExternalID: q["external_id"]}
	if f.State != "" && !slices.Contains(listed, f.State) {
		return misused("`state` is one of " + listing(listed) + ".")
	}
	if !video.Written(f.ExternalID, video.MaxExternalID) {
		return misused(fmt.Sprintf("`external_id` has at most %d characters and no control characters.", video.MaxExternalID))
	}
	c := callerOf(r.Context())
	videos, next, err := a.Videos.List(r.Context(), c.tenant, f, q["cursor"], limit)
	if err != nil {
		return err
	}
	page := struct {
		Videos []videoSummary `json:"videos"`
		Next   string         `json:"next_cursor,omitempty"` // absent on the last page
	}{make([]videoSummary, 0, len(videos)), next}
	for _, v := range videos {
		page.Videos = append(page.Videos, a.summary(v, c))
	}
	return reply(w, http.StatusOK, page)
}

func limitOf(text string) (int, error) {
	if text == "" {
		return defaultLimit, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxLimit {
		return 0, misused(fmt.Sprintf("`limit` is a number from 1 to %d.", maxLimit))
	}
	return n, nil
}

func misused(detail string) error {
	return &fault{status: http.StatusBadRequest, code: "parameter_invalid", detail: detail}
}

// params returns the parameters of a query, each of which may be there once, and refuses those that nobody knows.
func params(q url.Values, known ...string) (map[string]string, error) {
	all := map[string]string{}
	for name, values := range q {
		switch {
		case !slices.Contains(known, name):
			return nil, &fault{status: http.StatusBadRequest, code: "parameter_unknown", detail: "A parameter is not known here; known are " + listing(known) + "."}
		case len(values) > 1:
			return nil, &fault{status: http.StatusBadRequest, code: "parameter_repeated", detail: "`" + name + "` is there twice."}
		}
		all[name] = values[0]
	}
	return all, nil
}

// listing returns words for people.
func listing[S ~string](words []S) string {
	var quoted []string
	for _, w := range words {
		quoted = append(quoted, "`"+string(w)+"`")
	}
	return strings.Join(quoted, ", ")
}
