package admin_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/tests/apitest"
)

func TestShowDeadLetter(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	l := fx.PutDeadLetters(t, 1)[0]
	want := map[string]any{
		"id": l.ID, "service": "encode", "type": "encode.requested.v1", "tenant": "acme", "video_id": "vid_1",
		"kind": "invalid", "code": "invalid",
		"reason": "It is wrong.", "attempts": 5.0, "state": "open", "redrives": 0.0, "body": `{"n": 0}`,
		"sent_at": "2026-11-22T11:58:30.000Z", "filed_at": "2026-11-22T12:00:00.000Z", "age_seconds": 90.0,
	}
	got := fx.DoRequest(t, apitest.OperatorToken, "GET", "/v1/dead-letters/"+l.ID, "")
	if d := cmp.Diff(want, got.JSON); got.Status != 200 || d != "" {
		t.Errorf("%d %s", got.Status, d)
	}
	listed := fx.DoRequest(t, apitest.OperatorToken, "GET", "/v1/dead-letters", "")
	delete(want, "body")
	if d := cmp.Diff(map[string]any{"letters": []any{want}}, listed.JSON); d != "" {
		t.Error(d)
	}
	fx.DoRequest(
		t, apitest.OperatorToken, "GET", "/v1/dead-letters/ltr_1", "",
	).RequireProblem(t, 404, "letter_not_found")
}

