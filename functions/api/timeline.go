package api

import (
	"net/http"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
)

// entryView is an entry of a timeline in a response.
type entryView struct {
	At      httpapi.Timestamp `json:"at"`
	Event   string            `json:"event"`           // event type; the first is "created"
	State   video.State       `json:"state"`           // of the video after it
	Retries int               `json:"asks,omitempty"`  // how often the deadline has retried the state
	Task    *taskView         `json:"task,omitempty"`  // the task that is done
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
	if len(entries) == 0 { // each video has at least the entry of its creation
		return errVideoNotFound
	}
	a.AnnotateVideo(r.Context(), tenant, id)
	out := make([]entryView, len(entries))
	for i, e := range entries {
		out[i] = entryView{
			At: httpapi.Timestamp{Time: e.At}, Event: e.Cause, State: e.State, Retries: e.Retries, Problem: e.Problem,
		}
		if t := e.Task; t != nil {
			out[i].Task = &taskView{t.Number, t.Kind, t.From, t.To}
		}
	}
	return httpapi.WriteJSON(w, http.StatusOK, map[string][]entryView{"entries": out})
}
