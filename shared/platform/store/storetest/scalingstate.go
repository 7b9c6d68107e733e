package storetest

import (
	"testing"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/scaling"
	"sluice/shared/platform/require"
	"sluice/shared/platform/store"
)

// testStaleScalingStateIsRejected begins with the state that is in the store: there is only one row.
func testStaleScalingStateIsRejected(t *testing.T, s store.Store) {
	before, err := s.LoadScalingState(t.Context())
	require.NoError(t, err)
	is := scaling.State{
		Version: before.Version + 1, At: created, Budget: 30, ServiceTimes: map[string]float64{"encode": 7.25},
		Queues: []scaling.QueueState{{
			Ceiling: scaling.Ceiling{
				Name: "encode", Workers: 8, Wanted: 9, Reason: scaling.ReasonShort,
				History: scaling.DemandHistory{Since: created, RecentPeak: 9, Need: 10},
			},
			Reading: scaling.Reading{At: created, Visible: 40, InFlight: 3, ServiceTime: 7.25}, MappingID: "f1",
			AppliedAt: created,
		}},
	}
	require.NoError(t, s.SaveScalingState(t.Context(), is))
	for _, version := range []int{is.Version, is.Version + 2, 1} {
		stale := is
		stale.Version = version
		require.Error(t, s.SaveScalingState(t.Context(), stale), errs.Conflict, "")
	}
	require.Returns(t, is)(s.LoadScalingState(t.Context()))
	is.Version, is.Queues = is.Version+1, nil
	require.NoError(t, s.SaveScalingState(t.Context(), is))
}
