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

func tenantIsKept(t *testing.T, s Store) {
	want := video.Tenant{ID: unique(), Created: created}
	must(t, s.PutTenant(t.Context(), want))
	got, err := s.Tenant(t.Context(), want.ID)
	must(t, err)
	same(t, got, want)
}

func tenantIsMadeOnce(t *testing.T, s Store) {
	first := video.Tenant{ID: unique(), Created: created}
	must(t, s.PutTenant(t.Context(), first))
	want(t, s.PutTenant(t.Context(), video.Tenant{ID: first.ID}), errs.Conflict, "tenant_exists")
	got, err := s.Tenant(t.Context(), first.ID)
	must(t, err)
	same(t, got, first)
}

func token() video.Token {
	return video.Token{
		ID: unique(), Tenant: unique(), Scopes: []string{video.ScopeWrite, video.ScopeRead},
		Hash: video.HashSecret("secret"), Created: created,
	}
}

func tokenIsKept(t *testing.T, s Store) {
	want := token()
	must(t, s.PutToken(t.Context(), want))
	got, err := s.Token(t.Context(), want.ID)
	must(t, err)
	same(t, got, want)
}

func tokenIsMadeOnce(t *testing.T, s Store) {
	first, second := token(), token()
	second.ID = first.ID
	must(t, s.PutToken(t.Context(), first))
	want(t, s.PutToken(t.Context(), second), errs.Conflict, "")
	got, err := s.Token(t.Context(), first.ID)
	must(t, err)
	same(t, got, first)
}

func tokenIsTakenBack(t *testing.T, s Store) {
	gone, kept := token(), token()
	kept.Expires = created.Add(time.Hour)
	must(t, s.PutToken(t.Context(), gone))
	must(t, s.PutToken(t.Context(), kept))
	for range 2 {
		must(t, s.DeleteToken(t.Context(), gone.ID))
	}
	must(t, s.DeleteToken(t.Context(), "#"))
	_, err := s.Token(t.Context(), gone.ID)
	want(t, err, errs.NotFound, "token_not_found")
	got, err := s.Token(t.Context(), kept.ID)
	must(t, err)
	same(t, got, kept)
}

func missingIsNotFound(t *testing.T, s Store) {
	ctx, id := t.Context(), unique()
	_, err := s.Tenant(ctx, id)
	want(t, err, errs.NotFound, "tenant_not_found")
	_, err = s.Token(ctx, id)
	want(t, err, errs.NotFound, "token_not_found")
	_, err = s.Video(ctx, id, id)
	want(t, err, errs.NotFound, "video_not_found")
	_, err = s.Upload(ctx, id, id)
	want(t, err, errs.NotFound, "upload_not_found")
	results, err := s.Results(ctx, id, id)
	must(t, err)
	same(t, results, []video.Result{})
}

// unfitIDs: what a client may send for an id neither reaches another row nor breaks anything.
func unfitIDs(t *testing.T, s Store) {
	ctx, v := t.Context(), create(t, s)
	for _, id := range []string{"", "#", v.ID + "#", "#" + v.ID, strings.Repeat("x", 3000)} {
		_, err := s.Video(ctx, v.Tenant, id)
		want(t, err, errs.NotFound, "")
		_, err = s.Upload(ctx, v.Tenant, id)
		want(t, err, errs.NotFound, "")
		_, err = s.Token(ctx, id)
		want(t, err, errs.NotFound, "")
		_, err = s.Results(ctx, v.Tenant, id)
		must(t, err)
		_, err = s.Finish(ctx, v.Tenant, id, finished(video.Result{}))
		want(t, err, errs.Invalid, "")
		want(t, s.PutTenant(ctx, video.Tenant{ID: id}), errs.Invalid, "")
		want(t, s.PutToken(ctx, video.Token{ID: id}), errs.Invalid, "")
		want(t, s.Save(ctx, video.Video{Tenant: v.Tenant, ID: id, Version: v.Version + 1}, change), errs.Invalid, "")
		want(t, s.Create(ctx, video.Video{Tenant: v.Tenant, ID: id}, video.Upload{Tenant: v.Tenant, ID: unique()}), errs.Invalid, "")
	}
	stored(t, s, v)
}

