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

// The list of all steps, and of what can go wrong at each, is in testdata/points.txt: a port that is new is among them,
// and none is left out by chance.
func TestEveryStepCanFail(t *testing.T) {
	body := setup(t)
	files := [][]byte{body, []byte("no video at all")}
	points := map[string][]verdict{}
	for seed := range uint64(20) {
		w := run(t, shape{seed: seed, files: files, faults: 60, rate: 0.1, wild: true, poison: 5})
		for _, c := range w.calls {
			if len(c.can) > 0 {
				points[c.point] = c.can
			}
		}
	}
	var b strings.Builder
	for _, point := range slices.Sorted(maps.Keys(points)) {
		b.WriteString(point + "\n")
		for _, v := range points[point] {
			b.WriteString("\t" + string(v) + "\n")
		}
	}
	const name = "testdata/points.txt"
	if *update {
		if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("the steps have changed; look at each, and then -update:\n%s", diff)
	}
}
