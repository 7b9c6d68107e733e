package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// Limits of a redrive of many.
const (
	mostRedriven = 1000 // letters that are looked at
	someRedriven = 100  // that are sent, unless one says
	fastRedrive  = 100  // a second
	slowRedrive  = 10   // a second, unless one says
)

// toReply is what is kept of a request's time when letters are sent one after the other.
const toReply = 2 * time.Second

// redriveLetters answers POST /v1/dead-letters/redrive: it sends open letters again, the oldest of those that it looks at
// first, no faster than asked, and says how many are left when it has sent the limit or its time is up. What can't be
// sent is left, and keeps nothing else.
func (o *Operators) redriveLetters(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[struct {
		Service string `json:"service,omitempty"`
		Code    string `json:"code,omitempty"`
		Limit   int    `json:"limit,omitempty"`
		Rate    int    `json:"rate,omitempty"` // a second
	}](r)
	if err != nil {
		return err
	}
	in.Limit, in.Rate = cmp.Or(in.Limit, someRedriven), cmp.Or(in.Rate, slowRedrive)
	var c check
	c.that(in.Limit > 0 && in.Limit <= mostRedriven, "/limit", "limit_out_of_range", "Redrive 1 to 1,000 letters at a time.")
	c.that(in.Rate > 0 && in.Rate <= fastRedrive, "/rate", "rate_out_of_range", "Redrive 1 to 100 letters a second.")
	if err := c.err(); err != nil {
		return err
	}
	found, err := o.open(r.Context(), video.LetterFilter{Service: in.Service, Code: in.Code, State: video.LetterOpen})
	if err != nil {
		return err
	}
	done, err := o.redriveAll(r.Context(), found[:min(in.Limit, len(found))], time.Second/time.Duration(in.Rate))
	if err != nil && done == 0 {
		return err
	}
	return reply(w, http.StatusOK, map[string]int{"redriven": done, "left": len(found) - done})
}

// open returns the ids of letters, the oldest first: of more than are looked at, those that were sent last.
func (o *Operators) open(ctx context.Context, f video.LetterFilter) (ids []string, err error) {
	for cursor := ""; ; {
		page, next, err := o.Letters.Letters(ctx, f, cursor, o.now(), mostRedriven-len(ids))
		if err != nil {
			return nil, err
		}
		for _, l := range page {
			ids = append(ids, l.ID)
		}
		if cursor = next; next == "" || len(ids) == mostRedriven {
			slices.Reverse(ids)
			return ids, nil
		}
	}
}

// redriveAll sends letters again, one each time that pace has passed, until the time is up or all seems to fail.
func (o *Operators) redriveAll(ctx context.Context, ids []string, pace time.Duration) (done int, err error) {
	going, cancel := before(ctx, toReply)
	defer cancel()
	for i, id := range ids {
		if i > 0 {
			o.Wait(going, pace)
		}
		if going.Err() != nil {
			return done, nil
		}
		_, err := o.redrive(ctx, id)
		switch errs.KindOf(err) {
		case "":
			done++
		case errs.Conflict, errs.NotFound: // another decided about it, or it can't be sent
			o.Log.WarnContext(ctx, "letter not redriven", "letter", id, "error", err)
		default:
			o.Log.ErrorContext(ctx, "letters not redriven", "letter", id, "redriven", done, "error", err)
			return done, err
		}
	}
	return done, nil
}
