package storetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// letter returns a new open letter of a service, whose message was sent so long before noon.
func letter(service string, ago time.Duration) video.Letter {
	l := video.Letter{
		Service: service, Group: "g", Type: "encode.requested.v1", Tenant: "acme", Video: "vid_1", Kind: errs.Invalid, Code: "invalid",
		Reason: "It is wrong.", Body: "{}", Attempts: 5, Sent: noon.Add(-ago), Filed: noon, State: video.LetterOpen,
	}
	l.ID = video.LetterID(service, unique(), l.Sent)
	return l
}

// file puts letters into the store.
func file(t tester, s Store, ls ...video.Letter) {
	t.Helper()
	for _, l := range ls {
		must(t, s.PutLetter(t.Context(), l))
	}
}

// pages returns all letters of a filter, read limit by limit.
func pages(t tester, s Store, f video.LetterFilter, limit int) (all []video.Letter) {
	t.Helper()
	for cursor := ""; ; {
		page, next, err := s.Letters(t.Context(), f, cursor, noon, limit)
		must(t, err)
		if len(page) > limit {
			t.Fatalf("a page of %d, not of %d", len(page), limit)
		}
		if all, cursor = append(all, page...), next; next == "" {
			return all
		}
	}
}

func listed(ls ...video.Letter) (out []video.Letter) {
	for _, l := range ls {
		l.Body = ""
		out = append(out, l)
	}
	return out
}

func letterIsFiledOnce(t *testing.T, s Store) {
	l := letter(unique(), time.Minute)
	file(t, s, l)
	done, err := l.Discarded("a test")
	must(t, err)
	must(t, s.SettleLetter(t.Context(), l, done))
	again := l
	again.Filed = noon.Add(time.Hour)
	file(t, s, again)
	got, err := s.Letter(t.Context(), l.ID)
	must(t, err)
	same(t, got, done)
	same(t, pages(t, s, video.LetterFilter{Service: l.Service}, 10), listed(done))
}

func lettersAreListed(t *testing.T, s Store) {
	service, day := unique(), 24*time.Hour
	newest, older, oldest := letter(service, -time.Minute), letter(service, 40*day), letter(service, 110*day)
	file(t, s, older, newest, oldest, letter(unique(), day))
	for _, limit := range []int{1, 2, 3, 100} {
		same(t, pages(t, s, video.LetterFilter{Service: service}, limit), listed(newest, older, oldest))
	}
}

func lettersAreFiltered(t *testing.T, s Store) {
	a, b := letter(unique(), time.Hour), letter(unique(), time.Minute)
	b.Service, b.Code = a.Service, "internal"
	file(t, s, a, b)
	gone, err := b.Discarded("a test")
	must(t, err)
	must(t, s.SettleLetter(t.Context(), b, gone))
	for _, tt := range []struct {
		f    video.LetterFilter
		want []video.Letter
	}{
		{video.LetterFilter{Service: a.Service}, listed(gone, a)},
		{video.LetterFilter{Service: a.Service, State: video.LetterOpen}, listed(a)},
		{video.LetterFilter{Service: a.Service, State: video.LetterRedriven}, nil},
		{video.LetterFilter{Service: a.Service, Code: "internal"}, listed(gone)},
	} {
		same(t, pages(t, s, tt.f, 1), tt.want)
	}
}

func letterIsSettledOnce(t *testing.T, s Store) {
	l := letter(unique(), time.Hour)
	redriven, err := l.Redriven()
	must(t, err)
	want(t, s.SettleLetter(t.Context(), l, redriven), errs.Conflict, "letter_changed")
	file(t, s, l)
	const n = 8
	failures := make([]error, n)
	at(n, func(i int) { failures[i] = s.SettleLetter(t.Context(), l, redriven) })
	won := 0
	for _, err := range failures {
		if err == nil {
			won++
			continue
		}
		want(t, err, errs.Conflict, "letter_changed")
	}
	same(t, won, 1)
	twice, err := redriven.Redriven()
	must(t, err)
	must(t, s.SettleLetter(t.Context(), redriven, twice))
	want(t, s.SettleLetter(t.Context(), redriven, twice), errs.Conflict, "letter_changed")
	got, err := s.Letter(t.Context(), l.ID)
	must(t, err)
	same(t, got, twice)
}

func lettersAreOpen(t *testing.T, s Store) {
	a, b := letter(unique(), time.Hour), letter(unique(), time.Minute)
	b.Service = a.Service
	open := func(service string) int {
		n, err := s.OpenLetters(t.Context(), service)
		must(t, err)
		return n
	}
	same(t, open(a.Service), 0)
	file(t, s, a, b)
	same(t, open(a.Service), 2)
	gone, err := a.Discarded("a test")
	must(t, err)
	must(t, s.SettleLetter(t.Context(), a, gone))
	file(t, s, a) // once more, in vain
	same(t, open(a.Service), 1)
	again, err := b.Redriven()
	must(t, err)
	must(t, s.SettleLetter(t.Context(), b, again))
	same(t, open(a.Service), 0)
	same(t, open(unique()), 0)
}

func largeLetter(t *testing.T, s Store) {
	service := unique()
	var all []video.Letter
	for i := range 5 { // together more than DynamoDB returns at once
		l := letter(service, time.Duration(i)*time.Second)
		l.Body = strings.Repeat("ü", 128<<10)
		all = append(all, l)
	}
	file(t, s, all...)
	got, err := s.Letter(t.Context(), all[0].ID)
	must(t, err)
	same(t, got, all[0])
	same(t, pages(t, s, video.LetterFilter{Service: service}, 10), listed(all...))
}

func noLetter(t *testing.T, s Store) {
	for _, id := range []string{"", "x", "#", letter("x", 0).ID, strings.Repeat("x", 3000)} {
		_, err := s.Letter(t.Context(), id)
		want(t, err, errs.NotFound, "letter_not_found")
	}
	for _, id := range []string{"", "ltr_", "a#b"} {
		l := letter("x", 0)
		l.ID = id
		want(t, s.PutLetter(t.Context(), l), errs.Invalid, "")
		want(t, s.SettleLetter(t.Context(), l, l), errs.Invalid, "")
	}
	_, _, err := s.Letters(t.Context(), video.LetterFilter{}, "ltr_x", noon, 1)
	want(t, err, errs.Invalid, "cursor_invalid")
	far := video.LetterID("x", "m", time.UnixMilli(1<<48-1)) // a list from the year 10889 on must end
	_, _, err = s.Letters(t.Context(), video.LetterFilter{Service: unique()}, far, noon, 1)
	must(t, err)
}

func anyLetterIsKept(t *testing.T, s Store) {
	letters := Any[video.Letter]()
	rapid.Check(t, func(rt *rapid.T) {
		l := letters.Draw(rt, "letter")
		l.ID = video.LetterID(unique(), "m", l.Sent)
		file(rt, s, l)
		got, err := s.Letter(t.Context(), l.ID)
		must(rt, err)
		same(rt, got, l)
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := letter(unique(), 0)
	want(t, s.PutLetter(ctx, l), errs.Transient, "")
	want(t, s.SettleLetter(ctx, l, l), errs.Transient, "")
	_, err := s.Letter(ctx, l.ID)
	want(t, err, errs.Transient, "")
	_, _, err = s.Letters(ctx, video.LetterFilter{}, "", noon, 1)
	want(t, err, errs.Transient, "")
	_, err = s.OpenLetters(ctx, l.Service)
	want(t, err, errs.Transient, "")
}
