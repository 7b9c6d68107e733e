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

var update = flag.Bool("update", false, "write testdata/points.txt anew")

const (
	list     = "testdata/points.txt"
	maxSeeds = 100
)

// All steps, and what can go wrong at each, are listed in testdata/points.txt: no step is left out by chance, and one
// that is new is looked at.
func TestEveryStepCanFail(t *testing.T) {
	body := setup(t)
	want, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	met, seed := map[string][]verdict{}, uint64(0)
	for ; seed < maxSeeds && (*update || text(met) != string(want)); seed++ {
		w := run(t, shape{seed: seed, files: [][]byte{body, body, []byte("no video at all")}, faults: 60, rate: 0.1, wild: true, poison: 5, remove: true, mute: seed%4 == 3})
		for _, c := range w.calls {
			if len(c.can) > 0 {
				met[c.point] = c.can
			}
		}
	}
	t.Logf("%d steps, met after %d runs", len(met), seed)
	if *update {
		if err := os.WriteFile(list, []byte(text(met)), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(want), text(met)); diff != "" {
		t.Errorf("the steps have changed; look at each, and then -update:\n%s", diff)
	}
}

func text(points map[string][]verdict) string {
	var b strings.Builder
	for _, point := range slices.Sorted(maps.Keys(points)) {
		b.WriteString(point + "\n")
		for _, v := range points[point] {
			b.WriteString("\t" + string(v) + "\n")
		}
	}
	return b.String()
}
