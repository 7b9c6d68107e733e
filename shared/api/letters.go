package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"sluice/shared/domain/video"
)

// Letters keeps dead letters.
type Letters interface {
	// Letters returns letters without their bodies, those whose messages were sent last first: at most limit of those that
	// f has, after cursor, and the cursor to go on with, "" at the end.
	Letters(ctx context.Context, f video.LetterFilter, cursor string, now time.Time, limit int) ([]video.Letter, string, error)
	// Letter returns NotFound if there is none of that id.
	Letter(ctx context.Context, id string) (video.Letter, error)
	// SettleLetter keeps what was decided about a letter; Conflict if it has changed since it was read.
	SettleLetter(ctx context.Context, was, is video.Letter) error
}

// Inboxes are the queues that letters came to.
type Inboxes interface {
	// Redrive sends the body of a letter to its inbox again. Conflict: it must not be.
	Redrive(ctx context.Context, l video.Letter) error
}

// letter is a dead letter as we show it.
type letter struct {
	ID       string `json:"id"`
	Service  string `json:"service"`
	Type     string `json:"type,omitempty"`   // as its body says
	Tenant   string `json:"tenant,omitempty"` // as type
	Video    string `json:"video_id,omitempty"`
	Kind     string `json:"kind"`
	Code     string `json:"code"`
	Reason   string `json:"reason"`
	Attempts int    `json:"attempts"`
	State    string `json:"state"`
	Note     string `json:"note,omitempty"`
	Redrives int    `json:"redrives"`
	Sent     moment `json:"sent_at"`
	Filed    moment `json:"filed_at"`
	Age      int64  `json:"age_seconds"` // since it was sent
	Body     string `json:"body,omitempty"`
}

func (o *Operators) view(l video.Letter) letter {
	return letter{
		ID: l.ID, Service: l.Service, Type: l.Type, Tenant: l.Tenant, Video: l.Video, Kind: string(l.Kind), Code: l.Code, Reason: l.Reason,
		Attempts: l.Attempts, State: string(l.State), Note: l.Note, Redrives: l.Redrives, Sent: moment{l.Sent}, Filed: moment{l.Filed},
		Age: max(0, int64(o.now().Sub(l.Sent).Seconds())), Body: l.Body,
	}
}

var letterStates = []video.LetterState{video.LetterOpen, video.LetterRedriven, video.LetterDiscarded}

// listLetters answers GET /v1/dead-letters.
func (o *Operators) listLetters(w http.ResponseWriter, r *http.Request) error {
	q, err := params(r.URL.Query(), "code", "cursor", "limit", "service", "state")
	if err != nil {
		return err
	}
	limit, err := limitOf(q["limit"])
	if err != nil {
		return err
	}
	f := video.LetterFilter{Service: q["service"], Code: q["code"], State: video.LetterState(q["state"])}
	if f.State != "" && !slices.Contains(letterStates, f.State) {
		return misused("`state` is one of " + listing(letterStates) + ".")
	}
	found, next, err := o.Letters.Letters(r.Context(), f, q["cursor"], o.now(), limit)
	if err != nil {
		return err
	}
	page := struct {
		Letters []letter `json:"letters"`
		Next    string   `json:"next_cursor,omitempty"` // absent on the last page
	}{make([]letter, 0, len(found)), next}
	for _, l := range found {
		page.Letters = append(page.Letters, o.view(l))
	}
	return reply(w, http.StatusOK, page)
}

// showLetter answers GET /v1/dead-letters/{id}.
func (o *Operators) showLetter(w http.ResponseWriter, r *http.Request) error {
	l, err := o.Letters.Letter(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, o.view(l))
}

// redriveLetter answers POST /v1/dead-letters/{id}/redrive.
func (o *Operators) redriveLetter(w http.ResponseWriter, r *http.Request) error {
	l, err := o.redrive(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	l.Body = ""
	return reply(w, http.StatusOK, o.view(l))
}

// redrive sends a letter again, then notes it. After a crash in between the letter is as it was: sending it once more is
// what any message must bear.
func (o *Operators) redrive(ctx context.Context, id string) (video.Letter, error) {
	was, err := o.Letters.Letter(ctx, id)
	if err != nil {
		return was, err
	}
	is, err := was.Redriven()
	if err != nil {
		return was, err
	}
	if err := o.Inboxes.Redrive(ctx, was); err != nil {
		return was, err
	}
	return is, o.Letters.SettleLetter(ctx, was, is)
}

// maxNote bounds why a letter was discarded, in characters.
const maxNote = 500

// discardLetter answers POST /v1/dead-letters/{id}/discard.
func (o *Operators) discardLetter(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[struct {
		Reason string `json:"reason"`
	}](r)
	if err != nil {
		return err
	}
	var c check
	c.that(in.Reason != "" && video.Written(in.Reason, maxNote), "/reason", "reason_invalid", "Say why, in 1 to 500 characters without control characters.")
	if err := c.err(); err != nil {
		return err
	}
	was, err := o.Letters.Letter(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	is, err := was.Discarded(in.Reason)
	if err != nil {
		return err
	}
	if err := o.Letters.SettleLetter(r.Context(), was, is); err != nil {
		return err
	}
	is.Body = ""
	return reply(w, http.StatusOK, o.view(is))
}
