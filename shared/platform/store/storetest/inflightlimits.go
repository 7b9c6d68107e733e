package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/fairshare"
	"sluice/shared/domain/video"
	"sluice/shared/platform/require"
	"sluice/shared/platform/store"
)

func testInFlightLimitRoundTrips(t *testing.T, s store.Store) {
	tenant := uniqueID()
	require.Returns(t,
		fairshare.InFlightLimit{Tenant: tenant, Lane: video.Bulk})(s.LoadInFlightLimit(t.Context(), tenant, video.Bulk))
	want := fairshare.InFlightLimit{
		Tenant: tenant, Lane: video.Bulk, Version: 1, MoreWaiting: true, LastProgress: created,
		Allotments: []fairshare.Allotment{
			{
				QueuePosition: newQueuePosition(1), NextTask: 3, EndTask: 9, LeaseStart: created,
				InFlight: map[int]string{0: "a", 2: "b"},
			},
			{QueuePosition: newQueuePosition(2), NextTask: 0, EndTask: 1, LeaseStart: created},
		},
	}
	require.NoError(t, s.SaveInFlightLimit(t.Context(), want))
	requireInFlightLimit(t, s, want)
	want = fairshare.InFlightLimit{Tenant: tenant, Lane: video.Bulk, Version: 2}
	require.NoError(t, s.SaveInFlightLimit(t.Context(), want))
	requireInFlightLimit(t, s, want)
	require.Returns(
		t, fairshare.InFlightLimit{Tenant: tenant, Lane: video.Interactive},
	)(s.LoadInFlightLimit(t.Context(), tenant, video.Interactive))
}

func requireInFlightLimit(t require.TestingT, s store.Store, want fairshare.InFlightLimit) {
	t.Helper()
	require.Returns(t, want)(s.LoadInFlightLimit(t.Context(), want.Tenant, want.Lane))
}

// newQueuePosition returns the n-th position of a wait queue.
func newQueuePosition(n int) fairshare.QueuePosition {
	return fairshare.QueuePosition{
		Planned: created.Add(time.Duration(n) * time.Nanosecond), Video: fmt.Sprint("vid_", n),
	}
}

func testInFlightLimitChecksVersion(t *testing.T, s store.Store) {
	l := fairshare.InFlightLimit{Tenant: uniqueID(), Version: 2}
	require.Error(t, s.SaveInFlightLimit(t.Context(), l), errs.Conflict, "window_stale")
	l.Version = 1
	require.NoError(t, s.SaveInFlightLimit(t.Context(), l))
	require.Error(t, s.SaveInFlightLimit(t.Context(), l), errs.Conflict, "window_stale")
	l.Version, l.MoreWaiting = 2, true
	require.NoError(t, s.SaveInFlightLimit(t.Context(), l))
	require.Error(t, s.SaveInFlightLimit(t.Context(), fairshare.InFlightLimit{Tenant: l.Tenant, Version: 1}),
		errs.Conflict, "window_stale")
	requireInFlightLimit(t, s, l)
	require.Error(t, s.SaveInFlightLimit(t.Context(), fairshare.InFlightLimit{Tenant: "a#b", Version: 1}), errs.Invalid,
		"")
}

func testOneConcurrentLimitSaveWins(t *testing.T, s store.Store) {
	l := fairshare.InFlightLimit{Tenant: uniqueID(), Version: 1}
	won := 0
	for _, err := range require.RunConcurrently(8, func(int) error { return s.SaveInFlightLimit(t.Context(), l) }) {
		if err == nil {
			won++
		} else if k := errs.KindOf(err); k != errs.Conflict && k != errs.Transient {
			t.Errorf("lost with %v", err)
		}
	}
	require.Equal(t, won, 1)
}

