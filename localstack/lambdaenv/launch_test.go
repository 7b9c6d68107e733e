package lambdaenv_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"sluice/localstack/lambdaenv"
)

// buildLauncher returns the launcher, built once.
func buildLauncher(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "launcher")
	cmd := exec.Command("go", "build", "-o", path, "sluice/localstack/launcher")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

func TestProbeAsRoot(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	launcher, state := buildLauncher(t), t.TempDir()
	f, err := lambdaenv.Probe(launcher, lambdaenv.Description{Mode: lambdaenv.ModeRoot, State: state})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range f.Conditions(512) {
		fmt.Println(c.Held, c.Name, c.Detail)
	}
	fmt.Printf("%+v\n", f)
	_ = errors.Join
}
