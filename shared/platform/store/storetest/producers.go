package storetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/shared/domain/access"
	"sluice/shared/domain/errs"
	"sluice/shared/platform/require"
	"sluice/shared/platform/store"
)

// newProducer returns a new producer of a sender.
func newProducer(sender, prefix string) access.Producer {
	return access.Producer{
		ID: access.ProducerID(sender, "bucket", prefix), Sender: sender, Bucket: "bucket", Prefix: prefix,
		Tenant: uniqueID(), Created: created,
	}
}

// requireProducers fails unless s has exactly these producers of a sender, under the sender and in the list of all.
func requireProducers(t require.TestingT, s store.Store, sender string, want ...access.Producer) {
	t.Helper()
	require.Returns(t, want)(s.ListProducersBySender(t.Context(), sender))
	all, err := s.ListProducers(t.Context())
	require.NoError(t, err)
	require.Equal(t, slices.DeleteFunc(all, func(p access.Producer) bool { return p.Sender != sender }), want)
}

func testProducersRoundTrip(t *testing.T, s store.Store) {
	sender := uniqueID()
	first, second := newProducer(sender, "in/"), newProducer(sender, "")
	second.Created = created.Add(time.Nanosecond)
	require.NoError(t, s.CreateProducer(t.Context(), second))
	require.NoError(t, s.CreateProducer(t.Context(), first))
	requireProducers(t, s, sender, first, second)
	requireProducers(t, s, uniqueID())
}

func testProducerIsCreatedOnce(t *testing.T, s store.Store) {
	p := newProducer(uniqueID(), "in/")
	require.NoError(t, s.CreateProducer(t.Context(), p))
	other := p
	other.Tenant = uniqueID()
	require.Error(t, s.CreateProducer(t.Context(), other), errs.Conflict, "source_exists")
	requireProducers(t, s, p.Sender, p)
}

func testProducerIsDeleted(t *testing.T, s store.Store) {
	sender := uniqueID()
	gone, left := newProducer(sender, "in/"), newProducer(sender, "out/")
	require.NoError(t, s.CreateProducer(t.Context(), gone))
	require.NoError(t, s.CreateProducer(t.Context(), left))
	require.NoError(t, s.DeleteProducer(t.Context(), gone.ID))
	requireProducers(t, s, sender, left)
	require.Error(t, s.DeleteProducer(t.Context(), gone.ID), errs.NotFound, "source_not_found")
	require.NoError(t, s.CreateProducer(t.Context(), gone))
	require.NoError(t, s.DeleteProducer(t.Context(), left.ID))
	requireProducers(t, s, sender, gone)
}

// testSendersAreIsolated: no sender in a message reaches the producers of another sender, or all of them.
func testSendersAreIsolated(t *testing.T, s store.Store) {
	p := newProducer(uniqueID(), "in/")
	require.NoError(t, s.CreateProducer(t.Context(), p))
	for _, sender := range []string{"", "#", "#all", "all", p.Sender + "#", p.Sender[1:]} {
		require.Returns(t, []access.Producer{})(s.ListProducersBySender(t.Context(), sender))
		require.Error(t, s.DeleteProducer(t.Context(), sender), errs.NotFound, "source_not_found")
	}
	for _, bad := range []string{"", "a#b", "#all"} {
		require.Error(t, s.CreateProducer(t.Context(), access.Producer{ID: bad, Sender: uniqueID()}), errs.Invalid, "")
		require.Error(t, s.CreateProducer(t.Context(), access.Producer{ID: uniqueID(), Sender: bad}), errs.Invalid, "")
	}
	requireProducers(t, s, p.Sender, p)
}

func testAnyProducerRoundTrips(t *testing.T, s store.Store) {
	producers := AnyValue[access.Producer]()
	rapid.Check(t, func(rt *rapid.T) {
		p := producers.Draw(rt, "producer")
		p.ID, p.Sender = uniqueID(), uniqueID()
		require.NoError(rt, s.CreateProducer(t.Context(), p))
		requireProducers(rt, s, p.Sender, p)
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, s.CreateProducer(ctx, newProducer(uniqueID(), "")), errs.Transient, "")
	require.Error(t, s.DeleteProducer(ctx, uniqueID()), errs.Transient, "")
	require.Fails(t, errs.Transient, "")(s.ListProducersBySender(ctx, uniqueID()))
	require.Fails(t, errs.Transient, "")(s.ListProducers(ctx))
}
