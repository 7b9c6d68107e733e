package playback_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/shared/domain/playback"
	"sluice/shared/domain/video"
)

var denyNoon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// drawRules returns rules of an id in the order in which they were decided, as the versions of a video's row count.
func drawRules(t *rapid.T) (rules []playback.DenyRule) {
	statuses := rapid.SliceOfN(rapid.SampledFrom([]playback.Status{playback.Allowed, playback.Denied}), 1, 6)
	for i, s := range statuses.Draw(t, "statuses") {
		rules = append(rules, playback.DenyRule{
			Playback: "p1", Status: s, Version: int64(i + 2), At: denyNoon.Add(time.Duration(i) * time.Second),
		})
	}
	if rapid.Bool().Draw(t, "removed") {
		last := rules[len(rules)-1]
		last.Status, last.Version = playback.Removed, last.Version+1
		rules = append(rules, last)
	}
	return rules
}

// However rules are repeated, delayed and reordered, the entry ends as the last decision says.
func TestPromise02_DenyEntryFollowsTheLatestRule(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules := drawRules(t)
		order := append(rapid.SliceOf(rapid.SampledFrom(rules)).Draw(t, "late and repeated"), rules...)
		e, changes := playback.DenyEntry{DenyRule: playback.DenyRule{Status: playback.Allowed}}, int64(0)
		for _, r := range rapid.Permutation(order).Draw(t, "order") {
			after, changed := e.Apply(r)
			if !changed && after != e || changed && after.Revision != e.Revision+1 {
				t.Fatalf("%+v after %+v: %+v, changed %t", e, r, after, changed)
			}
			if again, changed := after.Apply(r); changed || again != after {
				t.Fatalf("%+v changes %+v again", r, after)
			}
			if changed && after.Status != e.Status {
				changes++
			}
			e = after
		}
		if last := rules[len(rules)-1]; e.Status != last.Status || e.Version != last.Version {
			t.Fatalf("%+v, want %+v", e, last)
		}
		if (changes > 0) != (e.Step == playback.WriteStep) {
			t.Fatalf("%d changes of the status, and the next step is %q", changes, e.Step)
		}
	})
}

func TestDenyRuleOfVideo(t *testing.T) {
	t.Parallel()
	for state, want := range map[video.State]playback.Status{
		video.Waiting: "", video.Uploaded: "", video.Processing: "", video.Playable: "", video.Ready: "",
		video.Failed: "", video.Cancelled: "", video.Deleting: playback.Denied, video.Deleted: playback.Removed,
	} {
		v := video.Video{Playback: "p1", State: state, Version: 7, Times: video.Times{Deleted: denyNoon}}
		r, ok := playback.DecideDenyRule(v)
		if r.Status != want || ok != (want != "") ||
			ok && r != (playback.DenyRule{Playback: "p1", Status: want, Version: 7, At: denyNoon}) {
			t.Errorf("%s: %+v, %t", state, r, ok)
		}
	}
}

// A rule has the version of the decision, and not that of the row, which later events change.
func TestDenyRuleOfPublication(t *testing.T) {
	t.Parallel()
	for unpublished, want := range map[bool]playback.Status{true: playback.Denied, false: playback.Allowed} {
		v := video.Video{
			Playback: "p1", State: video.Ready, Version: 9,
			Publication: video.Publication{Unpublished: unpublished, At: denyNoon, Version: 7},
		}
		r, ok := playback.DecideDenyRule(v)
		if !ok || r != (playback.DenyRule{Playback: "p1", Status: want, Version: 7, At: denyNoon}) {
			t.Errorf("unpublished %t: %+v, %t", unpublished, r, ok)
		}
		v.State, v.Times.Deleted = video.Deleting, denyNoon
		if r, _ := playback.DecideDenyRule(v); r.Status != playback.Denied || r.Version != v.Version {
			t.Errorf("deleted after that: %+v", r)
		}
	}
}

func TestDeniedEntryNeverExpires(t *testing.T) {
	t.Parallel()
	for s, want := range map[playback.Status]time.Time{
		playback.Denied: {}, playback.Allowed: denyNoon.AddDate(0, 0, 90), playback.Removed: denyNoon.AddDate(0, 0, 90),
	} {
		e := playback.DenyEntry{DenyRule: playback.DenyRule{Status: s, At: denyNoon}}
		if got := e.ExpiresAt(); !got.Equal(want) {
			t.Errorf("%s: expires at %v, want %v", s, got, want)
		}
	}
}
