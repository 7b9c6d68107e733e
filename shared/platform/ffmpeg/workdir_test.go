package ffmpeg_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"sluice/shared/platform/ffmpeg"
)

func TestPromise06_WorkDirIsPrivateAndRemoved(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	a := newTestWorkDir(t, parent)
	if err := os.MkdirAll(filepath.Join(a.Path, "deep", "er"), 0o700); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(a.Path)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v (%v)", info.Mode(), err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(a.Path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
}

func TestNewWorkDirRemovesAbandonedDirs(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	live := newTestWorkDir(t, parent)
	left, theirs := filepath.Join(parent, "sluice-job-1"), filepath.Join(parent, "theirs")
	for _, dir := range []string{left, theirs} {
		if err := os.MkdirAll(filepath.Join(dir, "canary"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	newTestWorkDir(t, parent)
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the abandoned folder: %v", err)
	}
	for _, dir := range []string{live.Path, theirs} {
		if _, err := os.Stat(dir); err != nil {
			t.Error(err)
		}
	}
}

func TestWorkDirsCreatedConcurrently(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			j := newTestWorkDir(t, parent)
			if err := os.WriteFile(filepath.Join(j.Path, "x"), nil, 0o600); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func newTestWorkDir(t *testing.T, parent string) *ffmpeg.WorkDir {
	t.Helper()
	j, err := ffmpeg.NewWorkDir(parent)
	if err != nil {
		t.Error(err)
		return &ffmpeg.WorkDir{}
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}
