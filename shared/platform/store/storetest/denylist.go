package storetest

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
	"sluice/shared/platform/require"
	"sluice/shared/platform/store"
)

// newDenyRule returns the rule of a new id.
func newDenyRule(status playback.Status, version int64) playback.DenyRule {
	return playback.DenyRule{Playback: "p" + uniqueID(), Status: status, Version: version, At: created}
}

func testDenyRulesAreApplied(t *testing.T, s store.Store) {
	r := newDenyRule(playback.Denied, 5)
	none := playback.DenyEntry{DenyRule: playback.DenyRule{Playback: r.Playback, Status: playback.Allowed}}
	require.Returns(t, none)(s.LoadDenyEntry(t.Context(), r.Playback))
	denied := playback.DenyEntry{DenyRule: r, Revision: 1, Step: playback.WriteStep, StepSince: created}
	for _, changed := range []bool{true, false} {
		require.Returns(t, changed)(s.ApplyDenyRule(t.Context(), r))
		require.Returns(t, denied)(s.LoadDenyEntry(t.Context(), r.Playback))
	}
	early, again := r, r
	early.Status, early.Version = playback.Allowed, 4
	again.Status, again.Version, again.At = playback.Allowed, 6, created.Add(time.Hour)
	require.Returns(t, false)(s.ApplyDenyRule(t.Context(), early))
	require.Returns(t, denied)(s.LoadDenyEntry(t.Context(), r.Playback))
	require.Returns(t, true)(s.ApplyDenyRule(t.Context(), again))
	require.Returns(t, playback.DenyEntry{
		DenyRule: again, Revision: 2, Step: playback.WriteStep, StepSince: again.At,
	})(s.LoadDenyEntry(t.Context(), r.Playback))
}

func testDenyEntryChecksRevision(t *testing.T, s store.Store) {
	e := playback.DenyEntry{DenyRule: newDenyRule(playback.Denied, 2), Revision: 1}
	require.NoError(t, s.SaveDenyEntry(t.Context(), e))
	for _, revision := range []int64{1, 3} {
		stale := e
		stale.Revision, stale.Status = revision, playback.Allowed
		require.Error(t, s.SaveDenyEntry(t.Context(), stale), errs.Conflict, "")
	}
	require.Returns(t, e)(s.LoadDenyEntry(t.Context(), e.Playback))
	e.Playback = "a#b"
	require.Error(t, s.SaveDenyEntry(t.Context(), e), errs.Invalid, "")
}

func testAnyDenyEntryRoundTrips(t *testing.T, s store.Store) {
	entries := AnyValue[playback.DenyEntry]()
	rapid.Check(t, func(rt *rapid.T) {
		e := entries.Draw(rt, "entry")
		e.Playback, e.Revision = "p"+uniqueID(), 1
		require.NoError(rt, s.SaveDenyEntry(t.Context(), e))
		require.Returns(rt, e)(s.LoadDenyEntry(t.Context(), e.Playback))
	})
}

func testDenyStepsAreListed(t *testing.T, s store.Store) {
	step := playback.DenyStep(uniqueID()) // so that no other test has it
	var want []string
	for n := range 3 {
		e := playback.DenyEntry{
			DenyRule: newDenyRule(playback.Removed, 2), Revision: 1, Step: step,
			StepSince: created.Add(-time.Duration(n) * time.Nanosecond),
		}
		require.NoError(t, s.SaveDenyEntry(t.Context(), e))
		want = append([]string{e.Playback}, want...)
	}
	require.Returns(t, want)(s.ListDenySteps(t.Context(), step, 10))
	require.Returns(t, want[:2])(s.ListDenySteps(t.Context(), step, 2))
	e, err := s.LoadDenyEntry(t.Context(), want[0])
	require.NoError(t, err)
	require.NoError(t, s.SaveDenyEntry(t.Context(), e.FinishInvalidation(created)))
	require.Returns(t, want[1:])(s.ListDenySteps(t.Context(), step, 10))
}
