package admin

import (
	"context"
	"net/http"
	"slices"
	"time"

	"sluice/shared/domain/plaintext"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
)

// DeadLetterStore keeps dead letters.
type DeadLetterStore interface {
	// ListDeadLetters returns at most limit dead letters that match f, without their bodies, the last sent first, after
	// cursor, and the next cursor, "" at the end.
	ListDeadLetters(
		ctx context.Context, f video.DeadLetterFilter, cursor string, now time.Time, limit int,
	) ([]video.DeadLetter, string, error)
	// LoadDeadLetter returns NotFound if there is no dead letter of that id.
	LoadDeadLetter(ctx context.Context, id string) (video.DeadLetter, error)
	// UpdateDeadLetter replaces was by is. Conflict: the row is not as was any more.
	UpdateDeadLetter(ctx context.Context, was, is video.DeadLetter) error
}

// DeadLetterRedriver sends dead letters to their inboxes.
type DeadLetterRedriver interface {
	// Redrive sends the body of a dead letter to its inbox again. Conflict: it can't be sent again.
	Redrive(ctx context.Context, l video.DeadLetter) error
}

// deadLetterView is a dead letter in a response.
type deadLetterView struct {
	ID       string            `json:"id"`
	Service  string            `json:"service"`
	Type     string            `json:"type,omitempty"`   // as the body says
	Tenant   string            `json:"tenant,omitempty"` // as the body says
	Video    string            `json:"video_id,omitempty"`
	Kind     string            `json:"kind"`
	Code     string            `json:"code"`
	Reason   string            `json:"reason"`
	Attempts int               `json:"attempts"`
	State    string            `json:"state"`
	Note     string            `json:"note,omitempty"`
	Redrives int               `json:"redrives"`
	Sent     httpapi.Timestamp `json:"sent_at"`
	Filed    httpapi.Timestamp `json:"filed_at"`
	Age      int64             `json:"age_seconds"` // since it was sent
	Body     string            `json:"body,omitempty"`
}

func (a *Admin) buildDeadLetterView(l video.DeadLetter) deadLetterView {
	return deadLetterView{
		ID: l.ID, Service: l.Service, Type: l.Type, Tenant: l.Tenant, Video: l.Video, Kind: string(l.Kind),
		Code: l.Code, Reason: l.Reason, Attempts: l.Attempts, State: string(l.State), Note: l.Note,
		Redrives: l.Redrives, Sent: httpapi.Timestamp{Time: l.Sent}, Filed: httpapi.Timestamp{Time: l.Created},
		Age: max(0, int64(a.now().Sub(l.Sent).Seconds())), Body: l.Body,
	}
}

var deadLetterStates = []video.DeadLetterState{
	video.DeadLetterOpen, video.DeadLetterRedriven, video.DeadLetterDiscarded,
}

// listDeadLetters answers GET /v1/dead-letters.
func (a *Admin) listDeadLetters(w http.ResponseWriter, r *http.Request) error {
	q, err := httpapi.ParseQuery(r.URL.Query(), "code", "cursor", "limit", "service", "state")
	if err != nil {
		return err
	}
	limit, err := httpapi.ParseLimit(q["limit"])
	if err != nil {
		return err
	}
	f := video.DeadLetterFilter{Service: q["service"], Code: q["code"], State: video.DeadLetterState(q["state"])}
	if f.State != "" && !slices.Contains(deadLetterStates, f.State) {
		return httpapi.NewParameterError("`state` is one of " + httpapi.QuoteList(deadLetterStates) + ".")
	}
	found, next, err := a.DeadLetters.ListDeadLetters(r.Context(), f, q["cursor"], a.now(), limit)
	if err != nil {
		return err
	}
	page := struct {
		DeadLetters []deadLetterView `json:"letters"`
		Next        string           `json:"next_cursor,omitempty"` // absent on the last page
	}{make([]deadLetterView, 0, len(found)), next}
	for _, l := range found {
		page.DeadLetters = append(page.DeadLetters, a.buildDeadLetterView(l))
	}
	return httpapi.WriteJSON(w, http.StatusOK, page)
}

// showDeadLetter answers GET /v1/dead-letters/{id}.
func (a *Admin) showDeadLetter(w http.ResponseWriter, r *http.Request) error {
	l, err := a.DeadLetters.LoadDeadLetter(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, http.StatusOK, a.buildDeadLetterView(l))
}

// redriveDeadLetter answers POST /v1/dead-letters/{id}/redrive.
func (a *Admin) redriveDeadLetter(w http.ResponseWriter, r *http.Request) error {
	l, err := a.redriveByID(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	l.Body = ""
	return httpapi.WriteJSON(w, http.StatusOK, a.buildDeadLetterView(l))
}

// redriveByID sends a dead letter again, then marks it. After a crash in between it is still open and may be sent
// twice, which every consumer tolerates.
func (a *Admin) redriveByID(ctx context.Context, id string) (video.DeadLetter, error) {
	was, err := a.DeadLetters.LoadDeadLetter(ctx, id)
	if err != nil {
		return was, err
	}
	is, err := was.MarkRedriven()
	if err != nil {
		return was, err
	}
	if err := a.Redriver.Redrive(ctx, was); err != nil {
		return was, err
	}
	return is, a.DeadLetters.UpdateDeadLetter(ctx, was, is)
}

// maxReasonLength is the most characters of the reason for a discard.
const maxReasonLength = 500

// discardDeadLetter answers POST /v1/dead-letters/{id}/discard.
func (a *Admin) discardDeadLetter(w http.ResponseWriter, r *http.Request) error {
	in, err := httpapi.DecodeBody[struct {
		Reason string `json:"reason"`
	}](r)
	if err != nil {
		return err
	}
	var v httpapi.Validation
	v.Require(in.Reason != "" && plaintext.IsValid(in.Reason, maxReasonLength), "/reason", "reason_invalid",
		"Say why, in 1 to 500 characters without control characters.")
	if err := v.Err(); err != nil {
		return err
	}
	was, err := a.DeadLetters.LoadDeadLetter(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	is, err := was.MarkDiscarded(in.Reason)
	if err != nil {
		return err
	}
	if err := a.DeadLetters.UpdateDeadLetter(r.Context(), was, is); err != nil {
		return err
	}
	is.Body = ""
	return httpapi.WriteJSON(w, http.StatusOK, a.buildDeadLetterView(is))
}
