package api

import (
	"net/http"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
)

// entryView is one line of a timeline.
type entryView struct {
	At      httpapi.Timestamp `json:"at"`
	Event   string            `json:"event"`           // its type; "created" first of all
	State   video.State       `json:"state"`           // of the video after it
	Retries int               `json:"asks,omitempty"`  // how often what should have happened was asked for again
	Task    *taskView         `json:"task,omitempty"`  // that is finished
	Problem *errs.Problem     `json:"error,omitempty"` // why the video failed
}

type taskView struct {
	Number int            `json:"number"`
	Kind   video.TaskKind `json:"kind"`
	From   int            `json:"from_frame"`
	To     int            `json:"to_frame"` // one past the last
}

// showTimeline answers GET /v1/videos/{id}/timeline, for deleted videos too.
func (a *API) showTimeline(w http.ResponseWriter, r *http.Request) error {
	tenant, id := httpapi.CallerFromContext(r.Context()).Tenant, r.PathValue("id")
	entries, err := a.Videos.LoadTimeline(r.Context(), tenant, id)
	if err != nil {
		return err
	}
	if len(entries) == 0 { // each video has at least the line of its creation
		return errVideoNotFound
	}
	a.annotateVideo(r.Context(), tenant, id)
	out := make([]entryView, len(entries))
	for i, e := range entries {
		out[i] = entryView{At: httpapi.Timestamp{Time: e.At}, Event: e.Cause, State: e.State, Retries: e.Retries, Problem: e.Problem}
		if t := e.Task; t != nil {
			out[i].Task = &taskView{t.Number, t.Kind, t.From, t.To}
		}
	}
	return httpapi.WriteJSON(w, http.StatusOK, map[string][]entryView{"entries": out})
}
