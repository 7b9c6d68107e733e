package fairshare_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/fairshare"
	"sluice/shared/domain/video"
)

// parseRefs returns the videos of a text like "a1 b1".
func parseRefs(text string) (all []video.Ref) {
	for _, name := range strings.Fields(text) {
		all = append(all, video.Ref{Tenant: name[:1], ID: name[1:]})
	}
	return all
}

func TestTenantsTakeTurns(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, all string
		limit     int
		want      string
	}{
		{"none", "", 5, ""},
		{"one tenant", "a1 a2 a3", 2, "a1 a2"},
		{"a tenant with many comes first", "a1 a2 a3 a4 b1 c1 b2", 5, "a1 b1 c1 a2 b2"},
		{"all", "a1 a2 a3 b1", 9, "a1 b1 a2 a3"},
		{"more tenants than the limit", "a1 b1 c1", 2, "a1 b1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(parseRefs(tt.want), fairshare.TakeTurns(parseRefs(tt.all), tt.limit)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// No tenant has two more than another that has videos left.
func TestTurnsAreFair(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		all := rapid.SliceOf(rapid.Custom(func(rt *rapid.T) video.Ref {
			return video.Ref{Tenant: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "tenant"), ID: "v"}
		})).Draw(rt, "videos")
		limit := rapid.IntRange(0, 20).Draw(rt, "limit")
		taken := fairshare.TakeTurns(all, limit)
		if len(taken) != min(limit, len(all)) {
			rt.Fatalf("%d of %d taken, the limit is %d", len(taken), len(all), limit)
		}
		had, got := countByTenant(all), countByTenant(taken)
		for a := range had {
			for b := range had {
				if got[b] < had[b] && got[a] > got[b]+1 {
					rt.Fatalf("%s has %d turns, %s has %d of %d", a, got[a], b, got[b], had[b])
				}
			}
		}
	})
}

func countByTenant(all []video.Ref) map[string]int {
	n := map[string]int{}
	for _, ref := range all {
		n[ref.Tenant]++
	}
	return n
}
