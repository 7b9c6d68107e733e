package storetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/require"
	"sluice/shared/platform/store"
)

// newDeadLetter returns a new open dead letter of a service whose message was sent a time before noon.
func newDeadLetter(service string, ago time.Duration) video.DeadLetter {
	l := video.DeadLetter{
		Service: service, Group: "g", Type: "encode.requested.v1", Tenant: "acme", Video: "vid_1", Kind: errs.Invalid,
		Code: "invalid", Reason: "It is wrong.", Body: "{}", Attempts: 5, Sent: noon.Add(-ago), Created: noon,
		State: video.DeadLetterOpen,
	}
	l.ID = video.DeadLetterID(service, uniqueID(), l.Sent)
	return l
}

// createDeadLetters creates dead letters in s.
func createDeadLetters(t require.TestingT, s store.Store, ls ...video.DeadLetter) {
	t.Helper()
	for _, l := range ls {
		require.NoError(t, s.CreateDeadLetter(t.Context(), l))
	}
}

// listAllDeadLetters returns all dead letters that match a filter, read in pages of limit.
func listAllDeadLetters(
	t require.TestingT, s store.Store, f video.DeadLetterFilter, limit int,
) (all []video.DeadLetter) {
	t.Helper()
	for cursor := ""; ; {
		page, next, err := s.ListDeadLetters(t.Context(), f, cursor, noon, limit)
		require.NoError(t, err)
		if len(page) > limit {
			t.Fatalf("a page of %d, not of %d", len(page), limit)
		}
		if all, cursor = append(all, page...), next; next == "" {
			return all
		}
	}
}

func withoutBodies(ls ...video.DeadLetter) (out []video.DeadLetter) {
	for _, l := range ls {
		l.Body = ""
		out = append(out, l)
	}
	return out
}

func testDeadLetterIsCreatedOnce(t *testing.T, s store.Store) {
	l := newDeadLetter(uniqueID(), time.Minute)
	createDeadLetters(t, s, l)
	done, err := l.MarkDiscarded("a test")
	require.NoError(t, err)
	require.NoError(t, s.UpdateDeadLetter(t.Context(), l, done))
	again := l
	again.Created = noon.Add(time.Hour)
	createDeadLetters(t, s, again)
	require.Returns(t, done)(s.LoadDeadLetter(t.Context(), l.ID))
	require.Equal(t, listAllDeadLetters(t, s, video.DeadLetterFilter{Service: l.Service}, 10), withoutBodies(done))
}

func testDeadLettersAreListedNewestFirst(t *testing.T, s store.Store) {
	service, day := uniqueID(), 24*time.Hour
	newest, older, oldest := newDeadLetter(service,
		-time.Minute), newDeadLetter(service, 40*day), newDeadLetter(service, 110*day)
	createDeadLetters(t, s, older, newest, oldest, newDeadLetter(uniqueID(), day))
	for _, limit := range []int{1, 2, 3, 100} {
		require.Equal(t, listAllDeadLetters(t, s, video.DeadLetterFilter{Service: service}, limit),
			withoutBodies(newest, older, oldest))
	}
}

func testDeadLettersAreFiltered(t *testing.T, s store.Store) {
	a, b := newDeadLetter(uniqueID(), time.Hour), newDeadLetter(uniqueID(), time.Minute)
	b.Service, b.Code = a.Service, "internal"
	createDeadLetters(t, s, a, b)
	gone, err := b.MarkDiscarded("a test")
	require.NoError(t, err)
	require.NoError(t, s.UpdateDeadLetter(t.Context(), b, gone))
	for _, tt := range []struct {
		f    video.DeadLetterFilter
		want []video.DeadLetter
	}{
		{video.DeadLetterFilter{Service: a.Service}, withoutBodies(gone, a)},
		{video.DeadLetterFilter{Service: a.Service, State: video.DeadLetterOpen}, withoutBodies(a)},
		{video.DeadLetterFilter{Service: a.Service, State: video.DeadLetterRedriven}, nil},
		{video.DeadLetterFilter{Service: a.Service, Code: "internal"}, withoutBodies(gone)},
	} {
		require.Equal(t, listAllDeadLetters(t, s, tt.f, 1), tt.want)
	}
}

