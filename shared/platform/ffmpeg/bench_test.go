package ffmpeg_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"sluice/shared/platform/ffmpeg"
)

// The difference between the two is the cost of the launcher.
func BenchmarkSandboxedStart(b *testing.B) {
	tools, dir := findRealTools(b), newJobDir(b, nil)
	b.Run("sandboxed", func(b *testing.B) {
		for b.Loop() {
			if err := tools.Run(
				b.Context(), ffmpeg.Command{Dir: dir, File: "in", Container: "mov", Output: []string{"-version"}},
			); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			if err := exec.Command(filepath.Join(tools.Dir, "ffmpeg"), "-version").Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkProcessStart measures a start of this program with its choice of the sandbox; in the lambda set it includes
// the copy of the program.
func BenchmarkProcessStart(b *testing.B) {
	for b.Loop() {
		cmd := exec.Command(ffmpeg.OriginalPath())
		cmd.Args = []string{"reporter"}
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	}
}
