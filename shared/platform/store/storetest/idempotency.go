package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/idempotency"
	"sluice/shared/platform/require"
	"sluice/shared/platform/store"
)

// noon is the current time of the tests: callers tell the store the time.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// newIdempotencyRecord returns the record of a new request in progress, which is valid for a minute.
func newIdempotencyRecord() idempotency.Record {
	return idempotency.Record{
		Owner: uniqueID(), Route: "POST /v1/uploads", Key: "a#b c", BodyHash: "digest", Holder: uniqueID(),
		Expires: noon.Add(time.Minute),
	}
}

// requireRecord fails unless beginning c at now returns want.
func requireRecord(
	t require.TestingT, s store.Store, r idempotency.Record, now time.Time, want idempotency.Record,
) {
	t.Helper()
	require.Returns(t, want)(s.BeginIdempotency(t.Context(), r, now))
}

// copyForHolder returns c for another request with the same key.
func copyForHolder(r idempotency.Record, holder string, expires time.Time) idempotency.Record {
	r.Holder, r.Expires = holder, expires
	return r
}

func testIdempotencyRecordExcludesOthers(t *testing.T, s store.Store) {
	first := newIdempotencyRecord()
	requireRecord(t, s, first, noon, first)
	requireRecord(t, s, first, noon, first) // the same call again, after a lost answer
	second := copyForHolder(first, uniqueID(), noon.Add(2*time.Minute))
	requireRecord(t, s, second, noon.Add(time.Minute-1), first)
	requireRecord(t, s, second, noon.Add(time.Minute), second)
	requireRecord(t, s, first, noon.Add(time.Minute), second)
}

func testCompletedRecordIsReturned(t *testing.T, s store.Store) {
	first := newIdempotencyRecord()
	requireRecord(t, s, first, noon, first)
	done := first
	done.Status, done.CreatedID, done.Response, done.Expires = 201, "upl_1", "{}", noon.Add(time.Hour)
	require.NoError(t, s.CompleteIdempotency(t.Context(), done))
	require.NoError(t, s.CompleteIdempotency(t.Context(), done))
	requireRecord(t, s, copyForHolder(first, uniqueID(), first.Expires), noon.Add(time.Hour-1), done)
	next := copyForHolder(first, uniqueID(), noon.Add(2*time.Hour))
	requireRecord(t, s, next, noon.Add(time.Hour), next)
}

func testReleasedRecordIsFree(t *testing.T, s store.Store) {
	first := newIdempotencyRecord()
	requireRecord(t, s, first, noon, first)
	at := noon.Add(300 * time.Millisecond)
	require.NoError(t, s.CompleteIdempotency(t.Context(), copyForHolder(first, first.Holder, at)))
	next := copyForHolder(first, uniqueID(), noon.Add(time.Hour))
	requireRecord(t, s, next, at, next)
}

func testLostRecordCannotBeCompleted(t *testing.T, s store.Store) {
	first := newIdempotencyRecord()
	require.Error(t, s.CompleteIdempotency(t.Context(), first), errs.Conflict, "claim_lost")
	requireRecord(t, s, first, noon, first)
	second := copyForHolder(first, uniqueID(), noon.Add(time.Hour))
	requireRecord(t, s, second, first.Expires, second)
	first.Status = 201
	require.Error(t, s.CompleteIdempotency(t.Context(), first), errs.Conflict, "claim_lost")
	requireRecord(t, s, first, first.Expires, second)
}

// testCreateVideoCompletesIdempotency: all rows are written or none, and once.
func testCreateVideoCompletesIdempotency(t *testing.T, s store.Store) {
	first := newIdempotencyRecord()
	v, u := newVideoAndUpload(first.Owner)
	done := copyForHolder(first, first.Holder, noon.Add(time.Hour))
	done.Status, done.CreatedID = 201, u.ID
	require.Error(t, s.CreateVideoIdempotently(t.Context(), v, u, done), errs.Conflict, "claim_lost")
	requireRecord(t, s, first, noon, first)
	require.Error(t, s.CreateVideoIdempotently(t.Context(), v, u, copyForHolder(done, uniqueID(), done.Expires)),
		errs.Conflict, "claim_lost")
	require.Fails(t, errs.NotFound, "upload_not_found")(s.LoadUpload(t.Context(), u.Tenant, u.ID))
	require.NoError(t, s.CreateVideoIdempotently(t.Context(), v, u, done))
	requireVideo(t, s, v)
	requireRecord(t, s, copyForHolder(first, uniqueID(), first.Expires), noon, done)

	other, otherUpload := newVideoAndUpload(first.Owner)
	otherUpload.ID = u.ID
	require.Error(t, s.CreateVideoIdempotently(t.Context(), other, otherUpload, done), errs.Conflict, "claim_lost")
	require.Fails(t, errs.NotFound, "video_not_found")(s.LoadVideo(t.Context(), other.Tenant, other.ID))
}

func testIdempotencyRecordsAreSeparate(t *testing.T, s store.Store) {
	first := newIdempotencyRecord()
	requireRecord(t, s, first, noon, first)
	for _, change := range []func(*idempotency.Record){
		func(r *idempotency.Record) { r.Owner = uniqueID() },
		func(r *idempotency.Record) { r.Route += "/upl_1" },
		func(r *idempotency.Record) { r.Key += "x" },
	} {
		other := copyForHolder(first, uniqueID(), first.Expires)
		change(&other)
		requireRecord(t, s, other, noon, other)
	}
	first.Owner = "a#b"
	require.Fails(t, errs.Invalid, "")(s.BeginIdempotency(t.Context(), first, noon))
	require.Error(t, s.CompleteIdempotency(t.Context(), first), errs.Invalid, "")
}

func testOneConcurrentRequestWins(t *testing.T, s store.Store) {
	first := newIdempotencyRecord()
	holders := make([]string, 8)
	failures := require.RunConcurrently(len(holders), func(i int) error {
		r, err := s.BeginIdempotency(t.Context(), copyForHolder(first, uniqueID(), first.Expires), noon)
		holders[i] = r.Holder
		return err
	})
	require.NoError(t, errors.Join(failures...))
	require.Equal(t, slices.Compact(holders), holders[:1])
}

func testAnyIdempotencyRecordRoundTrips(t *testing.T, s store.Store) {
	records := AnyValue[idempotency.Record]()
	rapid.Check(t, func(rt *rapid.T) {
		r := records.Draw(rt, "record")
		r.Owner, r.Expires = uniqueID(), noon.Add(time.Duration(rapid.IntRange(1, 1e6).Draw(rt, "seconds"))*time.Second)
		requireRecord(rt, s, r, noon, r)
		requireRecord(rt, s, copyForHolder(r, r.Holder+"x", r.Expires), noon, r)
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Fails(t, errs.Transient, "")(s.BeginIdempotency(ctx, newIdempotencyRecord(), noon))
	require.Error(t, s.CompleteIdempotency(ctx, newIdempotencyRecord()), errs.Transient, "")
}
