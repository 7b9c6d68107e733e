package lambdaenv_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"sluice/localstack/lambdaenv"
)

// BenchmarkColdStart measures what the conditions add to the start and the end of a function that does nothing.
func BenchmarkColdStart(b *testing.B) {
	launcher, dir := buildLauncher(b), b.TempDir()
	code, err := exec.LookPath("true")
	must(b, err)
	from := filepath.Join(dir, "code")
	must(b, os.Mkdir(from, 0o755))
	text, err := os.ReadFile(code)
	must(b, err)
	must(b, os.WriteFile(filepath.Join(from, "bootstrap"), text, 0o755))
	b.Run("none", func(b *testing.B) {
		for b.Loop() {
			must(b, exec.Command(filepath.Join(from, "bootstrap")).Run())
		}
	})
	for _, mode := range []lambdaenv.Mode{
		lambdaenv.ModeRoot, lambdaenv.ModeUserNamespace, lambdaenv.ModeLandlock, lambdaenv.ModeFilter,
	} {
		b.Run(string(mode), func(b *testing.B) {
			if (os.Getuid() == 0) != (mode == lambdaenv.ModeRoot) {
				b.Skip("needs another user")
			}
			d := lambdaenv.Description{
				Mode: mode, Memory: 256, Tmp: 10240, State: filepath.Join(dir, "state"), Home: "/root",
			}
			b.Cleanup(func() { must(b, lambdaenv.Clean(d.State)) })
			must(b, lambdaenv.Prepare(mode, d.State, d.Tmp))
			must(b, lambdaenv.Pack(filepath.Join(dir, string(mode)), from, launcher, d))
			for b.Loop() {
				must(b, exec.Command(filepath.Join(dir, string(mode), "bootstrap")).Run())
			}
		})
	}
}
