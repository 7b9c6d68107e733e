package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestSplitVideosGivesLastTenantFactorTimesMore(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		videos, tenants, factor int
		want                    []int
	}{
		{52, 4, 10, []int{4, 4, 4, 40}},
		{104, 4, 10, []int{8, 8, 8, 80}},
		{40, 4, 10, []int{3, 3, 3, 31}},
		{8, 2, 3, []int{2, 6}},
		{5, 1, 1, []int{5}},
		{12, 4, 10, nil},
		{5, 0, 1, nil},
		{5, 2, 0, nil},
		{-1, 1, 1, nil},
	} {
		got, err := splitVideos(tt.videos, tt.tenants, tt.factor)
		if diff := cmp.Diff(tt.want, got); diff != "" || (err == nil) != (tt.want != nil) {
			t.Errorf("%+v: error %v\n%s", tt, err, diff)
		}
	}
}

// TestSplitVideosSumsToAllVideos checks the sum, that the last tenant sends at least factor times as many as each
// other, and that these send the same number.
func TestSplitVideosSumsToAllVideos(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tenants, factor := rapid.IntRange(1, 9).Draw(t, "tenants"), rapid.IntRange(1, 20).Draw(t, "factor")
		videos := rapid.IntRange(tenants-1+factor, 500).Draw(t, "videos")
		got, err := splitVideos(videos, tenants, factor)
		if err != nil {
			t.Fatal(err)
		}
		sum, last := 0, got[tenants-1]
		for _, n := range got {
			sum += n
			if n < 1 || n > last || last < factor*got[0] && tenants > 1 || n != got[0] && n != last {
				t.Fatalf("%v", got)
			}
		}
		if sum != videos {
			t.Fatalf("%v are %d of %d", got, sum, videos)
		}
	})
}

func TestPlannedVideosAreUniqueAndSeeded(t *testing.T) {
	t.Parallel()
	b := burstConfig{videos: 26, tenants: 4, factor: 10, seed: 3}
	names, all := b.planVideos("run")
	if diff := cmp.Diff([]string{"load-1", "load-2", "load-3", "load-big"}, names); diff != "" {
		t.Error(diff)
	}
	seen, clipsUsed := map[string]bool{}, map[string]bool{}
	for _, name := range names {
		for _, p := range all[name] {
			if seen[p.title] || !strings.HasPrefix(p.title, "run ") || p.tenant != name {
				t.Errorf("%+v", p)
			}
			seen[p.title], clipsUsed[p.clip.name] = true, true
		}
	}
	if len(seen) != 26 || len(clipsUsed) != len(clips) {
		t.Errorf("%d videos of %d clips", len(seen), len(clipsUsed))
	}
	_, same := b.planVideos("run")
	b.seed++
	_, other := b.planVideos("run")
	equal := func(a, b map[string][]plannedVideo) bool { return slices.Equal(a["load-big"], b["load-big"]) }
	if !equal(all, same) || equal(all, other) {
		t.Error("the seed does not decide")
	}
}

func TestCommandRejectsInvalidFlags(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"-videos", "12"}, 2, "too few"},
		{[]string{"-tenants", "0"}, 2, "1 or more"},
		{[]string{"more"}, 2, "is no flag"},
		{[]string{"-nonsense"}, 2, "nonsense"},
		{[]string{"-help"}, 0, "-factor"},
	} {
		var errs bytes.Buffer
		if got := runCommand(t.Context(), tt.args, nil, &errs); got != tt.status ||
			!strings.Contains(errs.String(), tt.says) {
			t.Errorf("%v: status %d, %q", tt.args, got, errs.String())
		}
	}
}
