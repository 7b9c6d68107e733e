// Package ffmpegtest finds the real ffmpeg for tests.
package ffmpegtest

import (
	"os"
	"path/filepath"
	"testing"

	"sluice/shared/domain/services"
	"sluice/shared/platform/ffmpeg"
)

// FindTools returns the folder of ffmpeg and ffprobe: $SLUICE_FFMPEG_DIR, or build/tools of the repository. It skips
// the test if neither has them.
func FindTools(t testing.TB) string {
	t.Helper()
	_ = os.Getenv(ffmpeg.LayersVariable) // for the go command, which would take results of the other set from its cache
	dir := os.Getenv(services.EnvFFmpegDir)
	if dir == "" {
		dir = BuildPath("tools")
	}
	path, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(path, "ffmpeg")); err != nil {
		t.Skipf("no ffmpeg in %s; `make tools` installs it", path)
	}
	return path
}

// BuildPath returns the path of a file below build in the repository, whether it exists or not.
func BuildPath(name string) string {
	dir, _ := os.Getwd()
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	return filepath.Join(dir, "build", name)
}
