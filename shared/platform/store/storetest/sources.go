package storetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// grant returns a new grant to a sender.
func grant(sender, prefix string) video.Grant {
	return video.Grant{
		ID: video.GrantID(sender, "bucket", prefix), Sender: sender, Bucket: "bucket", Prefix: prefix, Tenant: unique(), Created: created,
	}
}

// granted fails unless the store knows exactly these grants of a sender, under it and in the list of all.
func granted(t tester, s Store, sender string, want ...video.Grant) {
	t.Helper()
	got, err := s.Sources(t.Context(), sender)
	must(t, err)
	same(t, got, want)
	all, err := s.AllSources(t.Context())
	must(t, err)
	same(t, slices.DeleteFunc(all, func(g video.Grant) bool { return g.Sender != sender }), want)
}

func sourceIsKept(t *testing.T, s Store) {
	sender := unique()
	first, second := grant(sender, "in/"), grant(sender, "")
	second.Created = created.Add(time.Nanosecond)
	must(t, s.PutSource(t.Context(), second))
	must(t, s.PutSource(t.Context(), first))
	granted(t, s, sender, first, second)
	granted(t, s, unique())
}

func sourceIsMadeOnce(t *testing.T, s Store) {
	g := grant(unique(), "in/")
	must(t, s.PutSource(t.Context(), g))
	other := g
	other.Tenant = unique()
	want(t, s.PutSource(t.Context(), other), errs.Conflict, "source_exists")
	granted(t, s, g.Sender, g)
}

func sourceIsDeleted(t *testing.T, s Store) {
	sender := unique()
	gone, left := grant(sender, "in/"), grant(sender, "out/")
	must(t, s.PutSource(t.Context(), gone))
	must(t, s.PutSource(t.Context(), left))
	must(t, s.DeleteSource(t.Context(), gone.ID))
	granted(t, s, sender, left)
	want(t, s.DeleteSource(t.Context(), gone.ID), errs.NotFound, "source_not_found")
	must(t, s.PutSource(t.Context(), gone))
	must(t, s.DeleteSource(t.Context(), left.ID))
	granted(t, s, sender, gone)
}

// sendersAreApart: nothing that may stand in a message reaches another sender's grants, or all of them.
func sendersAreApart(t *testing.T, s Store) {
	g := grant(unique(), "in/")
	must(t, s.PutSource(t.Context(), g))
	for _, sender := range []string{"", "#", "#all", "all", g.Sender + "#", g.Sender[1:]} {
		got, err := s.Sources(t.Context(), sender)
		must(t, err)
		same(t, got, []video.Grant{})
		want(t, s.DeleteSource(t.Context(), sender), errs.NotFound, "source_not_found")
	}
	for _, bad := range []string{"", "a#b", "#all"} {
		want(t, s.PutSource(t.Context(), video.Grant{ID: bad, Sender: unique()}), errs.Invalid, "")
		want(t, s.PutSource(t.Context(), video.Grant{ID: unique(), Sender: bad}), errs.Invalid, "")
	}
	granted(t, s, g.Sender, g)
}

func anySourceIsKept(t *testing.T, s Store) {
	grants := Any[video.Grant]()
	rapid.Check(t, func(rt *rapid.T) {
		g := grants.Draw(rt, "grant")
		g.ID, g.Sender = unique(), unique()
		must(rt, s.PutSource(t.Context(), g))
		granted(rt, s, g.Sender, g)
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	want(t, s.PutSource(ctx, grant(unique(), "")), errs.Transient, "")
	want(t, s.DeleteSource(ctx, unique()), errs.Transient, "")
	_, err := s.Sources(ctx, unique())
	want(t, err, errs.Transient, "")
	_, err = s.AllSources(ctx)
	want(t, err, errs.Transient, "")
}
