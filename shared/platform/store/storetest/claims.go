package storetest

import (
	"context"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// noon is when claims are made: the store is told the time.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// claim returns a new request in progress, good for a minute.
func claim() video.Claim {
	return video.Claim{
		Owner: unique(), Route: "POST /v1/uploads", Key: "a#b c", Body: "digest", Holder: unique(), Expires: noon.Add(time.Minute),
	}
}

// held fails unless the store, asked for c at now, has want.
func held(t tester, s Store, c video.Claim, now time.Time, want video.Claim) {
	t.Helper()
	got, err := s.Claim(t.Context(), c, now)
	must(t, err)
	same(t, got, want)
}

// by returns c as another request with the same key makes it.
func by(c video.Claim, holder string, expires time.Time) video.Claim {
	c.Holder, c.Expires = holder, expires
	return c
}

func claimHolds(t *testing.T, s Store) {
	first := claim()
	held(t, s, first, noon, first)
	held(t, s, first, noon, first) // the same call again, after a lost answer
	second := by(first, unique(), noon.Add(2*time.Minute))
	held(t, s, second, noon.Add(time.Minute-1), first)
	held(t, s, second, noon.Add(time.Minute), second)
	held(t, s, first, noon.Add(time.Minute), second)
}

func claimIsSettled(t *testing.T, s Store) {
	first := claim()
	held(t, s, first, noon, first)
	done := first
	done.Status, done.Made, done.Answer, done.Expires = 201, "upl_1", "{}", noon.Add(time.Hour)
	must(t, s.Settle(t.Context(), done))
	must(t, s.Settle(t.Context(), done))
	held(t, s, by(first, unique(), first.Expires), noon.Add(time.Hour-1), done)
	next := by(first, unique(), noon.Add(2*time.Hour))
	held(t, s, next, noon.Add(time.Hour), next)
}

func claimIsGivenUp(t *testing.T, s Store) {
	first := claim()
	held(t, s, first, noon, first)
	at := noon.Add(300 * time.Millisecond)
	must(t, s.Settle(t.Context(), by(first, first.Holder, at)))
	next := by(first, unique(), noon.Add(time.Hour))
	held(t, s, next, at, next)
}

func claimIsLost(t *testing.T, s Store) {
	first := claim()
	want(t, s.Settle(t.Context(), first), errs.Conflict, "claim_lost")
	held(t, s, first, noon, first)
	second := by(first, unique(), noon.Add(time.Hour))
	held(t, s, second, first.Expires, second)
	first.Status = 201
	want(t, s.Settle(t.Context(), first), errs.Conflict, "claim_lost")
	held(t, s, first, first.Expires, second)
}

// createSettles: all of it or nothing, and once.
func createSettles(t *testing.T, s Store) {
	first := claim()
	v, u := sample(first.Owner)
	done := by(first, first.Holder, noon.Add(time.Hour))
	done.Status, done.Made = 201, u.ID
	want(t, s.CreateOnce(t.Context(), v, u, done), errs.Conflict, "claim_lost")
	held(t, s, first, noon, first)
	want(t, s.CreateOnce(t.Context(), v, u, by(done, unique(), done.Expires)), errs.Conflict, "claim_lost")
	_, err := s.Upload(t.Context(), u.Tenant, u.ID)
	want(t, err, errs.NotFound, "upload_not_found")
	must(t, s.CreateOnce(t.Context(), v, u, done))
	stored(t, s, v)
	held(t, s, by(first, unique(), first.Expires), noon, done)

	other, otherUpload := sample(first.Owner)
	otherUpload.ID = u.ID
	want(t, s.CreateOnce(t.Context(), other, otherUpload, done), errs.Conflict, "claim_lost")
	_, err = s.Video(t.Context(), other.Tenant, other.ID)
	want(t, err, errs.NotFound, "video_not_found")
}

func claimsAreApart(t *testing.T, s Store) {
	first := claim()
	held(t, s, first, noon, first)
	for _, change := range []func(*video.Claim){
		func(c *video.Claim) { c.Owner = unique() },
		func(c *video.Claim) { c.Route += "/upl_1" },
		func(c *video.Claim) { c.Key += "x" },
	} {
		other := by(first, unique(), first.Expires)
		change(&other)
		held(t, s, other, noon, other)
	}
	first.Owner = "a#b"
	_, err := s.Claim(t.Context(), first, noon)
	want(t, err, errs.Invalid, "")
	want(t, s.Settle(t.Context(), first), errs.Invalid, "")
}

func oneClaimantWins(t *testing.T, s Store) {
	first := claim()
	const n = 8
	holders, errs := make([]string, n), make([]error, n)
	at(n, func(i int) {
		c, err := s.Claim(t.Context(), by(first, unique(), first.Expires), noon)
		holders[i], errs[i] = c.Holder, err
	})
	for i, err := range errs {
		must(t, err)
		same(t, holders[i], holders[0])
	}
}

func anyClaimIsKept(t *testing.T, s Store) {
	claims := Any[video.Claim]()
	rapid.Check(t, func(rt *rapid.T) {
		c := claims.Draw(rt, "claim")
		c.Owner, c.Expires = unique(), noon.Add(time.Duration(rapid.IntRange(1, 1e6).Draw(rt, "seconds"))*time.Second)
		held(rt, s, c, noon, c)
		held(rt, s, by(c, c.Holder+"x", c.Expires), noon, c)
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Claim(ctx, claim(), noon)
	want(t, err, errs.Transient, "")
	want(t, s.Settle(ctx, claim()), errs.Transient, "")
}
