package admin

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
	"sluice/shared/platform/invocation"
)

// Limits of POST /v1/dead-letters/redrive.
const (
	maxRedriveScan      = 1000 // dead letters that are read
	defaultRedriveLimit = 100  // dead letters that are sent
	maxRedriveRate      = 100  // a second
	defaultRedriveRate  = 10   // a second
)

// redriveReserve is the part of a request's time that is left for the response.
const redriveReserve = 2 * time.Second

// redriveDeadLetters answers POST /v1/dead-letters/redrive: it sends open dead letters again at the given rate, the
// oldest of those that it reads first, until the limit or the time is reached, and returns how many are left. It skips
// those that can't be sent, and does not count those whose body lacks parts of a URL: they can only be discarded.
func (a *Admin) redriveDeadLetters(w http.ResponseWriter, r *http.Request) error {
	in, err := httpapi.DecodeBody[struct {
		Service string `json:"service,omitempty"`
		Code    string `json:"code,omitempty"`
		Limit   int    `json:"limit,omitempty"`
		Rate    int    `json:"rate,omitempty"` // a second
	}](r)
	if err != nil {
		return err
	}
	in.Limit, in.Rate = cmp.Or(in.Limit, defaultRedriveLimit), cmp.Or(in.Rate, defaultRedriveRate)
	var v httpapi.Validation
	v.Require(in.Limit > 0 && in.Limit <= maxRedriveScan, "/limit", "limit_out_of_range",
		"Redrive 1 to 1,000 dead letters at a time.")
	v.Require(in.Rate > 0 && in.Rate <= maxRedriveRate, "/rate", "rate_out_of_range",
		"Redrive 1 to 100 dead letters a second.")
	if err := v.Err(); err != nil {
		return err
	}
	found, err := a.listOpenIDs(r.Context(),
		video.DeadLetterFilter{Service: in.Service, Code: in.Code, State: video.DeadLetterOpen})
	if err != nil {
		return err
	}
	done, err := a.redriveAtRate(r.Context(), found[:min(in.Limit, len(found))], time.Second/time.Duration(in.Rate))
	if err != nil && done == 0 {
		return err
	}
	return httpapi.WriteJSON(w, http.StatusOK, map[string]int{"redriven": done, "left": len(found) - done})
}

// listOpenIDs returns the ids of open dead letters that can be sent again, the oldest first: of more than
// maxRedriveScan, those that were sent last.
func (a *Admin) listOpenIDs(ctx context.Context, f video.DeadLetterFilter) (ids []string, err error) {
	for cursor := ""; ; {
		page, next, err := a.DeadLetters.ListDeadLetters(ctx, f, cursor, a.now(), maxRedriveScan-len(ids))
		if err != nil {
			return nil, err
		}
		for _, l := range page {
			if !l.URLShortened {
				ids = append(ids, l.ID)
			}
		}
		if cursor = next; next == "" || len(ids) == maxRedriveScan {
			slices.Reverse(ids)
			return ids, nil
		}
	}
}

// redriveAtRate sends dead letters again, one per pace, until the time is up or an error concerns them all.
func (a *Admin) redriveAtRate(ctx context.Context, ids []string, pace time.Duration) (done int, err error) {
	going, cancel := invocation.WithReserve(ctx, redriveReserve)
	defer cancel()
	for i, id := range ids {
		if i > 0 {
			a.Sleep(going, pace)
		}
		if going.Err() != nil {
			return done, nil
		}
		_, err := a.redriveByID(ctx, id)
		switch errs.KindOf(err) {
		case "":
			done++
		case errs.Conflict, errs.NotFound: // it was redriven or discarded meanwhile, or can't be sent
			a.Log.WarnContext(ctx, "dead letter not redriven", "dead_letter", id, "error", err)
		default:
			a.Log.ErrorContext(ctx, "dead letters not redriven", "dead_letter", id, "redriven", done, "error", err)
			return done, err
		}
	}
	return done, nil
}
