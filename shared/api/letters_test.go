package api_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// letters files n open letters, the first of which was sent first.
func (w *world) letters(tb testing.TB, n int) (all []video.Letter) {
	tb.Helper()
	for i := range n {
		l := video.Letter{
			Service: "encode", Group: "g", Type: "encode.requested.v1", Tenant: "acme", Video: "vid_1", Kind: errs.Invalid, Code: "invalid",
			Reason: "It is wrong.", Body: fmt.Sprintf(`{"n": %d}`, i), Attempts: 5, Sent: noon.Add(time.Duration(i-90) * time.Second), Filed: noon, State: video.LetterOpen,
		}
		if i%2 == 1 {
			l.Service, l.Code = "inspect", "internal"
		}
		l.ID = video.LetterID(l.Service, fmt.Sprint(i), l.Sent)
		if err := w.rows.PutLetter(tb.Context(), l); err != nil {
			tb.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

// letterIDs returns the ids of the letters on a page.
func (r result) letterIDs() (ids []string) {
	all, _ := r.json["letters"].([]any)
	for _, l := range all {
		l, _ := l.(map[string]any)
		id, _ := l["id"].(string)
		ids = append(ids, id)
	}
	return ids
}

func TestShowLetter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := w.letters(t, 1)[0]
	want := map[string]any{
		"id": l.ID, "service": "encode", "type": "encode.requested.v1", "tenant": "acme", "video_id": "vid_1", "kind": "invalid", "code": "invalid",
		"reason": "It is wrong.", "attempts": 5.0, "state": "open", "redrives": 0.0, "body": `{"n": 0}`,
		"sent_at": "2026-11-22T11:58:30.000Z", "filed_at": "2026-11-22T12:00:00.000Z", "age_seconds": 90.0,
	}
	got := w.do(t, warden, "GET", "/v1/dead-letters/"+l.ID, "")
	if d := cmp.Diff(want, got.json); got.status != 200 || d != "" {
		t.Errorf("%d %s", got.status, d)
	}
	listed := w.do(t, warden, "GET", "/v1/dead-letters", "")
	delete(want, "body")
	if d := cmp.Diff(map[string]any{"letters": []any{want}}, listed.json); d != "" {
		t.Error(d)
	}
	w.do(t, warden, "GET", "/v1/dead-letters/ltr_1", "").refused(t, 404, "letter_not_found")
}

func TestListLetters(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, query string
		want        []int // which of five letters, of which the first is discarded
	}{
		{"all, newest first", "", []int{4, 3, 2, 1, 0}},
		{"of a service", "service=inspect", []int{3, 1}},
		{"of a code", "code=invalid", []int{4, 2, 0}},
		{"of a state", "state=open", []int{4, 3, 2, 1}},
		{"of all that", "service=encode&code=invalid&state=discarded", []int{0}},
		{"of a service that there is not", "service=nobody", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			all := w.letters(t, 5)
			w.do(t, warden, "POST", "/v1/dead-letters/"+all[0].ID+"/discard", `{"reason": "a test"}`)
			var want, got []string
			for _, i := range row.want {
				want = append(want, all[i].ID)
			}
			for cursor := ""; ; {
				page := w.get(t, warden, "/v1/dead-letters", row.query+"&limit=2"+cursor)
				got = append(got, page.letterIDs()...)
				next := page.str("next_cursor")
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

func TestListLettersRefuses(t *testing.T) {
	t.Parallel()
	for query, code := range map[string]string{
		"state=dead": "parameter_invalid", "limit=0": "parameter_invalid", "tenant=acme": "parameter_unknown", "cursor=x": "cursor_invalid",
	} {
		got := newWorld(t).get(t, warden, "/v1/dead-letters", query)
		if got.status/100 != 4 || got.str("code") != code {
			t.Errorf("%s: %d %s", query, got.status, got.text)
		}
	}
}

func TestRedriveLetter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := w.letters(t, 1)[0]
	path := "/v1/dead-letters/" + l.ID + "/redrive"
	for n := 1.0; n < 3; n++ {
		got := w.do(t, warden, "POST", path, "")
		if got.status != 200 || got.str("state") != "redriven" || got.json["redrives"] != n || got.json["body"] != nil {
			t.Errorf("redrive %v: %d %s", n, got.status, got.text)
		}
	}
	if len(w.again.letters) != 2 || w.again.letters[0].Body != l.Body || w.again.letters[1].Redrives != 1 {
		t.Errorf("sent %+v", w.again.letters)
	}
	w.do(t, warden, "POST", "/v1/dead-letters/ltr_1/redrive", "").refused(t, 404, "letter_not_found")
	w.do(t, warden, "POST", "/v1/dead-letters/"+l.ID+"/discard", `{"reason": "late"}`).refused(t, 409, "letter_settled")
}

// TestARedriveThatFails leaves the letter open, to be redriven again.
func TestARedriveThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := w.letters(t, 1)[0]
	w.again.fail = func(video.Letter) error { return errs.E("inbox", errs.Transient, errors.New("throttled")) }
	w.do(t, warden, "POST", "/v1/dead-letters/"+l.ID+"/redrive", "").refused(t, 503, "busy")
	if kept, err := w.rows.Letter(t.Context(), l.ID); err != nil || kept.State != video.LetterOpen || kept.Redrives != 0 {
		t.Errorf("%+v, %v", kept, err)
	}
}

func TestDiscardLetter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := w.letters(t, 1)[0]
	path := "/v1/dead-letters/" + l.ID
	for _, reason := range []string{"", "a\\nb", strings.Repeat("x", 501)} {
		w.do(t, warden, "POST", path+"/discard", `{"reason": "`+reason+`"}`).refused(t, 422, "reason_invalid")
	}
	got := w.do(t, warden, "POST", path+"/discard", `{"reason": "a test"}`)
	if got.status != 200 || got.str("state") != "discarded" || got.str("note") != "a test" {
		t.Errorf("%d %s", got.status, got.text)
	}
	w.do(t, warden, "POST", path+"/discard", `{"reason": "a test"}`).refused(t, 409, "letter_settled")
	w.do(t, warden, "POST", path+"/redrive", "").refused(t, 409, "letter_discarded")
	if len(w.again.letters) > 0 {
		t.Errorf("sent %+v", w.again.letters)
	}
}

func TestRedriveLetters(t *testing.T) {
	t.Parallel()
	gone := errs.Refuse("inbox", errs.Conflict, "inbox_gone", "It is gone.")
	for _, row := range []struct {
		name, body     string
		fail           func(video.Letter) error
		redriven, left int
		first          int // which letter is sent first
		waited         time.Duration
	}{
		{"all", `{}`, nil, 6, 0, 0, 500 * time.Millisecond},
		{"some, the oldest first", `{"limit": 2, "rate": 1}`, nil, 2, 4, 0, time.Second},
		{"of a service", `{"service": "inspect", "rate": 100}`, nil, 3, 0, 1, 20 * time.Millisecond},
		{"of a code", `{"code": "invalid", "limit": 1}`, nil, 1, 2, 0, 0},
		{"none", `{"service": "play"}`, nil, 0, 0, 0, 0},
		{"but one", `{}`, func(l video.Letter) error {
			if l.Body == `{"n": 0}` {
				return gone
			}
			return nil
		}, 5, 1, 1, 500 * time.Millisecond},
		{"until all fails", `{}`, func(l video.Letter) error {
			if l.Body == `{"n": 3}` {
				return errors.New("down")
			}
			return nil
		}, 3, 3, 0, 300 * time.Millisecond},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			all := w.letters(t, 6)
			w.again.fail = row.fail
			got := w.do(t, warden, "POST", "/v1/dead-letters/redrive", row.body)
			want := map[string]any{"redriven": float64(row.redriven), "left": float64(row.left)}
			if d := cmp.Diff(want, got.json); got.status != 200 || d != "" {
				t.Fatalf("%d %s", got.status, d)
			}
			if len(w.again.letters) != row.redriven || row.redriven > 0 && w.again.letters[0].ID != all[row.first].ID {
				t.Errorf("sent %+v", w.again.letters)
			}
			if w.again.waited != row.waited {
				t.Errorf("waited %v", w.again.waited)
			}
		})
	}
}

func TestRedriveLettersRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for body, code := range map[string]string{
		`{"limit": -1}`: "limit_out_of_range", `{"limit": 1001}`: "limit_out_of_range", `{"rate": 101}`: "rate_out_of_range", `{"rate": -1}`: "rate_out_of_range",
	} {
		w.do(t, warden, "POST", "/v1/dead-letters/redrive", body).refused(t, 422, code)
	}
	w.letters(t, 1)
	w.again.fail = func(video.Letter) error { return errors.New("down") }
	w.do(t, warden, "POST", "/v1/dead-letters/redrive", `{}`).refused(t, 500, "internal")
}

// TestARedriveOfManyEndsInTime, and says what is left.
func TestARedriveOfManyEndsInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.letters(t, 3)
	ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond) // no more than is kept to answer in
	defer cancel()
	out, err := w.operate(ctx, warden.request("POST", "/v1/dead-letters/redrive", `{}`))
	if err != nil || out.StatusCode != 200 || out.Body != `{"left":3,"redriven":0}`+"\n" {
		t.Errorf("%d %s %v", out.StatusCode, out.Body, err)
	}
}