func cancelledIsTransient(t *testing.T, s Store) {
	v := create(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Video(ctx, v.Tenant, v.ID)
	want(t, err, errs.Transient, "")
	_, err = s.Results(ctx, v.Tenant, v.ID)
	want(t, err, errs.Transient, "")
	_, err = s.Finish(ctx, v.Tenant, v.ID, finished(video.Result{}))
	want(t, err, errs.Transient, "")
	next := v
	next.Version++
	want(t, s.Save(ctx, next, change), errs.Transient, "")
	want(t, s.PutTenant(ctx, video.Tenant{ID: unique()}), errs.Transient, "")
	v2, u2 := sample(v.Tenant)
	want(t, s.Create(ctx, v2, u2), errs.Transient, "")
	stored(t, s, v)
}

func createMakesBoth(t *testing.T, s Store) {
	v, u := sample(unique())
	must(t, s.Create(t.Context(), v, u))
	stored(t, s, v)
	got, err := s.Upload(t.Context(), u.Tenant, u.ID)
	must(t, err)
	same(t, got, u)
	want(t, s.Create(t.Context(), v, u), errs.Conflict, "upload_exists")
}

func createIsWhole(t *testing.T, s Store) {
	tenant := unique()
	v, u := sample(tenant)
	must(t, s.Create(t.Context(), v, u))
	v2, u2 := sample(tenant)
	want(t, s.Create(t.Context(), v, u2), errs.Conflict, "")
	_, err := s.Upload(t.Context(), tenant, u2.ID)
	want(t, err, errs.NotFound, "")
	want(t, s.Create(t.Context(), v2, u), errs.Conflict, "")
	_, err = s.Video(t.Context(), tenant, v2.ID)
	want(t, err, errs.NotFound, "")
}

func anyVideoIsKept(t *testing.T, s Store) {
	tenant, videos, uploads := unique(), Any[video.Video](), Any[video.Upload]()
	rapid.Check(t, func(rt *rapid.T) {
		v, u := videos.Draw(rt, "video"), uploads.Draw(rt, "upload")
		v.Tenant, v.ID, v.Done = tenant, unique(), nil
		u.Tenant, u.ID = tenant, unique()
		must(rt, s.Create(t.Context(), v, u))
		stored(rt, s, v)
		got, err := s.Upload(t.Context(), tenant, u.ID)
		must(rt, err)
		same(rt, got, u)
	})
}

func tenantsAreApart(t *testing.T, s Store) {
	ctx, other := t.Context(), unique()
	v, u := sample(unique())
	must(t, s.Create(ctx, v, u))
	_, err := s.Finish(ctx, v.Tenant, v.ID, finished(video.Result{}))
	must(t, err)
	_, err = s.Video(ctx, other, v.ID)
	want(t, err, errs.NotFound, "")
	_, err = s.Upload(ctx, other, u.ID)
	want(t, err, errs.NotFound, "")
	results, err := s.Results(ctx, other, v.ID)
	must(t, err)
	same(t, results, []video.Result{})
	v.Tenant, v.Version = other, v.Version+1
	want(t, s.Save(ctx, v, change), errs.Conflict, "")
}

func nothingIsShared(t *testing.T, s Store) {
	v, u := sample(unique())
	v.Plan = &video.Plan{Borders: []int{0, 10}}
	must(t, s.Create(t.Context(), v, u))
	done, err := s.Finish(t.Context(), v.Tenant, v.ID, finished(result(1)))
	must(t, err)
	done[2], v.Plan.Borders[1] = true, 11
	got, err := s.Video(t.Context(), v.Tenant, v.ID)
	must(t, err)
	got.Done[3], got.Plan.Borders[0] = true, 12

	v.Plan, v.Done = &video.Plan{Borders: []int{0, 10}}, map[int]bool{1: true}
	stored(t, s, v)
}
