//go:build integration

package e2e

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/tests/clouds"
)

// TestBurstOfTwoTenantsCompletes runs `make load` with a small burst. It is not parallel, because dead letters and
// queue depths of other tests would count.
func TestBurstOfTwoTenantsCompletes(t *testing.T) {
	clouds.SkipOnSecondCloud(t)
	d := openDeployment(t)
	d.waitUntilIdle(t)
	dir := t.TempDir()
	load := exec.CommandContext(
		t.Context(), "go", "run", "./tests/load", "-videos", "6", "-tenants", "2", "-factor", "5", "-timeout",
		waitLimit.String(), "-json", filepath.Join(dir, "load.json"), "-svg", filepath.Join(dir, "load.svg"),
	)
	load.Dir = d.root
	output, err := load.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	var got struct {
		Videos, Ready, Failed, Lost, Duplicated, Broken int

		Heard   bool
		Tenants []struct{ Sent, Ready int }
		Queues  []struct{ Queue string }
	}
	if err := json.Unmarshal(readFile(t, filepath.Join(dir, "load.json")), &got); err != nil {
		t.Fatal(err)
	}
	if got.Videos != 6 || got.Ready != 6 || !got.Heard || len(got.Queues) == 0 {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff([]struct{ Sent, Ready int }{{1, 1}, {5, 5}}, got.Tenants); diff != "" {
		t.Errorf("tenants (-want +got):\n%s", diff)
	}
	readFile(t, filepath.Join(dir, "load.svg"))
}
