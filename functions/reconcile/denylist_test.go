package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/functions/reconcile"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
	"sluice/shared/platform/cdn"
	"sluice/shared/platform/store"
)

// denyListEnv is a deny list with an updater and a CDN in memory.
type denyListEnv struct {
	reconcile.DenyListUpdater
	table store.Store
	cdn   *cdn.Memory
	now   time.Time
}

func newDenyListEnv() *denyListEnv {
	env := &denyListEnv{table: store.NewMemory(), cdn: &cdn.Memory{}, now: noon}
	env.DenyListUpdater = reconcile.DenyListUpdater{
		Entries: env.table, CDN: env.cdn, Now: func() time.Time { return env.now },
		Log: slog.New(slog.DiscardHandler),
	}
	return env
}

type testingT interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Context() context.Context
}

func (env *denyListEnv) applyRule(t testingT, id string, s playback.Status, version int64) {
	t.Helper()
	r := playback.DenyRule{Playback: id, Status: s, Version: version, At: env.now}
	if _, err := env.table.ApplyDenyRule(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func (env *denyListEnv) run(t testingT) {
	t.Helper()
	if err := env.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// deniedKeys returns the keys that the copy has when ids are denied.
func deniedKeys(ids ...string) map[string]string {
	keys := map[string]string{}
	for _, id := range ids {
		keys["denied."+id] = "1"
	}
	return keys
}

// requireCopy fails unless the CDN's copy has exactly these ids.
func (env *denyListEnv) requireCopy(t testingT, ids ...string) {
	t.Helper()
	if d := cmp.Diff(deniedKeys(ids...), env.cdn.Keys()); d != "" && len(ids)+len(env.cdn.Keys()) > 0 {
		t.Fatalf("the CDN's copy (-want +got):\n%s", d)
	}
}

func TestPromise05_CDNFollowsDenyList(t *testing.T) {
	t.Parallel()
	env := newDenyListEnv()
	env.run(t)
	env.applyRule(t, "pa", playback.Denied, 2)
	env.applyRule(t, "pb", playback.Removed, 2)
	env.run(t)
	env.requireCopy(t, "pa", "pb")
	env.applyRule(t, "pa", playback.Allowed, 3)
	env.run(t)
	env.requireCopy(t, "pb")
	env.run(t)
	if env.cdn.Updates != 2 {
		t.Errorf("%d updates", env.cdn.Updates)
	}
}

// A removed id stays in the copy until the CDN has forgotten its objects, and no longer.
func TestPromise05_RemovedIDIsDeniedUntilInvalidated(t *testing.T) {
	t.Parallel()
	env := newDenyListEnv()
	env.applyRule(t, "pa", playback.Denied, 2)
	env.applyRule(t, "pb", playback.Removed, 2)
	for minute := range 60 {
		if env.run(t); env.cdn.EndInvalidations() != nil {
			t.Fatalf("an invalidation after %d minutes", minute)
		}
		env.now = env.now.Add(time.Minute)
	}
	for range 5 { // CloudFront takes its time
		env.run(t)
		env.now = env.now.Add(time.Minute)
		env.requireCopy(t, "pa", "pb")
	}
	if got := env.cdn.EndInvalidations(); !cmp.Equal(got, [][]string{{"/v/pb/*", "/p/public/pb/*"}}) {
		t.Errorf("invalidations %q", got)
	}
	env.run(t)
	env.run(t)
	env.requireCopy(t, "pa")
	e, err := env.table.LoadDenyEntry(t.Context(), "pb")
	if err != nil || e.Status != playback.Removed || e.Step != "" || !e.Invalidated {
		t.Errorf("%+v, %v", e, err)
	}
	if env.now = env.now.Add(2 * time.Hour); env.Run(t.Context()) != nil || env.cdn.EndInvalidations() != nil {
		t.Error("it is invalidated again")
	}
}

func TestManyEntriesAreWrittenInFewUpdates(t *testing.T) {
	t.Parallel()
	env := newDenyListEnv()
	var ids []string
	for n := range 2*cdn.MaxKeys + 7 {
		ids = append(ids, fmt.Sprint("p", n))
		env.applyRule(t, ids[n], playback.Removed, 2)
	}
	env.run(t)
	env.requireCopy(t, ids...)
	if env.cdn.Updates != 3 {
		t.Errorf("%d updates", env.cdn.Updates)
	}
	env.now = env.now.Add(time.Hour)
	env.run(t)
	if got := env.cdn.EndInvalidations(); !cmp.Equal(got, [][]string{{"/*"}}) {
		t.Errorf("invalidations %q", got)
	}
	env.run(t)
	env.run(t)
	env.requireCopy(t)
}

func TestWithoutCDNEntriesWait(t *testing.T) {
	t.Parallel()
	env := newDenyListEnv()
	env.CDN = nil
	env.applyRule(t, "pa", playback.Denied, 2)
	env.run(t)
	env.CDN = env.cdn // it is added later
	env.run(t)
	env.requireCopy(t, "pa")
}

// A run for the deny list leaves the rest to the scheduled one.
func TestSignalOfDenyListStartsNothingElse(t *testing.T) {
	t.Parallel()
	env, deny, a := newDeadLetterEnv(), newDenyListEnv(), &fakeAutoscaler{}
	n := env.fillQueues(t, 1)
	env.Autoscaler, env.Reconciler.DenyList = a, deny.DenyListUpdater
	var changed reconcile.Signal
	changed.DenyListChanged = true
	deny.applyRule(t, "pa", playback.Denied, 2)
	if err := env.Run(t.Context(), changed); err != nil || len(a.signals)+len(env.readDeadLetters(t)) > 0 {
		t.Errorf("%v, %v, %d dead letters", err, a.signals, len(env.readDeadLetters(t)))
	}
	deny.requireCopy(t, "pa")
	deny.applyRule(t, "pb", playback.Denied, 2)
	if err := env.Run(t.Context(), reconcile.Signal{}); err != nil || len(env.readDeadLetters(t)) != n {
		t.Errorf("%v, %d dead letters", err, len(env.readDeadLetters(t)))
	}
	deny.requireCopy(t, "pa", "pb")
}

// faultyCDN is a CDN and a store of which a call may fail before or after it was made, or be interrupted by others.
type faultyCDN struct {
	*denyListEnv
	fault func() (before, after error)
	other func() // what happens between two calls
}

func (f faultyCDN) call(make func() error) error {
	f.other()
	before, after := f.fault()
	if before != nil {
		return before
	}
	return cmpOr(make(), after)
}

func cmpOr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func (f faultyCDN) LoadVersion(ctx context.Context) (v string, err error) {
	err = f.call(func() error { v, err = f.cdn.LoadVersion(ctx); return err })
	return v, err
}

func (f faultyCDN) UpdateDenyList(ctx context.Context, version string, deny, allow []string) error {
	return f.call(func() error { return f.cdn.UpdateDenyList(ctx, version, deny, allow) })
}

func (f faultyCDN) StartInvalidation(ctx context.Context, i playback.Invalidation) (id string, err error) {
	err = f.call(func() error { id, err = f.cdn.StartInvalidation(ctx, i); return err })
	return id, err
}

func (f faultyCDN) IsInvalidated(ctx context.Context, id string) (ended bool, err error) {
	err = f.call(func() error { ended, err = f.cdn.IsInvalidated(ctx, id); return err })
	return ended, err
}

func (f faultyCDN) ListDenySteps(ctx context.Context, s playback.DenyStep, limit int) ([]string, error) {
	return f.table.ListDenySteps(ctx, s, limit)
}

func (f faultyCDN) LoadDenyEntry(ctx context.Context, id string) (e playback.DenyEntry, err error) {
	err = f.call(func() error { e, err = f.table.LoadDenyEntry(ctx, id); return err })
	return e, err
}

func (f faultyCDN) SaveDenyEntry(ctx context.Context, e playback.DenyEntry) error {
	return f.call(func() error { return f.table.SaveDenyEntry(ctx, e) })
}

// Between any two calls of a run, the id may be allowed again and another run may write that.
func TestPromise02_RunDoesNotUndoLaterDecision(t *testing.T) {
	t.Parallel()
	for at := range 8 {
		env, calls := newDenyListEnv(), 0
		faulty := faultyCDN{env, func() (before, after error) { return nil, nil }, func() {
			if calls++; calls == at+1 {
				env.applyRule(t, "pa", playback.Allowed, 3)
				env.run(t)
			}
		}}
		run := env.DenyListUpdater
		run.CDN, run.Entries = faulty, faulty
		env.applyRule(t, "pa", playback.Denied, 2)
		if err := run.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if calls <= at {
			env.applyRule(t, "pa", playback.Allowed, 3)
			env.run(t)
		}
		env.requireCopy(t)
	}
}

// Whatever fails, and whoever else runs or decides between two calls, a run without a fault makes the copy what the
// entries are, and an id that is removed is never out of the copy before its objects are invalidated.
func TestPromise02_CDNFollowsDenyListWhateverFails(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		env, down := newDenyListEnv(), errs.E("test", errs.Transient, errors.New("down"))
		ids, versions := []string{"pa", "pb", "pc"}, map[string]int64{}
		wasCopied := map[string]bool{}
		decide := func() {
			id := rapid.SampledFrom(ids).Draw(rt, "id")
			status := rapid.SampledFrom([]playback.Status{
				playback.Allowed, playback.Denied, playback.Allowed, playback.Denied, playback.Allowed, playback.Denied,
				playback.Removed,
			}).Draw(rt, "status")
			versions[id]++
			env.applyRule(rt, id, status, versions[id])
		}
		faulty := faultyCDN{env, func() (before, after error) {
			switch rapid.IntRange(0, 9).Draw(rt, "fault") {
			case 0:
				return down, nil
			case 1:
				return nil, down
			}
			return nil, nil
		}, func() {
			for range rapid.IntRange(0, 2).Draw(rt, "others") {
				if rapid.Bool().Draw(rt, "decides") {
					decide()
				} else {
					_ = env.Run(rt.Context())
				}
			}
		}}
		broken := env.DenyListUpdater
		broken.CDN, broken.Entries = faulty, faulty
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			switch rapid.IntRange(0, 5).Draw(rt, "step") {
			case 0:
				env.now = env.now.Add(40 * time.Minute)
			case 1:
				env.cdn.EndInvalidations()
			case 2, 3, 4:
				_ = broken.Run(rt.Context())
			default:
				decide()
			}
			for _, id := range ids { // a removed id that was in the copy leaves it when it is invalidated
				_, copied := env.cdn.Keys()["denied."+id]
				e, err := env.table.LoadDenyEntry(rt.Context(), id)
				if err != nil {
					rt.Fatal(err)
				}
				if e.Status == playback.Removed && wasCopied[id] && !copied && !e.Invalidated {
					rt.Fatalf("%+v is not in the copy any more", e)
				}
				wasCopied[id] = copied && e.Status == playback.Removed
			}
		}
		env.run(rt)
		env.run(rt) // an invalidation that has ended needs another run
		var want []string
		for _, id := range ids {
			e, err := env.table.LoadDenyEntry(rt.Context(), id)
			if err != nil {
				rt.Fatal(err)
			}
			if e.IsListed() {
				want = append(want, id)
			}
		}
		slices.Sort(want)
		env.requireCopy(rt, want...)
	})
}
