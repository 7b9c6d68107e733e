package storetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/shared/domain/access"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/require"
	"sluice/shared/platform/store"
)

func testTenantRoundTrips(t *testing.T, s store.Store) {
	want := access.Tenant{ID: uniqueID(), Created: created}
	require.NoError(t, s.CreateTenant(t.Context(), want))
	require.Returns(t, want)(s.LoadTenant(t.Context(), want.ID))
}

func testAnyTenantAndTokenRoundTrip(t *testing.T, s store.Store) {
	tenants, tokens := AnyValue[access.Tenant](), AnyValue[access.Token]()
	rapid.Check(t, func(rt *rapid.T) {
		tenant, token := tenants.Draw(rt, "tenant"), tokens.Draw(rt, "token")
		tenant.ID, token.ID = uniqueID(), uniqueID()
		require.NoError(rt, s.CreateTenant(t.Context(), tenant))
		require.NoError(rt, s.CreateToken(t.Context(), token))
		require.Returns(rt, tenant)(s.LoadTenant(t.Context(), tenant.ID))
		require.Returns(rt, token)(s.LoadToken(t.Context(), token.ID))
	})
}

func testTenantIsCreatedOnce(t *testing.T, s store.Store) {
	first := access.Tenant{ID: uniqueID(), Created: created}
	require.NoError(t, s.CreateTenant(t.Context(), first))
	require.Error(t, s.CreateTenant(t.Context(), access.Tenant{ID: first.ID}), errs.Conflict, "tenant_exists")
	require.Returns(t, first)(s.LoadTenant(t.Context(), first.ID))
}

func newToken() access.Token {
	return access.Token{
		ID: uniqueID(), Tenant: uniqueID(), Scopes: []string{access.ScopeWrite, access.ScopeRead},
		SecretHash: access.HashSecret("secret"), Created: created,
	}
}

func testTokenRoundTrips(t *testing.T, s store.Store) {
	want := newToken()
	require.NoError(t, s.CreateToken(t.Context(), want))
	require.Returns(t, want)(s.LoadToken(t.Context(), want.ID))
}

func testTokenIsCreatedOnce(t *testing.T, s store.Store) {
	first, second := newToken(), newToken()
	second.ID = first.ID
	require.NoError(t, s.CreateToken(t.Context(), first))
	require.Error(t, s.CreateToken(t.Context(), second), errs.Conflict, "")
	require.Returns(t, first)(s.LoadToken(t.Context(), first.ID))
}

func testTokenIsDeleted(t *testing.T, s store.Store) {
	gone, kept := newToken(), newToken()
	kept.Expires = created.Add(time.Hour)
	require.NoError(t, s.CreateToken(t.Context(), gone))
	require.NoError(t, s.CreateToken(t.Context(), kept))
	for range 2 {
		require.NoError(t, s.DeleteToken(t.Context(), gone.ID))
	}
	require.NoError(t, s.DeleteToken(t.Context(), "#"))
	require.Fails(t, errs.NotFound, "token_not_found")(s.LoadToken(t.Context(), gone.ID))
	require.Returns(t, kept)(s.LoadToken(t.Context(), kept.ID))
}

func testMissingRowsAreNotFound(t *testing.T, s store.Store) {
	ctx, id := t.Context(), uniqueID()
	require.Fails(t, errs.NotFound, "tenant_not_found")(s.LoadTenant(ctx, id))
	require.Fails(t, errs.NotFound, "token_not_found")(s.LoadToken(ctx, id))
	require.Fails(t, errs.NotFound, "video_not_found")(s.LoadVideo(ctx, id, id))
	require.Fails(t, errs.NotFound, "upload_not_found")(s.LoadUpload(ctx, id, id))
	require.Returns(t, []video.Result{})(s.ListTaskResults(ctx, id, id))
}

// testInvalidIDsReachNoRow: an invalid id from a client reaches no row and causes no internal error.
func testInvalidIDsReachNoRow(t *testing.T, s store.Store) {
	ctx, v := t.Context(), createVideo(t, s)
	for _, id := range []string{"", "#", v.ID + "#", "#" + v.ID, strings.Repeat("x", 3000)} {
		require.Fails(t, errs.NotFound, "")(s.LoadVideo(ctx, v.Tenant, id))
		require.Fails(t, errs.NotFound, "")(s.LoadUpload(ctx, v.Tenant, id))
		require.Fails(t, errs.NotFound, "")(s.LoadToken(ctx, id))
		require.Succeeds(t)(s.ListTaskResults(ctx, v.Tenant, id))
		require.Fails(t, errs.Invalid, "")(s.FinishTasks(ctx, v.Tenant, id, manyTasks, newEncodeDone(video.Result{})))
		require.Error(t, s.CreateTenant(ctx, access.Tenant{ID: id}), errs.Invalid, "")
		require.Error(t, s.CreateToken(ctx, access.Token{ID: id}), errs.Invalid, "")
		require.Error(t, s.SaveVideo(ctx, video.Video{Tenant: v.Tenant, ID: id, Version: v.Version + 1}, testEntry),
			errs.Invalid, "")
		require.Error(t,
			s.CreateVideo(ctx, video.Video{Tenant: v.Tenant, ID: id}, video.Upload{Tenant: v.Tenant, ID: uniqueID()}),
			errs.Invalid, "")
	}
	requireVideo(t, s, v)
}