func TestListDeadLettersFiltersAndPages(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, query string
		want        []int // indices of the five dead letters; the first is discarded
	}{
		{"all, newest first", "", []int{4, 3, 2, 1, 0}},
		{"of a service", "service=inspect", []int{3, 1}},
		{"of a code", "code=invalid", []int{4, 2, 0}},
		{"of a state", "state=open", []int{4, 3, 2, 1}},
		{"empty parameters, as if absent", "code=&service=&state=", []int{4, 3, 2, 1, 0}},
		{"of service, code and state", "service=encode&code=invalid&state=discarded", []int{0}},
		{"of an unknown service", "service=nobody", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			fx := apitest.New(t)
			all := fx.PutDeadLetters(t, 5)
			fx.DoRequest(
				t, apitest.OperatorToken, "POST", "/v1/dead-letters/"+all[0].ID+"/discard", `{"reason": "a test"}`,
			)
			var want, got []string
			for _, i := range row.want {
				want = append(want, all[i].ID)
			}
			for cursor := ""; ; {
				page := fx.GetWithQuery(t, apitest.OperatorToken, "/v1/dead-letters", row.query+"&limit=2"+cursor)
				got = append(got, page.DeadLetterIDs()...)
				next := page.Field("next_cursor")
				if next == "" {
					break
				}
				cursor = "&cursor=" + next
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestListDeadLettersRejectsInvalidParameters(t *testing.T) {
	t.Parallel()
	for query, code := range map[string]string{
		"state=dead": "parameter_invalid", "limit=0": "parameter_invalid", "tenant=acme": "parameter_unknown",
		"cursor=x": "cursor_invalid",
	} {
		got := apitest.New(t).GetWithQuery(t, apitest.OperatorToken, "/v1/dead-letters", query)
		if got.Status/100 != 4 || got.Field("code") != code {
			t.Errorf("%s: %d %s", query, got.Status, got.Text)
		}
	}
}

func TestRedriveDeadLetterSendsBodyAgain(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	l := fx.PutDeadLetters(t, 1)[0]
	path := "/v1/dead-letters/" + l.ID + "/redrive"
	for n := 1.0; n < 3; n++ {
		got := fx.DoRequest(t, apitest.OperatorToken, "POST", path, "")
		if got.Status != 200 || got.Field("state") != "redriven" || got.JSON["redrives"] != n ||
			got.JSON["body"] != nil {
			t.Errorf("redrive %v: %d %s", n, got.Status, got.Text)
		}
	}
	if len(fx.Redriver.DeadLetters) != 2 || fx.Redriver.DeadLetters[0].Body != l.Body ||
		fx.Redriver.DeadLetters[1].Redrives != 1 {
		t.Errorf("redriven %+v", fx.Redriver.DeadLetters)
	}
	fx.DoRequest(
		t, apitest.OperatorToken, "POST", "/v1/dead-letters/ltr_1/redrive", "",
	).RequireProblem(t, 404, "letter_not_found")
	fx.DoRequest(
		t, apitest.OperatorToken, "POST", "/v1/dead-letters/"+l.ID+"/discard", `{"reason": "late"}`,
	).RequireProblem(t, 409, "letter_settled")
}

func TestFailedRedriveLeavesDeadLetterOpen(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	l := fx.PutDeadLetters(t, 1)[0]
	fx.Redriver.Fail = func(video.DeadLetter) error { return errs.E("queue", errs.Transient, errors.New("throttled")) }
	fx.DoRequest(
		t, apitest.OperatorToken, "POST", "/v1/dead-letters/"+l.ID+"/redrive", "",
	).RequireProblem(t, 503, "busy")
	if stored, err := fx.Store.LoadDeadLetter(t.Context(), l.ID); err != nil || stored.State != video.DeadLetterOpen ||
		stored.Redrives != 0 {
		t.Errorf("%+v, %v", stored, err)
	}
}

func TestDiscardDeadLetterRequiresReason(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	l := fx.PutDeadLetters(t, 1)[0]
	path := "/v1/dead-letters/" + l.ID
	for _, reason := range []string{"", "a\\nb", strings.Repeat("x", 501)} {
		fx.DoRequest(
			t, apitest.OperatorToken, "POST", path+"/discard", `{"reason": "`+reason+`"}`,
		).RequireProblem(t, 422, "reason_invalid")
	}
	got := fx.DoRequest(t, apitest.OperatorToken, "POST", path+"/discard", `{"reason": "a test"}`)
	if got.Status != 200 || got.Field("state") != "discarded" || got.Field("note") != "a test" {
		t.Errorf("%d %s", got.Status, got.Text)
	}
	fx.DoRequest(
		t, apitest.OperatorToken, "POST", path+"/discard", `{"reason": "a test"}`,
	).RequireProblem(t, 409, "letter_settled")
	fx.DoRequest(t, apitest.OperatorToken, "POST", path+"/redrive", "").RequireProblem(t, 409, "letter_discarded")
	if len(fx.Redriver.DeadLetters) > 0 {
		t.Errorf("redriven %+v", fx.Redriver.DeadLetters)
	}
}

func TestRedriveDeadLettersHonorsFilterLimitAndRate(t *testing.T) {
	t.Parallel()
	gone := errs.New("queue", errs.Conflict, "inbox_gone", "It is gone.")
	for _, row := range []struct {
		name, body     string
		fail           func(video.DeadLetter) error
		redriven, left int
		first          int // index of the dead letter that is sent first
		waited         time.Duration
	}{
		{"all", `{}`, nil, 6, 0, 0, 500 * time.Millisecond},
		{"some, the oldest first", `{"limit": 2, "rate": 1}`, nil, 2, 4, 0, time.Second},
		{"of a service", `{"service": "inspect", "rate": 100}`, nil, 3, 0, 1, 20 * time.Millisecond},
		{"of a code", `{"code": "invalid", "limit": 1}`, nil, 1, 2, 0, 0},
		{"none", `{"service": "play"}`, nil, 0, 0, 0, 0},
		{"one can't be sent", `{}`, func(l video.DeadLetter) error {
			if l.Body == `{"n": 0}` {
				return gone
			}
			return nil
		}, 5, 1, 1, 500 * time.Millisecond},
		{"until an error concerns all", `{}`, func(l video.DeadLetter) error {
			if l.Body == `{"n": 3}` {
				return errors.New("down")
			}
			return nil
		}, 3, 3, 0, 300 * time.Millisecond},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			fx := apitest.New(t)
			all := fx.PutDeadLetters(t, 6)
			fx.Redriver.Fail = row.fail
			got := fx.DoRequest(t, apitest.OperatorToken, "POST", "/v1/dead-letters/redrive", row.body)
			want := map[string]any{"redriven": float64(row.redriven), "left": float64(row.left)}
			if d := cmp.Diff(want, got.JSON); got.Status != 200 || d != "" {
				t.Fatalf("%d %s", got.Status, d)
			}
			if len(fx.Redriver.DeadLetters) != row.redriven || row.redriven > 0 &&
				fx.Redriver.DeadLetters[0].ID != all[row.first].ID {
				t.Errorf("redriven %+v", fx.Redriver.DeadLetters)
			}
			if fx.Redriver.Waited != row.waited {
				t.Errorf("waited %v", fx.Redriver.Waited)
			}
		})
	}
}

// Dead letters that can't be redriven do not take the places of others.
func TestRedriveDeadLettersPassesOverShortenedOnes(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	old := video.DeadLetter{
		Service: "fetch", Body: `{}`, URLShortened: true, Sent: apitest.Noon.Add(-time.Hour), Created: apitest.Noon,
		State: video.DeadLetterOpen,
	}
	old.ID = video.DeadLetterID(old.Service, "old", old.Sent)
	if err := fx.Store.CreateDeadLetter(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	newer := fx.PutDeadLetters(t, 1)[0]
	got := fx.DoRequest(t, apitest.OperatorToken, "POST", "/v1/dead-letters/redrive", `{"limit": 1}`)
	want := map[string]any{"redriven": 1.0, "left": 0.0}
	if d := cmp.Diff(want, got.JSON); d != "" || fx.Redriver.DeadLetters[0].ID != newer.ID {
		t.Errorf("%+v\n%s", fx.Redriver.DeadLetters, d)
	}
}

func TestRedriveDeadLettersRejectsInvalidLimits(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	for body, code := range map[string]string{
		`{"limit": -1}`: "limit_out_of_range", `{"limit": 1001}`: "limit_out_of_range",
		`{"rate": 101}`: "rate_out_of_range", `{"rate": -1}`: "rate_out_of_range",
	} {
		fx.DoRequest(t, apitest.OperatorToken, "POST", "/v1/dead-letters/redrive", body).RequireProblem(t, 422, code)
	}
	fx.PutDeadLetters(t, 1)
	fx.Redriver.Fail = func(video.DeadLetter) error { return errors.New("down") }
	fx.DoRequest(t, apitest.OperatorToken, "POST", "/v1/dead-letters/redrive", `{}`).RequireProblem(t, 500, "internal")
}

func TestRedriveDeadLettersStopsBeforeTimeout(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	fx.PutDeadLetters(t, 3)
	ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond) // less than the reserve for the response
	defer cancel()
	out, err := fx.CallAdmin(ctx, apitest.OperatorToken.NewEvent("POST", "/v1/dead-letters/redrive", `{}`))
	if err != nil || out.StatusCode != 200 || out.Body != `{"left":3,"redriven":0}`+"\n" {
		t.Errorf("%d %s %v", out.StatusCode, out.Body, err)
	}
}
