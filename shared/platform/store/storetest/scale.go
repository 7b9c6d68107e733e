package storetest

import (
	"testing"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/scaling"
)

// scalingIsSavedOnce begins with whatever state there is: there is one for all.
func scalingIsSavedOnce(t *testing.T, s Store) {
	before, err := s.Scaling(t.Context())
	must(t, err)
	is := scaling.State{Version: before.Version + 1, At: created, Budget: 30, Service: map[string]float64{"encode": 7.25}, Queues: []scaling.Share{{
		Ceiling: scaling.Ceiling{Name: "encode", Workers: 8, Wanted: 9, Reason: scaling.Short, Memory: scaling.Memory{Since: created, Recent: 9, Need: 10}},
		Reading: scaling.Reading{At: created, Visible: 40, InFlight: 3, Service: 7.25}, Feed: "f1", Set: created,
	}}}
	must(t, s.SaveScaling(t.Context(), is))
	for _, version := range []int{is.Version, is.Version + 2, 1} {
		stale := is
		stale.Version = version
		want(t, s.SaveScaling(t.Context(), stale), errs.Conflict, "")
	}
	got, err := s.Scaling(t.Context())
	must(t, err)
	same(t, got, is)
	is.Version, is.Queues = is.Version+1, nil
	must(t, s.SaveScaling(t.Context(), is))
}