func testCancelledCallsAreTransient(t *testing.T, s store.Store) {
	v := createVideo(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Fails(t, errs.Transient, "")(s.LoadVideo(ctx, v.Tenant, v.ID))
	require.Fails(t, errs.Transient, "")(s.ListTaskResults(ctx, v.Tenant, v.ID))
	require.Fails(t, errs.Transient, "")(s.FinishTasks(ctx, v.Tenant, v.ID, manyTasks, newEncodeDone(video.Result{})))
	next := v
	next.Version++
	require.Error(t, s.SaveVideo(ctx, next, testEntry), errs.Transient, "")
	require.Error(t, s.CreateTenant(ctx, access.Tenant{ID: uniqueID()}), errs.Transient, "")
	v2, u2 := newVideoAndUpload(v.Tenant)
	require.Error(t, s.CreateVideo(ctx, v2, u2), errs.Transient, "")
	requireVideo(t, s, v)
}

func testCreateVideoWritesBothRows(t *testing.T, s store.Store) {
	v, u := newVideoAndUpload(uniqueID())
	require.NoError(t, s.CreateVideo(t.Context(), v, u))
	requireVideo(t, s, v)
	require.Returns(t, u)(s.LoadUpload(t.Context(), u.Tenant, u.ID))
	require.Error(t, s.CreateVideo(t.Context(), v, u), errs.Conflict, "upload_exists")
}

func testCreateVideoIsAtomic(t *testing.T, s store.Store) {
	tenant := uniqueID()
	v, u := newVideoAndUpload(tenant)
	require.NoError(t, s.CreateVideo(t.Context(), v, u))
	v2, u2 := newVideoAndUpload(tenant)
	require.Error(t, s.CreateVideo(t.Context(), v, u2), errs.Conflict, "")
	require.Fails(t, errs.NotFound, "")(s.LoadUpload(t.Context(), tenant, u2.ID))
	require.Error(t, s.CreateVideo(t.Context(), v2, u), errs.Conflict, "")
	require.Fails(t, errs.NotFound, "")(s.LoadVideo(t.Context(), tenant, v2.ID))
}

func testAnyVideoRoundTrips(t *testing.T, s store.Store) {
	videos, uploads := AnyValue[video.Video](), AnyValue[video.Upload]()
	rapid.Check(t, func(rt *rapid.T) {
		v, u := videos.Draw(rt, "video"), uploads.Draw(rt, "upload")
		tenant := uniqueID()
		v.Tenant, v.ID, v.Done = tenant, uniqueID(), nil
		v.Source.Size = rapid.Int64Range(0, 1<<33).Draw(rt, "size") // within the limits of a tenant
		u.Tenant, u.ID = tenant, uniqueID()
		require.NoError(rt, s.CreateVideo(t.Context(), v, u))
		requireVideo(rt, s, v)
		require.Returns(rt, u)(s.LoadUpload(t.Context(), tenant, u.ID))
	})
}

func testTenantsAreIsolated(t *testing.T, s store.Store) {
	ctx, other := t.Context(), uniqueID()
	v, u := newVideoAndUpload(uniqueID())
	require.NoError(t, s.CreateVideo(ctx, v, u))
	require.Succeeds(t)(s.FinishTasks(ctx, v.Tenant, v.ID, manyTasks, newEncodeDone(video.Result{})))
	require.Fails(t, errs.NotFound, "")(s.LoadVideo(ctx, other, v.ID))
	require.Fails(t, errs.NotFound, "")(s.LoadUpload(ctx, other, u.ID))
	require.Returns(t, []video.Result{})(s.ListTaskResults(ctx, other, v.ID))
	v.Tenant, v.Version = other, v.Version+1
	require.Error(t, s.SaveVideo(ctx, v, testEntry), errs.Conflict, "")
}

func testStoreSharesNoMemory(t *testing.T, s store.Store) {
	v, u := newVideoAndUpload(uniqueID())
	v.Plan = &video.Plan{Borders: []int{0, 10}}
	require.NoError(t, s.CreateVideo(t.Context(), v, u))
	done, err := s.FinishTasks(t.Context(), v.Tenant, v.ID, manyTasks, newEncodeDone(newTaskResult(1)))
	require.NoError(t, err)
	done[2], v.Plan.Borders[1] = true, 11
	got, err := s.LoadVideo(t.Context(), v.Tenant, v.ID)
	require.NoError(t, err)
	got.Done[3], got.Plan.Borders[0] = true, 12

	v.Plan, v.Done = &video.Plan{Borders: []int{0, 10}}, map[int]bool{1: true}
	requireVideo(t, s, v)
}