func testDeadLetterIsUpdatedOnce(t *testing.T, s store.Store) {
	l := newDeadLetter(uniqueID(), time.Hour)
	redriven, err := l.MarkRedriven()
	require.NoError(t, err)
	require.Error(t, s.UpdateDeadLetter(t.Context(), l, redriven), errs.Conflict, "letter_changed")
	createDeadLetters(t, s, l)
	won := 0
	for _, err := range require.RunConcurrently(8, func(int) error {
		return s.UpdateDeadLetter(t.Context(), l, redriven)
	}) {
		if err == nil {
			won++
			continue
		}
		require.Error(t, err, errs.Conflict, "letter_changed")
	}
	require.Equal(t, won, 1)
	twice, err := redriven.MarkRedriven()
	require.NoError(t, err)
	require.NoError(t, s.UpdateDeadLetter(t.Context(), redriven, twice))
	require.Error(t, s.UpdateDeadLetter(t.Context(), redriven, twice), errs.Conflict, "letter_changed")
	require.Returns(t, twice)(s.LoadDeadLetter(t.Context(), l.ID))
}

func testOpenDeadLettersAreCounted(t *testing.T, s store.Store) {
	a, b := newDeadLetter(uniqueID(), time.Hour), newDeadLetter(uniqueID(), time.Minute)
	b.Service = a.Service
	open := func(service string) int {
		n, err := s.CountOpenDeadLetters(t.Context(), service)
		require.NoError(t, err)
		return n
	}
	require.Equal(t, open(a.Service), 0)
	createDeadLetters(t, s, a, b)
	require.Equal(t, open(a.Service), 2)
	gone, err := a.MarkDiscarded("a test")
	require.NoError(t, err)
	require.NoError(t, s.UpdateDeadLetter(t.Context(), a, gone))
	createDeadLetters(t, s, a) // again: it changes nothing
	require.Equal(t, open(a.Service), 1)
	again, err := b.MarkRedriven()
	require.NoError(t, err)
	require.NoError(t, s.UpdateDeadLetter(t.Context(), b, again))
	require.Equal(t, open(a.Service), 0)
	require.Equal(t, open(uniqueID()), 0)
}

func testDeadLetterHoldsLargestMessage(t *testing.T, s store.Store) {
	service := uniqueID()
	var all []video.DeadLetter
	for i := range 5 { // together more than the megabyte that a query returns
		l := newDeadLetter(service, time.Duration(i)*time.Second)
		l.Body = strings.Repeat("ü", 128<<10)
		all = append(all, l)
	}
	createDeadLetters(t, s, all...)
	require.Returns(t, all[0])(s.LoadDeadLetter(t.Context(), all[0].ID))
	require.Equal(t, listAllDeadLetters(t, s, video.DeadLetterFilter{Service: service}, 10), withoutBodies(all...))
}

func testInvalidDeadLetterIDs(t *testing.T, s store.Store) {
	for _, id := range []string{"", "x", "#", newDeadLetter("x", 0).ID, strings.Repeat("x", 3000)} {
		require.Fails(t, errs.NotFound, "letter_not_found")(s.LoadDeadLetter(t.Context(), id))
	}
	for _, id := range []string{"", "ltr_", "a#b"} {
		l := newDeadLetter("x", 0)
		l.ID = id
		require.Error(t, s.CreateDeadLetter(t.Context(), l), errs.Invalid, "")
		require.Error(t, s.UpdateDeadLetter(t.Context(), l, l), errs.Invalid, "")
	}
	require.Fails(t, errs.Invalid,
		"cursor_invalid")(s.ListDeadLetters(t.Context(), video.DeadLetterFilter{}, "ltr_x", noon, 1))
	far := video.DeadLetterID("x", "m", time.UnixMilli(1<<48-1)) // a list that begins in the year 10889 must end
	require.Succeeds(t)(s.ListDeadLetters(t.Context(), video.DeadLetterFilter{Service: uniqueID()}, far, noon, 1))
}

func testAnyDeadLetterRoundTrips(t *testing.T, s store.Store) {
	deadLetters := AnyValue[video.DeadLetter]()
	rapid.Check(t, func(rt *rapid.T) {
		l := deadLetters.Draw(rt, "dead letter")
		l.ID = video.DeadLetterID(uniqueID(), "m", l.Sent)
		createDeadLetters(rt, s, l)
		require.Returns(rt, l)(s.LoadDeadLetter(t.Context(), l.ID))
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := newDeadLetter(uniqueID(), 0)
	require.Error(t, s.CreateDeadLetter(ctx, l), errs.Transient, "")
	require.Error(t, s.UpdateDeadLetter(ctx, l, l), errs.Transient, "")
	require.Fails(t, errs.Transient, "")(s.LoadDeadLetter(ctx, l.ID))
	require.Fails(t, errs.Transient, "")(s.ListDeadLetters(ctx, video.DeadLetterFilter{}, "", noon, 1))
	require.Fails(t, errs.Transient, "")(s.CountOpenDeadLetters(ctx, l.Service))
}
