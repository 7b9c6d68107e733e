package chaos

import (
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var updatePoints = flag.Bool("update", false, "write testdata/points.txt anew")

const (
	pointsFile = "testdata/points.txt"
	maxSeeds   = 100
)

// TestEveryFaultPointIsListed compares the calls and their possible faults with testdata/points.txt. So no call is
// excluded by mistake, and a new one is reviewed.
func TestEveryFaultPointIsListed(t *testing.T) {
	body := setUpShortVideo(t)
	want, err := os.ReadFile(pointsFile)
	if err != nil {
		t.Fatal(err)
	}
	met, seed := map[string][]callOutcome{}, uint64(0)
	for ; seed < maxSeeds && (*updatePoints || formatPoints(met) != string(want)); seed++ {
		sim := runScenario(
			t,
			scenario{
				seed: seed, files: [][]byte{body, body, []byte("no video at all")}, maxFaults: 60, faultRate: 0.1,
				unordered: true, poisonMessages: 5, deletesFirst: true, noS3Events: seed%4 == 3,
			},
		)
		for _, c := range sim.calls {
			if len(c.outcomes) > 0 {
				met[c.point] = c.outcomes
			}
		}
	}
	t.Logf("%d fault points, found in %d runs", len(met), seed)
	if *updatePoints {
		if err := os.WriteFile(pointsFile, []byte(formatPoints(met)), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(want), formatPoints(met)); diff != "" {
		t.Errorf("the fault points have changed; review the difference, then run with -update:\n%s", diff)
	}
}

func formatPoints(points map[string][]callOutcome) string {
	var b strings.Builder
	for _, point := range slices.Sorted(maps.Keys(points)) {
		b.WriteString(point + "\n")
		for _, o := range points[point] {
			b.WriteString("\t" + string(o) + "\n")
		}
	}
	return b.String()
}