func testWaitQueueIsInOrder(t *testing.T, s store.Store) {
	tenant, other := uniqueID(), uniqueID()
	for _, n := range []int{3, 1, 30, 2, 2, 200} {
		require.NoError(t, s.EnqueuePosition(t.Context(), tenant, video.Bulk, newQueuePosition(n)))
	}
	require.NoError(t, s.EnqueuePosition(t.Context(), other, video.Bulk, newQueuePosition(5)))
	require.NoError(t, s.EnqueuePosition(t.Context(), tenant, video.Interactive, newQueuePosition(4)))
	require.NoError(t,
		s.SaveInFlightLimit(t.Context(), fairshare.InFlightLimit{Tenant: tenant, Lane: video.Bulk, Version: 1}))
	requireQueuePositions(t, s, tenant, fairshare.QueuePosition{}, 9, 1, 2, 3, 30, 200)
	requireQueuePositions(t, s, tenant, fairshare.QueuePosition{}, 2, 1, 2)
	requireQueuePositions(t, s, tenant, newQueuePosition(2), 2, 3, 30)
	requireQueuePositions(t, s, tenant, newQueuePosition(29), 2, 30, 200)
	requireQueuePositions(t, s, tenant, newQueuePosition(200), 2)
	for range 2 {
		require.NoError(
			t,
			s.DequeuePositions(t.Context(), tenant, video.Bulk, newQueuePosition(1), newQueuePosition(30),
				newQueuePosition(77), newQueuePosition(1)),
		)
	}
	require.NoError(t, s.DequeuePositions(t.Context(), tenant, video.Bulk))
	requireQueuePositions(t, s, tenant, fairshare.QueuePosition{}, 9, 2, 3, 200)
	requireQueuePositions(t, s, other, fairshare.QueuePosition{}, 9, 5)
	requireQueuePositions(t, s, "a#b", fairshare.QueuePosition{}, 9)
	require.Returns(
		t, []fairshare.QueuePosition{newQueuePosition(4)},
	)(s.ListQueuePositions(t.Context(), tenant, video.Interactive, fairshare.QueuePosition{}, 9))
}

func requireQueuePositions(
	t require.TestingT, s store.Store, tenant string, after fairshare.QueuePosition, limit int, numbers ...int,
) {
	t.Helper()
	var want []fairshare.QueuePosition
	for _, n := range numbers {
		want = append(want, newQueuePosition(n))
	}
	require.Returns(t, want)(s.ListQueuePositions(t.Context(), tenant, video.Bulk, after, limit))
}

// testManyPositionsAreDequeued dequeues more positions than one call deletes.
func testManyPositionsAreDequeued(t *testing.T, s store.Store) {
	tenant := uniqueID()
	var all []fairshare.QueuePosition
	for n := range 60 {
		all = append(all, newQueuePosition(1000+n))
		require.NoError(t, s.EnqueuePosition(t.Context(), tenant, video.Bulk, all[n]))
	}
	require.NoError(t, s.DequeuePositions(t.Context(), tenant, video.Bulk, all[:58]...))
	requireQueuePositions(t, s, tenant, fairshare.QueuePosition{}, 9, 1058, 1059)
}

func testInvalidPositionsAreRejected(t *testing.T, s store.Store) {
	for _, bad := range []fairshare.QueuePosition{
		{}, {Planned: created}, {Video: "vid_1"}, {Planned: created, Video: "a#b"},
	} {
		require.Error(t, s.EnqueuePosition(t.Context(), uniqueID(), video.Bulk, bad), errs.Invalid, "")
		require.Error(t, s.DequeuePositions(t.Context(), uniqueID(), video.Bulk, bad), errs.Invalid, "")
	}
	require.Error(t, s.EnqueuePosition(t.Context(), "a#b", video.Bulk, newQueuePosition(1)), errs.Invalid, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Fails(t, errs.Transient, "")(s.LoadInFlightLimit(ctx, uniqueID(), video.Bulk))
	require.Fails(t, errs.Transient, "")(
		s.ListQueuePositions(ctx, uniqueID(), video.Bulk, fairshare.QueuePosition{}, 1),
	)
	for _, err := range []error{
		s.SaveInFlightLimit(ctx, fairshare.InFlightLimit{Tenant: uniqueID(), Version: 1}),
		s.EnqueuePosition(ctx, uniqueID(), video.Bulk, newQueuePosition(1)),
		s.DequeuePositions(ctx, uniqueID(), video.Bulk, newQueuePosition(1)),
	} {
		require.Error(t, err, errs.Transient, "")
	}
}

func testAnyInFlightLimitRoundTrips(t *testing.T, s store.Store) {
	limits := AnyValue[fairshare.InFlightLimit]()
	rapid.Check(t, func(rt *rapid.T) {
		l := limits.Draw(rt, "limit")
		l.Tenant, l.Lane, l.Version = uniqueID(), video.Interactive, 1
		require.NoError(rt, s.SaveInFlightLimit(rt.Context(), l))
		requireInFlightLimit(rt, s, l)
	})
}
